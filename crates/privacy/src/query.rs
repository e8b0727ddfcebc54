//! One flat answer to "what does this run spend?" and "how much noise does it need?".

use serde::{Deserialize, Serialize};

use crate::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError,
    Risk, RiskCalibration, SampleRate, SampledGaussian, Steps,
};

/// Everything that was asked and answered, as one line of JSON or of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivacyAnswer {
    /// What computed it.
    pub accountant: Accountant,
    /// The relation that was asked about.
    pub neighbour: Neighbour,
    /// σ, given or found.
    pub noise_multiplier: NoiseMultiplier,
    /// q.
    pub sample_rate: SampleRate,
    /// T.
    pub steps: Steps,
    /// δ.
    pub delta: Delta,
    /// The ε asked for, where σ was to be found from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_epsilon: Option<Epsilon>,
    /// The risk asked for, where σ was to be found from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskAnswer>,
    /// The ε to claim under `neighbour`: the upper bound.
    pub epsilon: f64,
    /// The best guess of it, where the accountant has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon_estimate: Option<f64>,
    /// It is not below this, where the accountant knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon_lower: Option<f64>,
    /// The Rényi order that gave the bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<f64>,
    /// The ε to claim where a record is added or removed.
    pub epsilon_add_remove: f64,
    /// The ε to claim where a record is replaced by another.
    pub epsilon_replace_one: f64,
}

/// A risk that noise was found for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskAnswer {
    /// What was asked for.
    #[serde(flatten)]
    pub risk: Risk,
    /// What the noise found leaves to any attack, at most.
    pub bound: f64,
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
    let run = Composition::repeated(step, steps);
    let add_remove = run.epsilon(delta, accountant, Neighbour::AddRemove)?;
    let replace_one = run.epsilon(delta, accountant, Neighbour::ReplaceOne)?;
    let spent = match neighbour {
        Neighbour::AddRemove => add_remove,
        Neighbour::ReplaceOne => replace_one,
    };
    let prv = accountant == Accountant::Prv;
    Ok(PrivacyAnswer {
        accountant,
        neighbour,
        noise_multiplier,
        sample_rate,
        steps,
        delta,
        target_epsilon: None,
        risk: None,
        epsilon: spent.upper,
        epsilon_estimate: prv.then_some(spent.estimate),
        epsilon_lower: prv.then_some(spent.lower),
        order: spent.order,
        epsilon_add_remove: add_remove.upper,
        epsilon_replace_one: replace_one.upper,
    })
}

/// The least noise with which a run stays within ε.
///
/// # Errors
/// As [`Calibration::solve`].
pub fn noise_answer(calibration: Calibration) -> Result<PrivacyAnswer, PrivacyError> {
    let found = calibration.solve()?;
    let answer = epsilon_answer(
        found.noise_multiplier,
        calibration.sample_rate,
        calibration.steps,
        calibration.delta,
        calibration.accountant,
        calibration.neighbour,
    )?;
    Ok(PrivacyAnswer {
        target_epsilon: Some(calibration.epsilon),
        ..answer
    })
}

/// The least noise with which no attack exceeds a risk, and the ε that it amounts to.
///
/// # Errors
/// As [`RiskCalibration::solve`] and [`Composition::epsilon`].
pub fn risk_answer(
    calibration: RiskCalibration,
    delta: Delta,
    accountant: Accountant,
) -> Result<PrivacyAnswer, PrivacyError> {
    let found = calibration.solve()?;
    let answer = epsilon_answer(
        found.noise_multiplier,
        calibration.sample_rate,
        calibration.steps,
        delta,
        accountant,
        calibration.neighbour,
    )?;
    Ok(PrivacyAnswer {
        risk: Some(RiskAnswer {
            risk: calibration.risk,
            bound: found.bound,
        }),
        ..answer
    })
}

impl std::fmt::Display for PrivacyAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "epsilon {} at delta {:e} for {} steps of noise multiplier {}, sample rate {} ({}, {}",
            Rounded(self.epsilon, true),
            self.delta.get(),
            self.steps,
            Short(self.noise_multiplier.get()),
            Short(self.sample_rate.get()),
            self.accountant,
            self.neighbour,
        )?;
        if let (Some(lower), Some(estimate)) = (self.epsilon_lower, self.epsilon_estimate) {
            write!(
                f,
                ", between {} and {}, about {}",
                Rounded(lower, false),
                Rounded(self.epsilon, true),
                Rounded(estimate, true),
            )?;
        }
        if let Some(order) = self.order {
            write!(f, ", order {order}")?;
        }
        match self.neighbour {
            Neighbour::AddRemove => write!(
                f,
                "); {} under {}",
                Rounded(self.epsilon_replace_one, true),
                Neighbour::ReplaceOne
            )?,
            Neighbour::ReplaceOne => write!(
                f,
                "); {} under {}",
                Rounded(self.epsilon_add_remove, true),
                Neighbour::AddRemove
            )?,
        }
        match self.risk {
            Some(RiskAnswer {
                risk: Risk::Membership { max_tpr, at_fpr },
                bound,
            }) => write!(
                f,
                "; no attack has a TPR above {} at FPR {at_fpr} ({max_tpr} allowed)",
                Rounded(bound, true)
            ),
            Some(RiskAnswer {
                risk:
                    Risk::Reconstruction {
                        max_reconstruction,
                        blind,
                    },
                bound,
            }) => write!(
                f,
                "; no attack reconstructs more often than {} where a blind guess does so at {blind} ({max_reconstruction} allowed)",
                Rounded(bound, true)
            ),
            None => Ok(()),
        }
    }
}

/// The shortest digits that read back as the number, with a power of ten where there would be many
/// zeros.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if (1e-5..1e9).contains(&self.0) || self.0 == 0.0 {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

/// A number of six decimals, or of seven digits where those would show too few, rounded up or
/// down so that what is printed is still a bound.
struct Rounded(f64, bool);

impl std::fmt::Display for Rounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(value, up) = *self;
        if !(value.abs() < 1e9) {
            return write!(f, "{value:e}");
        }
        if value == 0.0 {
            return f.write_str("0");
        }
        let decimals = if value.abs() < 0.1 {
            (6 - value.abs().log10().floor() as i32).max(6)
        } else {
            6
        };
        let unit = 10f64.powi(decimals);
        if !(unit.is_finite() && decimals < 30) {
            return write!(f, "{value:e}");
        }
        let scaled = value * unit;
        let rounded = if up { scaled.ceil() } else { scaled.floor() } / unit;
        if decimals > 9 {
            write!(f, "{rounded:e}")
        } else {
            write!(f, "{rounded:.*}", decimals as usize)
        }
    }
}
