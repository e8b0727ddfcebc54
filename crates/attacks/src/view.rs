//! What the adversary sees in place of a head's weights.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::AttackError;

/// A release that hides the weights: as many numbers in their place, laid out alike, so that
/// attacks on weights run unchanged; and what else is seen of a head, which attacks take as further
/// inputs.
pub trait View: std::fmt::Debug + Send + Sync {
    /// Numbers that are seen of a head beside those in the place of its weights: equally many for
    /// each logit, one logit's after the other's.
    fn beside(&self) -> usize {
        0
    }

    /// Puts what is seen of a head in the place of its `weights`, and the rest in `beside`.
    fn see(
        &self,
        weights: &mut [f32],
        beside: &mut [f32],
        rng: &mut ChaCha8Rng,
    ) -> Result<(), AttackError>;
}

/// Puts what is seen in the place of every head of `batch`, what is seen beside it behind; head i
/// draws from stream `start + i` under `key`.
pub(crate) fn see_all(
    view: &dyn View,
    batch: &mut ShadowBatch,
    key: datasets::StreamKey,
    start: u64,
) -> Result<(), AttackError> {
    let len = batch.weights.len() / batch.heads.max(1);
    let seen = len + view.beside();
    let mut all = vec![0.0; batch.heads * seen];
    all.par_chunks_mut(seen.max(1))
        .zip(batch.weights.par_chunks(len.max(1)))
        .enumerate()
        .try_for_each(|(i, (all, weights))| {
            let (own, beside) = all.split_at_mut(len);
            own.copy_from_slice(weights);
            view.see(own, beside, &mut key.rng(start + i as u64))
        })?;
    batch.weights = all;
    Ok(())
}

/// What is seen of one head whose weights these are, alone.
pub(crate) fn see_one(
    view: &dyn View,
    weights: &mut Vec<f32>,
    rng: &mut ChaCha8Rng,
) -> Result<(), AttackError> {
    let len = weights.len();
    weights.resize(len + view.beside(), 0.0);
    let (own, beside) = weights.split_at_mut(len);
    view.see(own, beside, rng)
}
