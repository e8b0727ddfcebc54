//! The target task: the upper network on few examples, from a linear classifier and with early
//! stopping, or with DP-SGD.

use super::folds::{shuffled, stratified};
use super::private::DpFineTune;
use super::{check_binary, gather, mean_loss};
use crate::optimiser::{Momentum, logistic_gradient};
use crate::regression::Examples;
use crate::{CryptoTlError, UpperNetwork, UpperShape};
use datasets::{FeatureSet, StreamKey};
use rayon::prelude::*;

/// How the upper network is tuned.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTune {
    /// Passes over the examples, at most; the number is chosen by cross-validation, and may be 0.
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

impl Default for FineTune {
    fn default() -> Self {
        Self {
            epochs: 60,
            batch: 32,
            learning_rate: 1e-3,
            weight_decay: 1e-3,
            folds: 5,
            patience: 4,
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
    /// C of the linear classifier that it was tuned from (see [`FineTune::run`]); none where it was
    /// tuned from another network.
    pub strength: Option<f64>,
    /// Mean validation loss over the folds at that epoch, where there were folds.
    pub validation_loss: Option<f32>,
}

impl FineTune {
    /// Tunes on `features`.
    ///
    /// From `start` (for example the source task's upper network) where there is one; under DP-SGD
    /// otherwise from random weights that cancel; otherwise from a logistic regression on the features that the
    /// network can represent exactly, its penalty chosen by cross-validation. Every fold starts from a
    /// fit of its own examples. The epoch is chosen by the mean of the folds' validation losses, then
    /// all examples are used.
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
        if let Some(start) = start {
            start.logits(features)?;
        }
        let shape = UpperShape::paper(features.width());
        let initial = key.child("initial");
        let balanced = || UpperNetwork::balanced(shape, &initial);
        let tuned = match (self.dp, start) {
            (Some(dp), _) => {
                let start = start.map_or_else(balanced, |start| Ok(start.clone()))?;
                FineTuned {
                    upper: dp.run(&start, features, &key.child("dp")),
                    epochs: dp.steps,
                    strength: None,
                    validation_loss: None,
                }
            }
            (None, Some(start)) => {
                self.with_folds(&|_: &[usize]| Ok(start.clone()), features, None, key)?
            }
            (None, None) => {
                let examples = Examples::new(features);
                let strength = examples.choose(&self.parts(features, key));
                let start = |rows: &[usize]| {
                    let probe = examples.fit(rows, strength);
                    let network = UpperNetwork::from_probe(shape, &probe, &initial)?;
                    network.map_or_else(balanced, Ok)
                };
                self.with_folds(&start, features, Some(strength), key)?
            }
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
                reason: format!(
                    "a number is out of range among {} epochs, batch {}, learning rate {}{}",
                    self.epochs,
                    self.batch,
                    self.learning_rate,
                    self.dp.map_or(String::new(), |dp| format!(
                        ", and of DP-SGD clip {}, noise multiplier {}, sample rate {}, \
                             learning rate {}, {} steps",
                        dp.clip, dp.noise_multiplier, dp.sample_rate, dp.learning_rate, dp.steps
                    ))
                ),
            });
        }
        Ok(())
    }

    /// Rows held out in turn; none where there is no cross-validation.
    fn parts(&self, features: &FeatureSet, key: &StreamKey) -> Vec<Vec<usize>> {
        let folds = self.folds.min(features.len());
        if folds < 2 {
            return Vec::new();
        }
        let mut parts = stratified(features, folds, &key.child("folds"));
        parts.retain(|held| !held.is_empty());
        parts
    }

    /// `start` gives the network to begin with from the rows that may be seen.
    fn with_folds(
        &self,
        start: &(impl Fn(&[usize]) -> Result<UpperNetwork, CryptoTlError> + Sync),
        features: &FeatureSet,
        strength: Option<f64>,
        key: &StreamKey,
    ) -> Result<FineTuned, CryptoTlError> {
        let all: Vec<usize> = (0..features.len()).collect();
        let (mut epochs, mut validation_loss) = (self.epochs, None);
        let parts = self.parts(features, key);
        if !parts.is_empty() {
            let curves = parts
                .par_iter()
                .enumerate()
                .map(|(fold, held)| {
                    let rows = all.iter().copied().filter(|row| !held.contains(row));
                    let rows: Vec<usize> = rows.collect();
                    let key = key.child(&format!("fold {fold}"));
                    let network = start(&rows)?;
                    Ok(self
                        .train(network, features, rows, held, self.epochs, &key)
                        .1)
                })
                .collect::<Result<Vec<Vec<f32>>, CryptoTlError>>()?;
            // A fold that stopped early keeps its last loss.
            let mean = |epoch: usize| -> f32 {
                let at = |curve: &Vec<f32>| curve[epoch.min(curve.len() - 1)];
                curves.iter().map(at).sum::<f32>() / curves.len() as f32
            };
            let best = (0..=self.epochs).min_by(|&a, &b| mean(a).total_cmp(&mean(b)));
            epochs = best.unwrap_or(0);
            validation_loss = Some(mean(epochs));
        }
        let network = start(&all)?;
        let upper = self
            .train(network, features, all, &[], epochs, &key.child("all"))
            .0;
        Ok(FineTuned {
            upper,
            epochs,
            strength,
            validation_loss,
        })
    }

    /// The network after `epochs`, and the loss on `held` before and after each of them.
    fn train(
        &self,
        mut network: UpperNetwork,
        features: &FeatureSet,
        rows: Vec<usize>,
        held: &[usize],
        epochs: usize,
        key: &StreamKey,
    ) -> (UpperNetwork, Vec<f32>) {
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
                let gradient = network.gradient(&x, &tape, &dy);
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    /// Two clouds, two deviations apart in every one of 12 directions.
    pub fn task(n: usize) -> FeatureSet {
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

    /// Share of right answers.
    pub fn accuracy(network: &UpperNetwork, set: &FeatureSet) -> f64 {
        let right = (0..set.len())
            .filter(|&row| network.classify(set.row(row)).unwrap() == set.labels()[row]);
        right.count() as f64 / set.len() as f64
    }

    #[test]
    fn tuning_learns_and_is_reproducible() {
        let (set, key) = (task(200), StreamKey::from_seed(6));
        let recipe = FineTune::default();
        let tuned = recipe.run(None, &set, &key).unwrap();
        assert!(accuracy(&tuned.upper, &set) > 0.95 && tuned.strength.is_some());
        let again = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap()
            .install(|| recipe.run(None, &set, &key).unwrap());
        assert_eq!(tuned.upper, again.upper);
    }

    #[test]
    fn a_given_start_is_tuned_away_from_another_task() {
        let (set, key) = (task(200), StreamKey::from_seed(6));
        let start = UpperNetwork::random(UpperShape::paper(12), &key).unwrap();
        let recipe = FineTune {
            learning_rate: 5e-2,
            ..FineTune::default()
        };
        let tuned = recipe.run(Some(&start), &set, &key).unwrap();
        assert!(accuracy(&tuned.upper, &set) > 0.95 && tuned.epochs > 0);
        assert!(tuned.strength.is_none() && tuned.validation_loss.is_some());
    }

    /// Rings are no task for a linear classifier: tuning must go on from it.
    #[test]
    fn tuning_goes_past_the_linear_classifier() {
        let key = StreamKey::from_seed(21);
        let rings = |n: usize, index: u64| {
            let mut rng = key.rng(index);
            let labels: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
            let values = labels
                .iter()
                .flat_map(|&label| {
                    let x: [f32; 6] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
                    let norm = x.iter().map(|x| x * x).sum::<f32>().sqrt();
                    x.map(|x| x / norm * if label == 1 { 3.0 } else { 1.0 })
                })
                .collect();
            FeatureSet::new(6, values, labels, 2).unwrap()
        };
        let widen = |set: &FeatureSet| {
            let rows = (0..set.len()).flat_map(|row| [set.row(row); 10].concat());
            FeatureSet::new(60, rows.collect(), set.labels().to_vec(), 2).unwrap()
        };
        let (few, test) = (widen(&rings(200, 0)), widen(&rings(400, 1)));
        let recipe = FineTune {
            learning_rate: 3e-2,
            epochs: 200,
            ..FineTune::default()
        };
        let tuned = recipe.run(None, &few, &key).unwrap();
        assert!(tuned.epochs > 0 && accuracy(&tuned.upper, &test) > 0.9);
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
