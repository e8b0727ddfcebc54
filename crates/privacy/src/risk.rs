//! Noise from what an attack may reach, with no ε asked for.
//!
//! Of a mechanism with trade-off function f:
//!
//! - membership: at a false-positive rate α no test has a true-positive rate above 1 − f(α) (Dong,
//!   Roth, Su 2022);
//! - reconstruction: let κ be the probability with which the best *blind* guess, made with no
//!   release to look at, comes within the error that counts as success. Then no attack succeeds
//!   with a probability γ above 1 − f(κ) (reconstruction robustness: Balle, Cherubin, Hayes 2022;
//!   Hayes, Mahloujifar, Balle 2023). For fix the adversary's map from releases to guesses, and
//!   draw the target from its prior: from a release that does not depend on the target it succeeds
//!   with probability κ at most, so "the guess succeeds" is a test of which of the two releases
//!   was seen, of false-positive rate κ at most and of true-positive rate γ. The adversary may know
//!   all other records; the release that does not depend on the target is the one without it
//!   (`add_remove`) or with another record in its place (`replace_one`).

use serde::{Deserialize, Serialize};

use crate::search::{self, Searched};
use crate::{
    Composition, Neighbour, NoiseMultiplier, PrivacyError, SampleRate, SampledGaussian, Steps,
    TradeOff,
};

/// What an attack may reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "attack", rename_all = "snake_case")]
pub enum Risk {
    /// Telling whether a record was in the set.
    Membership {
        /// The largest true-positive rate allowed.
        max_tpr: f64,
        /// At this false-positive rate.
        at_fpr: f64,
    },
    /// Reconstructing a record.
    Reconstruction {
        /// The largest probability of success allowed, γ.
        max_reconstruction: f64,
        /// The probability of success of the best blind guess, κ.
        blind: f64,
    },
}

impl Risk {
    /// (largest probability allowed, the false-positive rate at which it is read, their names).
    fn parts(self) -> (f64, f64, [&'static str; 2]) {
        match self {
            Risk::Membership { max_tpr, at_fpr } => {
                (max_tpr, at_fpr, ["largest TPR", "false-positive rate"])
            }
            Risk::Reconstruction {
                max_reconstruction,
                blind,
            } => (
                max_reconstruction,
                blind,
                ["largest reconstruction rate", "blind success"],
            ),
        }
    }

    /// An error where no mechanism could have this risk, or every one does.
    fn check(self) -> Result<(), PrivacyError> {
        let (most, at, [what_most, what_at]) = self.parts();
        for (what, value) in [(what_most, most), (what_at, at)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(PrivacyError::OutOfRange {
                    what,
                    value,
                    expected: "a number strictly between 0 and 1",
                    hint: "both are probabilities, such as 0.05 and 0.01",
                });
            }
        }
        if most <= at {
            return Err(PrivacyError::OutOfRange {
                what: what_most,
                value: most,
                expected: "a number above the rate that guessing reaches without any release",
                hint: "no noise stops a guess: allow more than its own success",
            });
        }
        Ok(())
    }

    /// What a mechanism of this trade-off function allows.
    pub fn bound(self, trade_off: &TradeOff) -> f64 {
        match self {
            Risk::Membership { at_fpr, .. } => trade_off.tpr_bound(at_fpr),
            Risk::Reconstruction { blind, .. } => trade_off.reconstruction_bound(blind),
        }
    }
}

/// A run whose noise is to be found from a risk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskCalibration {
    /// What an attack may reach.
    pub risk: Risk,
    /// q.
    pub sample_rate: SampleRate,
    /// T.
    pub steps: Steps,
    /// Between which data sets attacks are to fail.
    pub neighbour: Neighbour,
}

/// A noise multiplier and the risk it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibratedRisk {
    /// The least σ found whose risk is within the target, rounded up to seven digits.
    pub noise_multiplier: NoiseMultiplier,
    /// What attacks can reach there, at most.
    pub bound: f64,
}

impl RiskCalibration {
    /// The bound at this noise.
    ///
    /// # Errors
    /// As [`TradeOff::new`], and [`PrivacyError::OutOfRange`] for rates that are no probabilities.
    pub fn bound(&self, noise: NoiseMultiplier) -> Result<f64, PrivacyError> {
        self.risk.check()?;
        let step = SampledGaussian::new(noise, self.sample_rate);
        let run = Composition::repeated(step, self.steps);
        Ok(self.risk.bound(&TradeOff::new(&run, self.neighbour)?))
    }

    /// Finds σ by bisection on the bound, in ln σ.
    ///
    /// # Errors
    /// [`PrivacyError::OutOfRange`] for a risk below that of a guess,
    /// [`PrivacyError::Unreachable`] where no σ between 0.02 and 1e6 has the risk.
    pub fn solve(&self) -> Result<CalibratedRisk, PrivacyError> {
        self.risk.check()?;
        let (target, ..) = self.risk.parts();
        let bound = |noise| self.bound(noise);
        match search::least_noise(target, bound, bound)? {
            Searched::Found(noise_multiplier) => Ok(CalibratedRisk {
                noise_multiplier,
                bound: self.bound(noise_multiplier)?,
            }),
            Searched::Beyond { noise, reached } => {
                let too_small = reached > target;
                Err(PrivacyError::Unreachable {
                    what: "a risk of",
                    target,
                    bound: if too_small {
                        "the largest tried,"
                    } else {
                        "the smallest tried,"
                    },
                    noise,
                    reached,
                    hint: if too_small {
                        "allow a larger risk, or take fewer steps"
                    } else {
                        "sampling alone keeps to this risk: ask for a smaller one, or train without this defence"
                    },
                })
            }
        }
    }
}
