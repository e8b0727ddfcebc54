//! DP-SGD in a cell: noise from ε or ε from noise, the best settings by search, the bound on TPR.

use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, SampleRate,
    SampledGaussian, Steps, TradeOff, tpr_bound_from_epsilon,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use spec::{DpSgd, Privacy, Sampling, Tuning};
use transfer::{Recipe, ShadowStream};

use super::victims;
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::progress::Progress;
use crate::stages::{Postcard, StageId, Stages};

/// Heads by which one combination of settings is judged.
const TUNING_HEADS: usize = 48;

/// Privacy as it runs in a cell, with what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    /// ε under adding or removing an example (the upper bound): what is claimed.
    pub epsilon: f64,
    /// ε under replacing an example: what an attack with the null `replace_one` can show.
    pub epsilon_replace_one: f64,
    /// δ of both.
    pub delta: f64,
    /// σ.
    pub noise_multiplier: f64,
    /// C.
    pub clip: f64,
    /// q.
    pub sample_rate: f64,
    /// T.
    pub steps: usize,
    /// Learning rate; none where there are no steps.
    pub learning_rate: Option<f64>,
    /// Epochs, T times q.
    pub epochs: usize,
    /// Largest TPR of any attack at an FPR of 1 % under `replace_one`.
    pub tpr_bound: f64,
}

impl Spending {
    /// Largest TPR of any attack at this FPR that (ε, δ) under `replace_one` allows: looser than
    /// `tpr_bound`, which knows the whole mechanism.
    pub fn bound(&self, fpr: f64) -> f64 {
        match (
            Epsilon::new(self.epsilon_replace_one),
            Delta::new(self.delta),
        ) {
            (Ok(epsilon), Ok(delta)) => tpr_bound_from_epsilon(epsilon, delta, fpr),
            // ε 0 or a δ of 1 says it all or nothing: no bound below 1.
            _ => 1.0,
        }
    }
}

/// Clipping norm, learning rate and epochs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Chosen {
    clip: f64,
    learning_rate: f64,
    epochs: usize,
}

/// What a search found: kept in the cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tuned {
    chosen: Chosen,
    /// Mean accuracy on held-out public examples.
    accuracy: f64,
}

/// The shape, shots and undefended recipe that DP-SGD is put on.
#[derive(Clone, Copy)]
pub struct Undefended {
    /// Shape of the heads.
    pub shape: transfer::HeadShape,
    /// Training examples per class.
    pub shots: usize,
    /// The recipe without DP-SGD.
    pub recipe: Recipe,
}

/// The recipe with DP-SGD, and what it spends.
pub fn defend(
    corpus: &Corpus,
    plain: Undefended,
    dp: &DpSgd,
    tuning: Option<StageId>,
    stages: &mut Stages<'_>,
) -> Result<(Recipe, Spending), HarnessError> {
    let chosen = match (&dp.tuned, tuning) {
        (Some(grid), Some(id)) => {
            let make = |stages: &mut Stages<'_>| tune(stages.progress(), corpus, plain, dp, grid);
            stages.get_or_make(id, &Postcard, make)?.product.chosen
        }
        _ => Chosen {
            clip: dp.clip.unwrap_or(DpSgd::CLIP),
            learning_rate: dp
                .learning_rate
                .unwrap_or(f64::from(plain.recipe.learning_rate)),
            epochs: dp.epochs.unwrap_or(plain.recipe.steps),
        },
    };
    let run = Run::new(dp, chosen.epochs, plain)?;
    let noise = run.noise(dp)?;
    let spending = run.spending(dp, chosen, noise)?;
    Ok((run.recipe(plain, chosen, noise), spending))
}

/// One DP-SGD run in the accountants' units.
struct Run {
    rate: SampleRate,
    steps: Steps,
    delta: Delta,
    sampling: Sampling,
}

impl Run {
    fn new(dp: &DpSgd, epochs: usize, plain: Undefended) -> Result<Self, HarnessError> {
        let n = plain.shape.classes * plain.shots;
        Ok(Self {
            rate: SampleRate::new(dp.sampling.rate())?,
            steps: Steps::new(dp.sampling.steps(epochs) as u64)?,
            delta: Delta::new(dp.delta.value(n))?,
            sampling: dp.sampling,
        })
    }

    fn noise(&self, dp: &DpSgd) -> Result<NoiseMultiplier, HarnessError> {
        Ok(match dp.privacy() {
            Privacy::NoiseMultiplier(noise) => NoiseMultiplier::new(noise)?,
            Privacy::Epsilon(epsilon) => {
                let calibration = Calibration {
                    epsilon: Epsilon::new(epsilon)?,
                    delta: self.delta,
                    sample_rate: self.rate,
                    steps: self.steps,
                    accountant: dp.accountant,
                    neighbour: Neighbour::AddRemove,
                };
                calibration.solve()?.noise_multiplier
            }
        })
    }

    fn recipe(&self, plain: Undefended, chosen: Chosen, noise: NoiseMultiplier) -> Recipe {
        Recipe {
            learning_rate: chosen.learning_rate as f32,
            steps: self.steps.get() as usize,
            ..plain.recipe
        }
        .with_dp(transfer::DpSgd {
            clip: chosen.clip as f32,
            noise_multiplier: noise.get() as f32,
            sampling: self.sampling,
        })
    }

    fn spending(
        &self,
        dp: &DpSgd,
        chosen: Chosen,
        noise: NoiseMultiplier,
    ) -> Result<Spending, HarnessError> {
        let step = SampledGaussian::new(noise, self.rate);
        let run = Composition::repeated(step, self.steps);
        let spent = |neighbour, accountant| run.epsilon(self.delta, accountant, neighbour);
        Ok(Spending {
            epsilon: spent(Neighbour::AddRemove, dp.accountant)?.upper,
            epsilon_replace_one: spent(Neighbour::ReplaceOne, Accountant::Prv)?.upper,
            delta: self.delta.get(),
            noise_multiplier: noise.get(),
            clip: chosen.clip,
            sample_rate: self.rate.get(),
            steps: self.steps.get() as usize,
            learning_rate: Some(chosen.learning_rate),
            epochs: chosen.epochs,
            tpr_bound: TradeOff::new(&run, Neighbour::ReplaceOne)?.tpr_bound(0.01),
        })
    }
}

/// Tries every combination on public data: heads on draws from the public pool, judged on public
/// examples (a draw's own few examples among them weigh little). Victims' data is not touched, so
/// the search costs no privacy.
fn tune(
    progress: &Progress,
    corpus: &Corpus,
    plain: Undefended,
    dp: &DpSgd,
    grid: &Tuning,
) -> Result<Tuned, HarnessError> {
    let held_out = victims::test_set(&corpus.features, &corpus.split.public)?;
    let total = grid.clip.len() * grid.learning_rate.len() * grid.epochs.len();
    let progress = progress.step("tuning DP-SGD", total as u64);
    let mut best: Option<Tuned> = None;
    let mut done = 0;
    for &epochs in &grid.epochs {
        let run = Run::new(dp, epochs, plain)?;
        let noise = run.noise(dp)?;
        for &clip in &grid.clip {
            for &learning_rate in &grid.learning_rate {
                let chosen = Chosen {
                    clip,
                    learning_rate,
                    epochs,
                };
                let recipe = run.recipe(plain, chosen, noise);
                let accuracy = public_accuracy(corpus, plain, recipe, &held_out)?;
                if best.as_ref().is_none_or(|best| accuracy > best.accuracy) {
                    best = Some(Tuned { chosen, accuracy });
                }
                done += 1;
                progress.at(done, &format!("best accuracy {accuracy:.3}"));
            }
        }
    }
    best.ok_or_else(|| HarnessError::Setting {
        place: "dp_sgd.tuned".into(),
        reason: "nothing to try".into(),
    })
}

/// Mean accuracy of heads trained on public draws; 0 for a recipe that diverges.
fn public_accuracy(
    corpus: &Corpus,
    plain: Undefended,
    recipe: Recipe,
    held_out: &datasets::FeatureSet,
) -> Result<f64, HarnessError> {
    let key = corpus.root.child("tuning");
    let stream = ShadowStream::new(
        &corpus.features,
        &corpus.split.public,
        plain.shape,
        recipe,
        plain.shots,
        key,
    );
    let stream = match stream {
        Ok(stream) => stream,
        Err(transfer::TransferError::Diverged { .. }) => return Ok(0.0),
        Err(error) => return Err(error.into()),
    };
    let mut batch = stream.batch(TUNING_HEADS);
    stream.fill(0, &mut batch);
    let accuracies: Vec<f64> = (0..batch.len())
        .into_par_iter()
        .map(|index| victims::accuracy_of(plain.shape, batch.head(index), held_out))
        .collect();
    Ok(accuracies.iter().sum::<f64>() / accuracies.len() as f64)
}
