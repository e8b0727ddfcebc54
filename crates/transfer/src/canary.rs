//! An audit of DP-SGD itself: heads trained with and without a record that shows as much as the
//! clipping norm allows.
//!
//! The adversary of differential privacy knows every other record, chooses the one in question and
//! the initial weights, and sees the final weights alone. For a linear head of two classes its best
//! record can be written down. The gradient of an example f̃ = (f, 1) of class 0 is
//! (p_1, −p_1) ⊗ f̃ up to its sign, so that its direction u = (1, −1)/√2 ⊗ f̃/|f̃| never changes.
//!
//! - f̃ is orthogonal to all other examples, biases included: their last coordinate is −1/a where
//!   the canary's is a. Then no other gradient moves the weights along u, and the canary moves no
//!   other example's logits.
//! - The initial weights are −M·u with M so large that the canary is on the wrong side, by far, in
//!   every step: p_1 = 1, its gradient's norm √2|f̃| is above the clipping norm C, and what a batch
//!   that holds it adds along u is ηC/b exactly (b: the divisor of the sums, ⌊qN⌋).
//!
//! So (b/ηC)·⟨W_T − W_0, u⟩ = B + σ√T·z with B ~ Binomial(T, q), z ~ N(0, 1), where the canary is
//! in the training set, and σ√T·z where it is not; across u both laws are the same. The audit rests
//! on none of this: heads are made by [`Trainer`], with all their records, and counted. (Annamalai
//! and De Cristofaro 2024, arXiv:2405.14106, audit final models with crafted initial weights.)
//!
//! b is public and is divided out, so that sets of N and of N − 1 records are compared by their
//! sums, which is what the accountant speaks of.

use datasets::{FeatureSet, StreamKey};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::shape::setting;
use crate::{DpSgd, HeadShape, Recipe, Trainer, TransferError};

/// Coordinates that the other records have to themselves, at most.
const WIDEST: usize = 16;

/// |f| of the canary in clipping norms, and at least.
const LENGTH: f32 = 100.0;

/// Noise of more standard deviations than this is not met with.
const RARE: f64 = 12.0;

/// The logits' distance at which the softmax is 1 to the last digit, with room to spare.
const WRONG: f64 = 100.0;

/// Heads that a thread makes at least before it takes others.
const HEADS_A_TASK: usize = 64;

/// A canary, the records beside it, and the head's trainer.
#[derive(Clone, Debug)]
pub struct Canary {
    /// N records, the canary last.
    features: FeatureSet,
    trainer: Trainer,
    dp: DpSgd,
    /// W_0 = −M·u.
    initial: Vec<f32>,
    /// u.
    direction: Vec<f64>,
    key: StreamKey,
}

impl Canary {
    /// A training set of N = `records` with the canary among them, for `steps` steps of DP-SGD.
    ///
    /// # Errors
    /// For settings of `dp` that are impossible, no step, or so few records that the set without
    /// the canary has an expected batch below one.
    pub fn new(
        records: usize,
        steps: usize,
        dp: DpSgd,
        key: StreamKey,
    ) -> Result<Self, TransferError> {
        if records < 2 {
            return Err(setting(
                "records",
                records,
                "at least 2: the canary and another",
            ));
        }
        dp.check()?;
        dp.check_examples(records - 1)?;
        let width = WIDEST.min(records);
        let shape = HeadShape::linear(width + 1, 2);
        let length = LENGTH * dp.clip.max(1.0);
        let features = others_and_canary(records, width, length, key.child("others"))?;

        // f̃ is 0 but for (a, 1).
        let norm = f64::from(length).hypot(1.0);
        let mut direction = vec![0.0; shape.weight_len()];
        for (row, sign) in direction.chunks_exact_mut(width + 2).zip([1.0, -1.0]) {
            let unit = sign / (2f64.sqrt() * norm);
            row[width] = unit * f64::from(length);
            row[width + 1] = unit;
        }
        // How far the weights may be moved along u, by the canary and by all noise.
        let sums = steps as f64 + RARE * f64::from(dp.noise_multiplier) * (steps as f64).sqrt();
        let unit = f64::from(dp.clip) / dp.sampling.divisor(records - 1) as f64;
        let offset = unit * sums + WRONG / norm;
        let initial = direction.iter().map(|u| (-offset * u) as f32).collect();
        // Every rate gives the same scores: only the ratio to the noise counts.
        let recipe = Recipe {
            learning_rate: 1.0,
            weight_decay: 0.0,
            steps,
            ..Recipe::mnist(1)
        };
        Ok(Self {
            features,
            trainer: Trainer::new(shape, recipe.with_dp(dp))?,
            dp,
            initial,
            direction,
            key,
        })
    }

    /// Scores of the final weights of `heads` independent heads, trained with the canary or
    /// without: (b/ηC)·⟨W_T − W_0, u⟩. Large ones speak for it. Head i depends on the key and i
    /// alone.
    ///
    /// # Errors
    /// Where training leaves the finite numbers.
    pub fn scores(&self, with_canary: bool, heads: usize) -> Result<Vec<f64>, TransferError> {
        let records = self.features.len() - usize::from(!with_canary);
        let members: Vec<u32> = (0..records as u32).collect();
        let key = self.key.child(if with_canary { "with" } else { "without" });
        let unit = f64::from(self.dp.clip) / self.dp.sampling.divisor(records) as f64;
        (0..heads)
            .into_par_iter()
            .with_min_len(HEADS_A_TASK)
            .map_init(
                || (self.trainer.clone(), vec![0.0; self.initial.len()]),
                |(trainer, weights), number| {
                    let mut rng = key.rng(number as u64);
                    trainer.train_from(
                        &self.features,
                        &members,
                        &self.initial,
                        &mut rng,
                        weights,
                    )?;
                    let moved: f64 = weights
                        .iter()
                        .zip(&self.initial)
                        .zip(&self.direction)
                        .map(|((w, w0), u)| (f64::from(*w) - f64::from(*w0)) * u)
                        .sum();
                    Ok(moved / unit)
                },
            )
            .collect()
    }
}

/// Records of both classes in turn, orthogonal to the canary, and the canary, of class 0.
fn others_and_canary(
    records: usize,
    width: usize,
    length: f32,
    key: StreamKey,
) -> Result<FeatureSet, TransferError> {
    let mut rng = key.rng(0);
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for record in 0..records - 1 {
        values.extend((0..width).map(|_| {
            let value: f32 = StandardNormal.sample(&mut rng);
            value
        }));
        values.push(-1.0 / length);
        labels.push((record % 2) as u32);
    }
    values.extend(std::iter::repeat_n(0.0, width));
    values.push(length);
    labels.push(0);
    FeatureSet::new(width + 1, values, labels, 2).map_err(TransferError::from)
}
