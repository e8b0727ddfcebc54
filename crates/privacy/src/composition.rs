//! What is run: steps of possibly different mechanisms, one after another.

use serde::{Deserialize, Serialize};

use crate::law::sensitivity;
use crate::{Neighbour, PrivacyError, SampledGaussian, Steps};

/// The same mechanism run a number of times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// The mechanism of each step.
    pub mechanism: SampledGaussian,
    /// How many steps.
    pub steps: Steps,
}

/// An adaptive composition of phases. Equal mechanisms are merged; order does not matter to privacy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Composition {
    phases: Vec<Phase>,
}

impl Composition {
    /// `steps` runs of one mechanism.
    pub fn repeated(mechanism: SampledGaussian, steps: Steps) -> Self {
        Self {
            phases: vec![Phase { mechanism, steps }],
        }
    }

    /// Phases with different noise or sampling.
    ///
    /// # Errors
    /// [`PrivacyError::Empty`] without a phase; [`PrivacyError::OutOfRange`] past [`Steps::MAX`].
    pub fn new(phases: impl IntoIterator<Item = Phase>) -> Result<Self, PrivacyError> {
        let mut merged: Vec<Phase> = Vec::new();
        let mut total = 0u64;
        for phase in phases {
            total = total.saturating_add(phase.steps.get());
            Steps::new(total)?;
            match merged.iter_mut().find(|m| m.mechanism == phase.mechanism) {
                Some(same) => same.steps = Steps::new(same.steps.get() + phase.steps.get())?,
                None => merged.push(phase),
            }
        }
        if merged.is_empty() {
            return Err(PrivacyError::Empty {
                what: "composition",
                hint: "name at least one phase of at least one step",
            });
        }
        Ok(Self { phases: merged })
    }

    /// The distinct mechanisms with their steps.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// An error where a step adds no noise.
    pub(crate) fn check_noise(&self) -> Result<(), PrivacyError> {
        let silent = |p: &Phase| p.mechanism.noise_multiplier.get() == 0.0;
        if self.phases.iter().any(silent) {
            return Err(PrivacyError::NoNoise);
        }
        Ok(())
    }

    /// μ of the one Gaussian that all steps together amount to, where every step has q = 1:
    /// μ² = Σ T/σ² for add/remove, and twice that μ where a record is replaced.
    pub(crate) fn gaussian_mu(&self, neighbour: Neighbour) -> Option<f64> {
        let full = self
            .phases
            .iter()
            .all(|p| p.mechanism.sample_rate.get() == 1.0);
        full.then(|| {
            // Never squared by itself: a noise of 1e155 has no square.
            let root: f64 = self
                .phases
                .iter()
                .map(|p| (p.steps.get() as f64).sqrt() / p.mechanism.noise_multiplier.get())
                .fold(0.0, f64::hypot);
            sensitivity(neighbour) * root
        })
    }
}
