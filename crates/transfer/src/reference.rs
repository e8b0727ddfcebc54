//! Plain training, step by step and example by example, in double precision: the definition that
//! the fast paths are tested against. Slow; not for use where speed matters.

use datasets::FeatureSet;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::shape::setting;
use crate::trainer::check_members;
use crate::{HeadKind, HeadShape, Optimiser, Recipe, Sampling, TransferError};

/// What a run of DP-SGD draws: injectable, so that two implementations can be given the same noise.
pub(crate) trait Randomness {
    /// Which of `n` examples are in the batch of `step`.
    fn batch(&mut self, step: usize, n: usize) -> Vec<bool>;
    /// Standard normal noise of `step`, one value a weight.
    fn noise(&mut self, step: usize, out: &mut [f64]);
}

/// Draws from a ChaCha stream.
struct Fresh<'a> {
    sampling: Sampling,
    /// Examples a step, where there are batches.
    size: Option<usize>,
    /// Examples of this pass that are left.
    left: Vec<usize>,
    rng: &'a mut ChaCha8Rng,
}

impl Randomness for Fresh<'_> {
    fn batch(&mut self, _step: usize, n: usize) -> Vec<bool> {
        let Some(size) = self.size else {
            let mut drawn = || match self.sampling {
                Sampling::Full => true,
                Sampling::Poisson(rate) => self.rng.random_bool(rate),
            };
            return (0..n).map(|_| drawn()).collect();
        };
        if self.left.is_empty() {
            self.left = (0..n).collect();
            self.left.shuffle(self.rng);
        }
        let rest = self.left.split_off(size.min(self.left.len()));
        let batch = std::mem::replace(&mut self.left, rest);
        (0..n).map(|example| batch.contains(&example)).collect()
    }

    fn noise(&mut self, _step: usize, out: &mut [f64]) {
        for value in out {
            *value = StandardNormal.sample(self.rng);
        }
    }
}

/// Trains a head from the weights `initial` by the textbook: every step forms every example's
/// gradient over all weights, and noise over all weights where the recipe has DP-SGD.
///
/// Returns the final weights. Batches and noise come from `rng`.
pub fn train_plainly(
    shape: HeadShape,
    recipe: Recipe,
    features: &FeatureSet,
    members: &[u32],
    initial: &[f32],
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f32>, TransferError> {
    shape.check()?;
    recipe.check(&shape)?;
    if recipe.optimiser == Optimiser::LogisticRegression {
        return Err(setting(
            "optimiser",
            "logistic_regression",
            "one that takes steps",
        ));
    }
    check_members(&shape, &recipe, features, members)?;
    if initial.len() != shape.weight_len() {
        return Err(TransferError::Length {
            what: "initial weights",
            expected: shape.weight_len(),
            found: initial.len(),
        });
    }
    let sampling = recipe.dp.map_or(Sampling::Full, |dp| dp.sampling);
    let mut draws = Fresh {
        sampling,
        size: recipe.batch,
        left: Vec::new(),
        rng,
    };
    let trained = run(&shape, &recipe, features, members, initial, &mut draws);
    Ok(trained.iter().map(|&weight| weight as f32).collect())
}

/// [`train_plainly`] with the draws given.
pub(crate) fn run(
    shape: &HeadShape,
    recipe: &Recipe,
    features: &FeatureSet,
    members: &[u32],
    initial: &[f32],
    draws: &mut impl Randomness,
) -> Vec<f64> {
    let mut weights: Vec<f64> = initial.iter().map(|&weight| weight.into()).collect();
    let len = weights.len();
    let (mut sum, mut example, mut noise) = (vec![0.0; len], vec![0.0; len], vec![0.0; len]);
    let (mut first, mut second) = (vec![0.0; len], vec![0.0; len]);
    let decay = f64::from(recipe.weight_decay);
    let n = members.len();
    let batches = recipe.batch.map_or(1, |size| n.div_ceil(size));
    for step in 0..recipe.steps * batches {
        let share = recipe.schedule.share(step / batches, recipe.steps);
        let rate = f64::from(recipe.learning_rate) * share;
        sum.fill(0.0);
        let batch = draws.batch(step, n);
        for (&member, _) in members.iter().zip(&batch).filter(|(_, inside)| **inside) {
            let label = features.labels()[member as usize] as usize;
            gradient(
                shape,
                recipe,
                &weights,
                features.row(member as usize),
                label,
                &mut example,
            );
            let norm = example.iter().map(|g| g * g).sum::<f64>().sqrt();
            let scale = recipe
                .dp
                .map_or(1.0, |dp| (dp.clip as f64 / (norm + 1e-6)).min(1.0));
            for (sum, gradient) in sum.iter_mut().zip(&example) {
                *sum += scale * gradient;
            }
        }
        let mut divisor = batch.iter().filter(|inside| **inside).count();
        if let Some(dp) = recipe.dp {
            divisor = dp.sampling.divisor(members.len());
            draws.noise(step, &mut noise);
            let sigma = dp.noise_multiplier as f64 * dp.clip as f64;
            for (sum, noise) in sum.iter_mut().zip(&noise) {
                *sum += sigma * noise;
            }
        }
        for i in 0..len {
            let mut gradient = sum[i] / divisor as f64;
            if recipe.optimiser == Optimiser::Adamw {
                weights[i] *= 1.0 - rate * decay;
            } else {
                gradient += decay * weights[i];
            }
            weights[i] -= match recipe.optimiser {
                // Logistic regression is refused above.
                Optimiser::Sgd | Optimiser::LogisticRegression => {
                    first[i] = f64::from(recipe.momentum) * first[i] + gradient;
                    rate * first[i]
                }
                Optimiser::Adam | Optimiser::Adamw => {
                    first[i] = 0.9 * first[i] + 0.1 * gradient;
                    second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
                    let mean = first[i] / (1.0 - 0.9f64.powi(step as i32 + 1));
                    let spread = second[i] / (1.0 - 0.999f64.powi(step as i32 + 1));
                    rate * mean / (spread.sqrt() + 1e-8)
                }
            };
        }
    }
    weights
}

/// Writes one example's gradient of the loss over all weights into `out`.
fn gradient(
    shape: &HeadShape,
    recipe: &Recipe,
    weights: &[f64],
    features: &[f32],
    label: usize,
    out: &mut [f64],
) {
    let inputs: Vec<f64> = features.iter().map(|&f| f as f64).chain([1.0]).collect();
    let (first, second) = weights.split_at(shape.first_len());
    let (first_out, second_out) = out.split_at_mut(shape.first_len());
    match shape.kind {
        HeadKind::Linear => {
            let logits = layer(first, &inputs);
            outer(&residual(recipe, &logits, label, false), &inputs, first_out);
        }
        HeadKind::Adapter { .. } => {
            let units = shape.units();
            let (before, inputs) = inputs[..2 * units].split_at(units);
            let (down, up) = second.split_at(second.len() / 2);
            let (down_out, up_out) = second_out.split_at_mut(second.len() / 2);
            let low = layer(down, inputs);
            let added = layer(up, &low);
            let before: Vec<f64> = before
                .iter()
                .zip(&added)
                .map(|(u, more)| u + more)
                .collect();
            let values: Vec<f64> = before.iter().map(|x| x.max(0.0)).chain([1.0]).collect();
            let residual = residual(recipe, &layer(first, &values), label, false);
            outer(&residual, &values, first_out);
            let rows = || first.chunks_exact(units + 1).zip(&residual);
            let back: Vec<f64> = (0..units)
                .map(|unit| {
                    let through: f64 = rows().map(|(row, r)| r * row[unit]).sum();
                    f64::from(before[unit] > 0.0) * through
                })
                .collect();
            outer(&back, &low, up_out);
            let rank = low.len();
            let low_back: Vec<f64> = (0..rank)
                .map(|at| {
                    (0..units)
                        .map(|unit| back[unit] * up[unit * rank + at])
                        .sum()
                })
                .collect();
            outer(&low_back, inputs, down_out);
        }
        HeadKind::Mlp { hidden, activation } => {
            let before = layer(first, &inputs);
            let hidden_values: Vec<f64> = before
                .iter()
                .map(|&x| match activation {
                    crate::Activation::Relu => x.max(0.0),
                    crate::Activation::Square => x * x,
                })
                .chain([1.0])
                .collect();
            let logits = layer(second, &hidden_values);
            let residual = residual(recipe, &logits, label, shape.is_binary());
            outer(&residual, &hidden_values, second_out);
            let back: Vec<f64> = (0..hidden)
                .map(|unit| {
                    let slope = match activation {
                        crate::Activation::Relu => f64::from(before[unit] > 0.0),
                        crate::Activation::Square => 2.0 * before[unit],
                    };
                    let through: f64 = residual
                        .iter()
                        .enumerate()
                        .map(|(k, r)| r * second[k * (hidden + 1) + unit])
                        .sum();
                    slope * through
                })
                .collect();
            outer(&back, &inputs, first_out);
        }
    }
}

/// The outputs of a layer whose rows end in their bias; `inputs` ends in 1.
fn layer(weights: &[f64], inputs: &[f64]) -> Vec<f64> {
    weights
        .chunks_exact(inputs.len())
        .map(|row| row.iter().zip(inputs).map(|(w, x)| w * x).sum())
        .collect()
}

/// The loss's derivative by the logits: softmax minus one-hot, or the weighted logistic one.
fn residual(recipe: &Recipe, logits: &[f64], label: usize, binary: bool) -> Vec<f64> {
    if binary {
        let p = 1.0 / (1.0 + (-logits[0]).exp());
        return vec![if label == 1 {
            recipe.positive_weight as f64 * (p - 1.0)
        } else {
            p
        }];
    }
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|z| (z - top).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers
        .iter()
        .enumerate()
        .map(|(k, power)| {
            let smoothing = f64::from(recipe.label_smoothing);
            let target =
                (1.0 - smoothing) * f64::from(k == label) + smoothing / logits.len() as f64;
            power / total - target
        })
        .collect()
}

/// `out = left rightᵀ`.
fn outer(left: &[f64], right: &[f64], out: &mut [f64]) {
    for (row, left) in out.chunks_exact_mut(right.len()).zip(left) {
        for (out, right) in row.iter_mut().zip(right) {
            *out = left * right;
        }
    }
}
