//! ε at δ, by any accountant.

use serde::{Deserialize, Serialize};
pub use spec::Accountant;

use crate::exact::gaussian_epsilons;
use crate::rdp::{Orders, RdpCurve};
use crate::{Composition, Delta, Neighbour, PrivacyError, prv};

/// The ε that a run spends: claim `upper`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// ε is not below this; 0 from the Rényi accountant, which bounds from above only.
    pub lower: f64,
    /// The best guess; the upper bound itself from the Rényi accountant.
    pub estimate: f64,
    /// ε is not above this.
    pub upper: f64,
    /// The Rényi order that gave the bound.
    pub order: Option<f64>,
}

impl Composition {
    /// The ε that these steps spend at δ.
    ///
    /// # Errors
    /// [`PrivacyError::NoNoise`] where a step has σ = 0, [`PrivacyError::Unsupported`] where the
    /// accountant's arithmetic does not reach.
    pub fn epsilon(
        &self,
        delta: Delta,
        accountant: Accountant,
        neighbour: Neighbour,
    ) -> Result<Spent, PrivacyError> {
        spend(self, delta, accountant, neighbour)
    }
}

fn spend(
    composition: &Composition,
    delta: Delta,
    accountant: Accountant,
    neighbour: Neighbour,
) -> Result<Spent, PrivacyError> {
    composition.check_noise()?;
    match accountant {
        Accountant::Rdp => {
            let curve = RdpCurve::new(composition, neighbour, &Orders::wide())?;
            let (upper, order) = curve.epsilon(delta);
            Ok(Spent {
                lower: 0.0,
                estimate: upper,
                upper: finite(upper, "rdp")?,
                order: Some(order),
            })
        }
        Accountant::Prv => {
            let full = composition.gaussian_mu(neighbour);
            let (lower, upper) = match full {
                Some(mu) => gaussian_epsilons(mu, delta.get()),
                None => prv::bounds(composition, delta, neighbour)?,
            };
            // Where rounding hides every upper bound of the lattice, the Rényi one still holds.
            let upper = if upper.is_finite() {
                upper
            } else {
                RdpCurve::new(composition, neighbour, &Orders::wide())?
                    .epsilon(delta)
                    .0
            };
            let upper = finite(upper, "prv")?;
            Ok(Spent {
                lower,
                // The lattice errs twice as far upwards as downwards.
                estimate: lower + (upper - lower) / 3.0,
                upper,
                order: None,
            })
        }
    }
}

/// An error in place of a number that is none.
pub(crate) fn finite(epsilon: f64, accountant: &'static str) -> Result<f64, PrivacyError> {
    if epsilon.is_finite() {
        return Ok(epsilon);
    }
    Err(PrivacyError::Unsupported {
        accountant,
        reason: "epsilon is beyond every number that can be held".to_owned(),
        hint: "the noise is far too small to protect anything: use more",
    })
}
