//! The noise for an ε.

use serde::{Deserialize, Serialize};

use crate::prv::{self, Effort};
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
    /// The least σ found whose upper bound is at most the target.
    pub noise_multiplier: NoiseMultiplier,
    /// The ε it spends.
    pub spent: Spent,
}

/// σ is looked for between these.
const SEARCHED: (f64, f64) = (prv::LEAST_NOISE, 1e6);

/// The upper bound ends at most this share of the target below it.
const TOLERANCE: f64 = 1e-5;

impl Calibration {
    /// Finds σ by bisection on the upper bound, in ln σ: on a coarse lattice from wherever it
    /// starts, then on the full one near what that found.
    ///
    /// # Errors
    /// [`PrivacyError::Unreachable`] where no σ between 0.02 and 1e6 has the target ε.
    pub fn solve(&self) -> Result<Calibrated, PrivacyError> {
        let gap = |ln_sigma: f64, effort: Effort| self.gap(ln_sigma, effort);
        let (low, high) = self.bracket(0.0, 1.5, |x| gap(x, Effort::Coarse))?;
        let near = bisect(low, high, 1e-4, |x| gap(x, Effort::Coarse))?;
        let (low, high) = self.bracket(near, 1e-3, |x| gap(x, Effort::Full))?;
        let found = bisect(low, high, TOLERANCE, |x| gap(x, Effort::Full))?;
        let noise_multiplier = NoiseMultiplier::new(found.exp())?;
        let spent = self.composition(noise_multiplier).epsilon(
            self.delta,
            self.accountant,
            self.neighbour,
        )?;
        Ok(Calibrated {
            noise_multiplier,
            spent,
        })
    }

    fn composition(&self, noise_multiplier: NoiseMultiplier) -> Composition {
        Composition::repeated(
            SampledGaussian::new(noise_multiplier, self.sample_rate),
            self.steps,
        )
    }

    /// ln(ε(σ)/target), positive where σ is too small.
    fn gap(&self, ln_sigma: f64, effort: Effort) -> Result<f64, PrivacyError> {
        let run = self.composition(NoiseMultiplier::new(ln_sigma.exp())?);
        let upper = if self.accountant == Accountant::Prv && self.sample_rate.get() < 1.0 {
            prv::upper_bound(&run, self.delta, self.neighbour, effort)?
        } else {
            run.epsilon(self.delta, self.accountant, self.neighbour)?
                .upper
        };
        // Where ε is 0 the gap is only known to be large.
        Ok((upper / self.epsilon.get()).ln().max(-20.0))
    }

    /// Two ln σ with the root between them, stepping out from `start` by growing strides.
    fn bracket(
        &self,
        start: f64,
        stride: f64,
        gap: impl Fn(f64) -> Result<f64, PrivacyError>,
    ) -> Result<(End, End), PrivacyError> {
        let (least, most) = (SEARCHED.0.ln(), SEARCHED.1.ln());
        let mut here = End::at(start.clamp(least, most), &gap)?;
        let outward = if here.gap > 0.0 { 1.0 } else { -1.0 };
        let mut stride = stride;
        loop {
            let next = (here.x + outward * stride).clamp(least, most);
            if next == here.x {
                return Err(self.unreachable(here));
            }
            let there = End::at(next, &gap)?;
            if (there.gap > 0.0) != (here.gap > 0.0) {
                return Ok(if outward > 0.0 {
                    (here, there)
                } else {
                    (there, here)
                });
            }
            here = there;
            stride *= 2.0;
        }
    }

    fn unreachable(&self, end: End) -> PrivacyError {
        let too_small = end.gap > 0.0;
        PrivacyError::Unreachable {
            target: self.epsilon.get(),
            bound: if too_small {
                "the largest tried,"
            } else {
                "the smallest tried,"
            },
            noise: end.x.exp(),
            reached: if end.gap <= -20.0 {
                0.0
            } else {
                self.epsilon.get() * end.gap.exp()
            },
            hint: match (too_small, self.accountant) {
                (true, Accountant::Rdp) => {
                    "Rényi orders cannot show so small an epsilon at this delta: use the prv accountant or a larger epsilon"
                }
                (true, Accountant::Prv) => "ask for a larger epsilon, or take fewer steps",
                (false, _) => "sampling alone gives this much: ask for a smaller epsilon",
            },
        }
    }
}

/// A point of the search.
#[derive(Debug, Clone, Copy)]
struct End {
    x: f64,
    gap: f64,
}

impl End {
    fn at(x: f64, gap: impl Fn(f64) -> Result<f64, PrivacyError>) -> Result<Self, PrivacyError> {
        Ok(Self { x, gap: gap(x)? })
    }
}

/// The x of a gap in [−tolerance, 0]: regula falsi (Illinois), kept inside a shrinking bracket and
/// aimed at the middle of the tolerance, with plain halving where that stalls.
fn bisect(
    mut low: End,
    mut high: End,
    tolerance: f64,
    gap: impl Fn(f64) -> Result<f64, PrivacyError>,
) -> Result<f64, PrivacyError> {
    let mut weights = (1.0, 1.0);
    for round in 0..200 {
        if high.gap >= -tolerance || high.x - low.x < 1e-12 {
            break;
        }
        let (a, b) = (
            weights.0 * (low.gap + 0.5 * tolerance),
            weights.1 * (high.gap + 0.5 * tolerance),
        );
        let share = if round % 4 == 3 || high.gap <= -20.0 {
            0.5
        } else {
            a / (a - b)
        };
        let x = low.x + share.clamp(0.001, 0.999) * (high.x - low.x);
        let middle = End::at(x, &gap)?;
        if middle.gap > 0.0 {
            low = middle;
            weights = (1.0, weights.1 * 0.5);
        } else {
            high = middle;
            weights = (weights.0 * 0.5, 1.0);
        }
    }
    Ok(high.x)
}
