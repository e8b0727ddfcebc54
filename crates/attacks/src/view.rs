//! What the adversary sees in place of a head's weights.

use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::AttackError;

/// A release that hides the weights: as many numbers in their place, laid out alike, so that
/// attacks on weights run unchanged.
pub trait View: std::fmt::Debug + Send + Sync {
    /// Puts what is seen of a head in the place of its `weights`.
    fn see(&self, weights: &mut [f32], rng: &mut ChaCha8Rng) -> Result<(), AttackError>;
}

/// Puts what is seen in the place of every head of `batch`; head i draws from stream
/// `start + i` under `key`.
pub(crate) fn see_all(
    view: &dyn View,
    batch: &mut ShadowBatch,
    key: datasets::StreamKey,
    start: u64,
) -> Result<(), AttackError> {
    let len = batch.weights.len() / batch.heads.max(1);
    batch
        .weights
        .par_chunks_mut(len.max(1))
        .enumerate()
        .try_for_each(|(i, weights)| view.see(weights, &mut key.rng(start + i as u64)))
}
