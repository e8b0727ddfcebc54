//! What DP-SGD spends, and the noise that it takes.

use privacy::{
    Calibration, Delta, Epsilon, NoiseMultiplier, PrivacyError, Risk, RiskCalibration, SampleRate,
    Steps, epsilon_answer, noise_answer, risk_answer,
};
use pyo3::prelude::*;

use crate::error::{raised, refused, word};

/// Everything that was asked and answered.
#[pyclass(frozen, get_all, module = "rhea")]
pub struct PrivacyAnswer {
    accountant: &'static str,
    neighbour: &'static str,
    noise_multiplier: f64,
    sample_rate: f64,
    steps: u64,
    delta: f64,
    target_epsilon: Option<f64>,
    risk_bound: Option<f64>,
    epsilon: f64,
    epsilon_estimate: Option<f64>,
    epsilon_lower: Option<f64>,
    order: Option<f64>,
    epsilon_add_remove: f64,
    epsilon_replace_one: f64,
    sentence: String,
}

#[pymethods]
impl PrivacyAnswer {
    fn __repr__(&self) -> String {
        format!("<PrivacyAnswer: {}>", self.sentence)
    }

    fn __str__(&self) -> &str {
        &self.sentence
    }

    fn __float__(&self) -> f64 {
        self.epsilon
    }
}

impl From<privacy::PrivacyAnswer> for PrivacyAnswer {
    fn from(answer: privacy::PrivacyAnswer) -> Self {
        Self {
            sentence: answer.to_string(),
            accountant: answer.accountant.word(),
            neighbour: answer.neighbour.word(),
            noise_multiplier: answer.noise_multiplier.get(),
            sample_rate: answer.sample_rate.get(),
            steps: answer.steps.get(),
            delta: answer.delta.get(),
            target_epsilon: answer.target_epsilon.map(Epsilon::get),
            risk_bound: answer.risk.map(|risk| risk.bound),
            epsilon: answer.epsilon,
            epsilon_estimate: answer.epsilon_estimate,
            epsilon_lower: answer.epsilon_lower,
            order: answer.order,
            epsilon_add_remove: answer.epsilon_add_remove,
            epsilon_replace_one: answer.epsilon_replace_one,
        }
    }
}

/// The checked numbers that every question has.
fn checked(
    sample_rate: f64,
    steps: u64,
    delta: f64,
) -> Result<(SampleRate, Steps, Delta), PrivacyError> {
    Ok((
        SampleRate::new(sample_rate)?,
        Steps::new(steps)?,
        Delta::new(delta)?,
    ))
}

/// The epsilon that steps of the subsampled Gaussian mechanism spend.
#[pyfunction]
#[pyo3(signature = (*, noise_multiplier, sample_rate, steps, delta, accountant=None, neighbour=None))]
pub fn epsilon(
    py: Python<'_>,
    noise_multiplier: f64,
    sample_rate: f64,
    steps: u64,
    delta: f64,
    accountant: Option<&str>,
    neighbour: Option<&str>,
) -> PyResult<PrivacyAnswer> {
    let (accountant, neighbour) = (word(accountant)?, word(neighbour)?);
    let answer = py.detach(|| {
        let (sample_rate, steps, delta) = checked(sample_rate, steps, delta)?;
        let noise = NoiseMultiplier::new(noise_multiplier)?;
        epsilon_answer(noise, sample_rate, steps, delta, accountant, neighbour)
    });
    answer.map(PrivacyAnswer::from).map_err(raised)
}

/// The least noise that keeps to an epsilon, or to a risk.
#[pyfunction]
#[pyo3(signature = (*, sample_rate, steps, delta, epsilon=None, max_tpr=None, at_fpr=None,
    max_reconstruction=None, blind=None, accountant=None, neighbour=None))]
pub fn noise(
    py: Python<'_>,
    sample_rate: f64,
    steps: u64,
    delta: f64,
    epsilon: Option<f64>,
    max_tpr: Option<f64>,
    at_fpr: Option<f64>,
    max_reconstruction: Option<f64>,
    blind: Option<f64>,
    accountant: Option<&str>,
    neighbour: Option<&str>,
) -> PyResult<PrivacyAnswer> {
    let (accountant, neighbour) = (word(accountant)?, word(neighbour)?);
    let membership = max_tpr.zip(at_fpr);
    let reconstruction = max_reconstruction.zip(blind);
    let halves = [max_tpr, at_fpr, max_reconstruction, blind];
    let halves = halves.iter().flatten().count();
    let whole = 2 * (usize::from(membership.is_some()) + usize::from(reconstruction.is_some()));
    let asked = usize::from(epsilon.is_some()) + whole / 2;
    if halves != whole || asked != 1 {
        return Err(refused(
            "noise is found for one thing\nhint: give `epsilon`, or `max_tpr` with `at_fpr`, or \
             `max_reconstruction` with `blind`",
        ));
    }
    let answer = py.detach(|| {
        let (sample_rate, steps, delta) = checked(sample_rate, steps, delta)?;
        if let Some(epsilon) = epsilon {
            return noise_answer(Calibration {
                epsilon: Epsilon::new(epsilon)?,
                delta,
                sample_rate,
                steps,
                accountant,
                neighbour,
            });
        }
        let risk = match (membership, reconstruction) {
            (Some((max_tpr, at_fpr)), _) => Risk::Membership { max_tpr, at_fpr },
            (None, found) => {
                // One of the three was given.
                let (max_reconstruction, blind) = found.unwrap_or((f64::NAN, f64::NAN));
                Risk::Reconstruction {
                    max_reconstruction,
                    blind,
                }
            }
        };
        let calibration = RiskCalibration {
            risk,
            sample_rate,
            steps,
            neighbour,
        };
        risk_answer(calibration, delta, accountant)
    });
    answer.map(PrivacyAnswer::from).map_err(raised)
}
