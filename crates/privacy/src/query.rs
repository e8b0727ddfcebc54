//! One flat answer to "what does this run spend?" and "how much noise does it need?".

use serde::{Deserialize, Serialize};

use crate::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError,
    SampleRate, SampledGaussian, Spent, Steps,
};

/// Everything that was asked and answered, as one line of JSON or of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivacyAnswer {
    /// What computed it.
    pub accountant: Accountant,
    /// The relation it is about.
    pub neighbour: Neighbour,
    /// σ, given or found.
    pub noise_multiplier: NoiseMultiplier,
    /// q.
    pub sample_rate: SampleRate,
    /// T.
    pub steps: Steps,
    /// δ.
    pub delta: Delta,
    /// The ε asked for, where σ was to be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_epsilon: Option<Epsilon>,
    /// The ε to claim: the upper bound.
    pub epsilon: f64,
    /// The best guess of ε, where the accountant has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon_estimate: Option<f64>,
    /// ε is not below this, where the accountant knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon_lower: Option<f64>,
    /// The Rényi order that gave the bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<f64>,
}

/// What `steps` of noise σ at rate q spend at δ.
///
/// # Errors
/// As [`Composition::epsilon`].
pub fn epsilon_answer(
    noise_multiplier: NoiseMultiplier,
    sample_rate: SampleRate,
    steps: Steps,
    delta: Delta,
    accountant: Accountant,
    neighbour: Neighbour,
) -> Result<PrivacyAnswer, PrivacyError> {
    let step = SampledGaussian::new(noise_multiplier, sample_rate);
    let spent = Composition::repeated(step, steps).epsilon(delta, accountant, neighbour)?;
    let prv = accountant == Accountant::Prv;
    Ok(PrivacyAnswer {
        accountant,
        neighbour,
        noise_multiplier,
        sample_rate,
        steps,
        delta,
        target_epsilon: None,
        epsilon: spent.upper,
        epsilon_estimate: prv.then_some(spent.estimate),
        epsilon_lower: prv.then_some(spent.lower),
        order: spent.order,
    })
}

/// The least noise with which a run stays within ε.
///
/// # Errors
/// As [`Calibration::solve`].
pub fn noise_answer(calibration: Calibration) -> Result<PrivacyAnswer, PrivacyError> {
    let found = calibration.solve()?;
    let Spent {
        lower,
        estimate,
        upper,
        order,
    } = found.spent;
    let prv = calibration.accountant == Accountant::Prv;
    Ok(PrivacyAnswer {
        accountant: calibration.accountant,
        neighbour: calibration.neighbour,
        noise_multiplier: found.noise_multiplier,
        sample_rate: calibration.sample_rate,
        steps: calibration.steps,
        delta: calibration.delta,
        target_epsilon: Some(calibration.epsilon),
        epsilon: upper,
        epsilon_estimate: prv.then_some(estimate),
        epsilon_lower: prv.then_some(lower),
        order,
    })
}

impl std::fmt::Display for PrivacyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "epsilon {:.6} at delta {:e} for {} steps of noise multiplier {:.6}, sample rate {} ({}, {}",
            self.epsilon,
            self.delta.get(),
            self.steps,
            self.noise_multiplier.get(),
            self.sample_rate,
            self.accountant,
            self.neighbour,
        )?;
        if let (Some(lower), Some(estimate)) = (self.epsilon_lower, self.epsilon_estimate) {
            write!(
                f,
                ", between {lower:.6} and {:.6}, about {estimate:.6}",
                self.epsilon
            )?;
        }
        if let Some(order) = self.order {
            write!(f, ", order {order}")?;
        }
        f.write_str(")")
    }
}
