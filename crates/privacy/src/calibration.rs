//! The noise for an ε.

use serde::{Deserialize, Serialize};

use crate::prv::{self, Effort};
use crate::search::{self, Searched};
use crate::{
    Accountant, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Spent, Steps,
};

/// A run whose noise is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// ε that the run may spend.
    pub epsilon: Epsilon,
    /// δ.
    pub delta: Delta,
    /// q.
    pub sample_rate: SampleRate,
    /// T.
    pub steps: Steps,
    /// Whose upper bound must be at most ε.
    pub accountant: Accountant,
    /// Under which relation.
    pub neighbour: Neighbour,
}

/// A noise multiplier and what it spends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The least σ found whose upper bound is at most the target, rounded up to seven digits.
    pub noise_multiplier: NoiseMultiplier,
    /// The ε it spends.
    pub spent: Spent,
}

impl Calibration {
    /// Finds σ by bisection on the upper bound, in ln σ: on a coarse lattice from wherever it
    /// starts, then on the full one near what that found. What is returned was accounted for in
    /// full, to the last digit of σ, and spends at most the target.
    ///
    /// # Errors
    /// [`PrivacyError::Unreachable`] where no σ between 0.02 and 1e6 has the target ε.
    pub fn solve(&self) -> Result<Calibrated, PrivacyError> {
        let found = search::least_noise(
            self.epsilon.get(),
            |noise| self.upper(noise, Effort::Coarse),
            |noise| Ok(self.spent(noise)?.upper),
        )?;
        match found {
            Searched::Found(noise_multiplier) => Ok(Calibrated {
                noise_multiplier,
                spent: self.spent(noise_multiplier)?,
            }),
            Searched::Beyond { noise, reached } => Err(self.unreachable(noise, reached)),
        }
    }

    fn composition(&self, noise_multiplier: NoiseMultiplier) -> Composition {
        Composition::repeated(
            SampledGaussian::new(noise_multiplier, self.sample_rate),
            self.steps,
        )
    }

    fn spent(&self, noise: NoiseMultiplier) -> Result<Spent, PrivacyError> {
        self.composition(noise)
            .epsilon(self.delta, self.accountant, self.neighbour)
    }

    fn upper(&self, noise: NoiseMultiplier, effort: Effort) -> Result<f64, PrivacyError> {
        if self.accountant == Accountant::Prv && self.sample_rate.get() < 1.0 {
            prv::upper_bound(&self.composition(noise), self.delta, self.neighbour, effort)
        } else {
            Ok(self.spent(noise)?.upper)
        }
    }

    fn unreachable(&self, noise: f64, reached: f64) -> PrivacyError {
        let too_small = reached > self.epsilon.get();
        PrivacyError::Unreachable {
            what: "epsilon",
            target: self.epsilon.get(),
            bound: if too_small {
                "the largest tried,"
            } else {
                "the smallest tried,"
            },
            noise,
            reached,
            hint: match (too_small, self.accountant) {
                (true, Accountant::Rdp) => {
                    "Rényi orders cannot show so small an epsilon at this delta: use the prv accountant or a larger epsilon"
                }
                (true, Accountant::Prv) => "ask for a larger epsilon, or take fewer steps",
                (false, _) => {
                    "even that little noise spends less: ask for a smaller epsilon, or train without this defence"
                }
            },
        }
    }
}
