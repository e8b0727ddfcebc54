//! The options of gradient inversion.

use crate::AttackError;
use crate::error::option;

/// What the optimisation minimises between the head and the head that the images would make.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Squared distance in units of the noise: minus the log-likelihood.
    #[default]
    Squared,
    /// One minus the cosine, in the units in which it equals the squared distance of nearby heads
    /// of the same length.
    Cosine,
}

/// How to invert.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct InversionOptions {
    /// Evaluations of the objective and its gradient, one a step of L-BFGS; in an image's single
    /// gradient all its stages together (what takes the convolutions off is not counted).
    pub steps: usize,
    /// Root mean square of the first step's change, in standard deviations of the images' law;
    /// later steps find their own length.
    pub learning_rate: f32,
    /// What is minimised.
    pub distance: Distance,
    /// Weight of the images' law against the head's likelihood; 1 is the posterior.
    pub prior: f32,
    /// Weight of the total variation (the sum of differences of neighbouring pixels).
    pub total_variation: f32,
}

impl Default for InversionOptions {
    fn default() -> Self {
        Self {
            steps: 60,
            learning_rate: 0.05,
            distance: Distance::Squared,
            prior: 0.5,
            total_variation: 0.0,
        }
    }
}

impl InversionOptions {
    /// Errors unless every option is possible.
    pub fn check(&self) -> Result<(), AttackError> {
        if self.steps == 0 {
            return Err(option("steps", 0, "at least 1"));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            let value = self.learning_rate;
            return Err(option("learning_rate", value, "positive and finite"));
        }
        for (name, value) in [
            ("prior", self.prior),
            ("total_variation", self.total_variation),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(option(name, value, "finite and not negative"));
            }
        }
        Ok(())
    }
}
