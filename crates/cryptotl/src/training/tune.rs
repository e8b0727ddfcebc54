//! The target task: the upper network on few examples, with early stopping or with DP-SGD.

use super::folds::{shuffled, stratified};
use super::{check_binary, gather, mean_loss};
use crate::optimiser::{Momentum, logistic_gradient};
use crate::{CryptoTlError, UpperNetwork, UpperShape};
use datasets::{FeatureSet, StreamKey};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// How the upper network is tuned.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTune {
    /// Passes over the examples, at most; the number is chosen by cross-validation.
    pub epochs: usize,
    /// Examples a step.
    pub batch: usize,
    /// Step of gradient descent with momentum .9.
    pub learning_rate: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// Folds of the cross-validation; 0 trains all epochs on all examples.
    pub folds: usize,
    /// Epochs without a better validation loss before a fold ends.
    pub patience: usize,
    /// DP-SGD instead: fixed steps, no cross-validation (choosing by the data would cost privacy).
    pub dp: Option<DpFineTune>,
}

/// DP-SGD (Abadi et al. 2016): Poisson batches, per-example clipping, Gaussian noise.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DpFineTune {
    /// Largest norm of an example's gradient over all weights.
    pub clip: f32,
    /// Noise's standard deviation over the clip norm.
    pub noise_multiplier: f32,
    /// Probability that an example is in a step's batch.
    pub sample_rate: f64,
    /// Steps.
    pub steps: usize,
    /// Plain gradient descent's step.
    pub learning_rate: f32,
}

impl Default for FineTune {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch: 16,
            learning_rate: 3e-3,
            weight_decay: 1e-3,
            folds: 5,
            patience: 8,
            dp: None,
        }
    }
}

/// A tuned upper network.
#[derive(Clone, Debug)]
pub struct FineTuned {
    /// The network.
    pub upper: UpperNetwork,
    /// Epochs (or DP-SGD steps) it was tuned for.
    pub epochs: usize,
    /// Mean validation loss over the folds at that epoch, where there were folds.
    pub validation_loss: Option<f32>,
}

impl FineTune {
    /// Tunes on `features`, from `start` (the source task's upper network) or from scratch.
    ///
    /// The epoch is chosen by the mean of the folds' validation losses, then all examples are used.
    ///
    /// # Errors
    /// If the set is not binary, widths differ, a number of the recipe is out of range, or the
    /// result is not finite.
    pub fn run(
        &self,
        start: Option<&UpperNetwork>,
        features: &FeatureSet,
        key: &StreamKey,
    ) -> Result<FineTuned, CryptoTlError> {
        let what = "fine-tune the upper network";
        check_binary(what, features)?;
        self.check()?;
        let fresh;
        let start = match start {
            Some(start) => start,
            None => {
                let shape = UpperShape::paper(features.width());
                fresh = UpperNetwork::random(shape, &key.child("initial"))?;
                &fresh
            }
        };
        start.logits(features)?;
        let tuned = match self.dp {
            Some(dp) => FineTuned {
                upper: dp.run(start, features, &key.child("dp")),
                epochs: dp.steps,
                validation_loss: None,
            },
            None => self.with_folds(start, features, key),
        };
        let finite = tuned
            .upper
            .slices()
            .into_iter()
            .flatten()
            .all(|w| w.is_finite());
        if !finite {
            return Err(CryptoTlError::Training {
                what,
                reason: "it diverged\nhint: lower the learning rate".into(),
            });
        }
        Ok(tuned)
    }

    fn check(&self) -> Result<(), CryptoTlError> {
        let dp = self.dp.is_none_or(|dp| {
            dp.clip > 0.0
                && dp.noise_multiplier >= 0.0
                && dp.sample_rate > 0.0
                && dp.sample_rate <= 1.0
                && dp.learning_rate > 0.0
                && dp.steps > 0
        });
        if !dp
            || self.epochs == 0
            || self.batch == 0
            || self.learning_rate.is_nan()
            || self.learning_rate <= 0.0
        {
            return Err(CryptoTlError::Training {
                what: "fine-tune the upper network",
                reason: format!("a number is out of range in {self:?}"),
            });
        }
        Ok(())
    }

    fn with_folds(
        &self,
        start: &UpperNetwork,
        features: &FeatureSet,
        key: &StreamKey,
    ) -> FineTuned {
        let all: Vec<usize> = (0..features.len()).collect();
        let folds = self.folds.min(features.len());
        let (mut epochs, mut validation_loss) = (self.epochs, None);
        if folds >= 2 {
            let parts = stratified(features, folds, &key.child("folds"));
            let curves: Vec<Vec<f32>> = parts
                .par_iter()
                .enumerate()
                .filter(|(_, held)| !held.is_empty())
                .map(|(fold, held)| {
                    let rows = all.iter().copied().filter(|row| !held.contains(row));
                    let key = key.child(&format!("fold {fold}"));
                    self.train(start, features, rows.collect(), held, self.epochs, &key)
                        .1
                })
                .collect();
            // A fold that stopped early keeps its last loss.
            let mean = |epoch: usize| -> f32 {
                let at = |curve: &Vec<f32>| curve[epoch.min(curve.len() - 1)];
                curves.iter().map(at).sum::<f32>() / curves.len() as f32
            };
            let best = (0..=self.epochs).min_by(|&a, &b| mean(a).total_cmp(&mean(b)));
            epochs = best.unwrap_or(0);
            validation_loss = Some(mean(epochs));
        }
        let upper = self
            .train(start, features, all, &[], epochs, &key.child("all"))
            .0;
        FineTuned {
            upper,
            epochs,
            validation_loss,
        }
    }

    /// The network after `epochs`, and the loss on `held` before and after each of them.
    fn train(
        &self,
        start: &UpperNetwork,
        features: &FeatureSet,
        rows: Vec<usize>,
        held: &[usize],
        epochs: usize,
        key: &StreamKey,
    ) -> (UpperNetwork, Vec<f32>) {
        let mut network = start.clone();
        let mut optimiser = Momentum::new(self.learning_rate, self.weight_decay);
        let (held_x, held_labels) = gather(features, held);
        let loss = |network: &UpperNetwork| {
            let logits = network.forward_taped(&held_x).0;
            mean_loss(&logits, held_labels.iter().copied())
        };
        let mut curve = vec![loss(&network)];
        let mut best = 0;
        for epoch in 1..=epochs {
            for batch in shuffled(rows.clone(), key, epoch as u64).chunks(self.batch) {
                let (x, labels) = gather(features, batch);
                let (logits, tape) = network.forward_taped(&x);
                let dy: Vec<f32> = logits
                    .iter()
                    .zip(labels)
                    .map(|(&z, label)| logistic_gradient(z, label) / batch.len() as f32)
                    .collect();
                let gradient = network.backward(&x, &tape, &dy).1;
                optimiser.step(network.slices_mut().into_iter().zip(gradient.slices()));
            }
            if held.is_empty() {
                continue;
            }
            curve.push(loss(&network));
            if curve[epoch] < curve[best] {
                best = epoch;
            } else if epoch >= best + self.patience {
                break;
            }
        }
        (network, curve)
    }
}

impl DpFineTune {
    /// w ← w − η (Σ clipped gradients + σC·noise) / (qN): the divisor is public, not the batch's size.
    fn run(&self, start: &UpperNetwork, features: &FeatureSet, key: &StreamKey) -> UpperNetwork {
        let mut network = start.clone();
        let deviation = self.noise_multiplier * self.clip;
        let rate = self.learning_rate / (self.sample_rate * features.len() as f64) as f32;
        for step in 0..self.steps as u64 {
            let mut rng = key.rng(step);
            let batch: Vec<usize> = (0..features.len())
                .filter(|_| rng.random::<f64>() < self.sample_rate)
                .collect();
            let (x, labels) = gather(features, &batch);
            let (logits, tape) = network.forward_taped(&x);
            let dy: Vec<f32> = logits
                .iter()
                .zip(labels)
                .map(|(&z, label)| logistic_gradient(z, label))
                .collect();
            // An empty batch still takes a noise step.
            let gradient = network.clipped_sum(&x, &tape, &dy, self.clip);
            for (weights, gradients) in network.slices_mut().into_iter().zip(gradient.slices()) {
                for (w, g) in weights.iter_mut().zip(gradients) {
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    *w -= rate * (g + deviation * noise);
                }
            }
        }
        network
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(n: usize) -> FeatureSet {
        let mut rng = StreamKey::from_seed(5).rng(0);
        let labels: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
        let values = labels
            .iter()
            .flat_map(|&label| {
                let noise: [f32; 12] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
                noise.map(|x| x + if label == 1 { 0.9 } else { -0.9 })
            })
            .collect();
        FeatureSet::new(12, values, labels, 2).unwrap()
    }

    fn accuracy(network: &UpperNetwork, set: &FeatureSet) -> f64 {
        let right = (0..set.len())
            .filter(|&row| network.classify(set.row(row)).unwrap() == set.labels()[row]);
        right.count() as f64 / set.len() as f64
    }

    #[test]
    fn tuning_learns_and_is_reproducible() {
        let (set, key) = (task(200), StreamKey::from_seed(6));
        let recipe = FineTune {
            epochs: 20,
            learning_rate: 5e-2,
            ..FineTune::default()
        };
        let tuned = recipe.run(None, &set, &key).unwrap();
        assert!(accuracy(&tuned.upper, &set) > 0.95 && tuned.epochs > 0);
        let again = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap()
            .install(|| recipe.run(None, &set, &key).unwrap());
        assert_eq!(tuned.upper, again.upper);
    }

    #[test]
    fn dp_noise_has_its_variance() {
        let (set, key) = (task(40), StreamKey::from_seed(7));
        let start = UpperNetwork::random(UpperShape::paper(12), &key).unwrap();
        let dp = DpFineTune {
            clip: 1e-3,
            noise_multiplier: 100.0,
            sample_rate: 0.5,
            steps: 25,
            learning_rate: 1.0,
        };
        let tuned = dp.run(&start, &set, &key);
        // Gradients (norm up to 40·1e-3 a step) vanish beside the noise: each weight moves by
        // η σC √steps / (qN) = 0.1·5/20.
        let moves: Vec<f32> = tuned
            .slices()
            .into_iter()
            .flatten()
            .zip(start.slices().into_iter().flatten())
            .map(|(a, b)| a - b)
            .collect();
        let deviation = (moves.iter().map(|m| m * m).sum::<f32>() / moves.len() as f32).sqrt();
        // 161 weights: a standard error of 5.6 %.
        assert!((deviation / 0.025 - 1.0).abs() < 0.25, "{deviation}");
        let gentle = DpFineTune {
            clip: 1.0,
            noise_multiplier: 0.1,
            steps: 100,
            ..dp
        };
        let recipe = FineTune {
            dp: Some(gentle),
            ..FineTune::default()
        };
        assert!(accuracy(&recipe.run(None, &set, &key).unwrap().upper, &set) > 0.9);
    }

    #[test]
    fn impossible_recipes_are_refused() {
        let (set, key) = (task(10), StreamKey::from_seed(6));
        for recipe in [
            FineTune {
                epochs: 0,
                ..FineTune::default()
            },
            FineTune {
                learning_rate: f32::NAN,
                ..FineTune::default()
            },
        ] {
            assert!(recipe.run(None, &set, &key).is_err());
        }
        let upper = UpperNetwork::random(UpperShape::paper(9), &key).unwrap();
        assert!(FineTune::default().run(Some(&upper), &set, &key).is_err());
    }
}
