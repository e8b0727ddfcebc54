//! DP-SGD in a cell: noise from ε or ε from noise, and what it spends.

use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError,
    SampleRate, SampledGaussian, Steps, TradeOff,
};
use serde::{Deserialize, Serialize};
use spec::{DpSgd, Privacy, Sampling};
use transfer::Recipe;

use super::chosen::Training;
use crate::error::HarnessError;

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
}

impl Spending {
    /// The most that any attack can tell, and read back, where an example is replaced: of the
    /// mechanism itself, not of one (ε, δ).
    ///
    /// # Errors
    /// Those of [`TradeOff::new`].
    pub fn trade_off(&self) -> Result<TradeOff, PrivacyError> {
        let step = SampledGaussian::new(
            NoiseMultiplier::new(self.noise_multiplier)?,
            SampleRate::new(self.sample_rate)?,
        );
        let run = Composition::repeated(step, Steps::new(self.steps as u64)?);
        TradeOff::new(&run, Neighbour::ReplaceOne)
    }
}

/// The shape, shots and undefended recipe that DP-SGD is put on.
#[derive(Clone, Copy)]
pub struct Undefended {
    /// Shape of the heads.
    pub shape: transfer::HeadShape,
    /// Training examples per class.
    pub shots: usize,
    /// Training examples, N.
    pub n: usize,
    /// The recipe without DP-SGD.
    pub recipe: Recipe,
}

/// The recipe with DP-SGD, and what it spends.
///
/// # Errors
/// If its privacy has no answer.
pub fn defend(
    plain: Undefended,
    dp: &DpSgd,
    chosen: Option<Training>,
) -> Result<(Recipe, Spending), HarnessError> {
    let (mut clip, mut sampling, mut learning_rate, mut epochs) = fixed(dp, plain);
    if let Some(chosen) = chosen {
        (learning_rate, epochs) = (chosen.learning_rate, chosen.epochs);
        if let Some((norm, rate)) = chosen.private {
            (clip, sampling) = (norm, Sampling::of_rate(rate));
        }
    }
    let run = Run::new(sampling, dp.delta, epochs, plain)?;
    let noise = run.noise(dp)?;
    let spending = run.spending(dp, clip, learning_rate, noise)?;
    let recipe = run.recipe(plain, clip, learning_rate, noise);
    let momentum = chosen.and_then(|it| it.momentum);
    let momentum = momentum.map_or(recipe.momentum, |it| it as f32);
    Ok((Recipe { momentum, ..recipe }, spending))
}

/// The settings of DP-SGD that are not searched for.
fn fixed(dp: &DpSgd, plain: Undefended) -> (f64, Sampling, f64, usize) {
    (
        dp.clip.unwrap_or(DpSgd::CLIP),
        dp.sampling,
        dp.learning_rate
            .unwrap_or(f64::from(plain.recipe.learning_rate)),
        dp.epochs.unwrap_or(plain.recipe.steps),
    )
}

/// One DP-SGD run in the accountants' units.
pub(super) struct Run {
    rate: SampleRate,
    steps: Steps,
    delta: Delta,
    sampling: Sampling,
}

impl Run {
    /// A run of so many expected passes.
    pub fn new(
        sampling: Sampling,
        delta: spec::Delta,
        epochs: usize,
        plain: Undefended,
    ) -> Result<Self, HarnessError> {
        Ok(Self {
            rate: SampleRate::new(sampling.rate())?,
            steps: Steps::new(sampling.steps(epochs) as u64)?,
            delta: Delta::new(delta.value(plain.n))?,
            sampling,
        })
    }

    /// σ, given or found.
    pub fn noise(&self, dp: &DpSgd) -> Result<NoiseMultiplier, HarnessError> {
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

    /// The recipe with it.
    pub fn recipe(
        &self,
        plain: Undefended,
        clip: f64,
        learning_rate: f64,
        noise: NoiseMultiplier,
    ) -> Recipe {
        Recipe {
            learning_rate: learning_rate as f32,
            steps: self.steps.get() as usize,
            ..plain.recipe
        }
        .with_dp(transfer::DpSgd {
            clip: clip as f32,
            noise_multiplier: noise.get() as f32,
            sampling: self.sampling,
        })
    }

    fn spending(
        &self,
        dp: &DpSgd,
        clip: f64,
        learning_rate: f64,
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
            clip,
            sample_rate: self.rate.get(),
            steps: self.steps.get() as usize,
            learning_rate: Some(learning_rate),
        })
    }
}
