//! The trade-off function, and the bound it puts on every attack.

use crate::exact::gaussian_tpr;
use crate::law::sides;
use crate::prv::{self, Lattice, SidePlan};
use crate::{Composition, Delta, Epsilon, Neighbour, PrivacyError};

/// The most that any test can tell neighbours apart: f(FPR) is the least false-negative rate, and
/// TPR ≤ 1 − f(FPR) (Dong, Roth, Su 2022).
///
/// With sampling the bound comes from the run's composed privacy loss, rounded so that it only
/// errs upwards (see [`Accountant::Prv`](crate::Accountant::Prv)); without, it is the Gaussian's own. For
/// [`Neighbour::AddRemove`] it holds whichever of the two sets is the null. Beside a measured
/// ROC whose null is `replace_one`, draw [`Neighbour::ReplaceOne`].
#[derive(Debug, Clone)]
pub struct TradeOff {
    sides: Vec<Curve>,
}

#[derive(Debug, Clone)]
enum Curve {
    /// Full batches: N(μ, 1) against N(0, 1).
    Gaussian(f64),
    /// Corners (FPR, TPR) of the ROC of the composed pair, from (0, 0) upwards.
    Corners(Vec<(f64, f64)>),
}

/// What outcomes too rare to be accounted for may have on each side.
const TAIL: f64 = 1e-11;

impl TradeOff {
    /// The trade-off of `composition` under `neighbour`.
    ///
    /// # Errors
    /// As [`Composition::epsilon`] with [`Accountant::Prv`](crate::Accountant::Prv).
    pub fn new(composition: &Composition, neighbour: Neighbour) -> Result<Self, PrivacyError> {
        composition.check_noise()?;
        if let Some(mu) = composition.gaussian_mu(neighbour) {
            return Ok(Self {
                sides: vec![Curve::Gaussian(mu)],
            });
        }
        prv::check(composition)?;
        // Less noise than there is: attacks are allowed more, never less.
        let (composition, _) = &prv::quieter(composition)?;
        let sides = sides(neighbour).iter().map(|&side| {
            let plan = SidePlan::for_trade_off(composition, side);
            let p = plan.compose(Lattice::spread, 0).into_measure();
            let q = plan.compose(Lattice::spread, 1).into_measure();
            Curve::Corners(corners(
                (p.0, p.1),
                (q.0, q.1),
                Margins {
                    tpr: p.2 + 2.0 * TAIL,
                    fpr: q.2 + 2.0 * TAIL,
                },
            ))
        });
        Ok(Self {
            sides: sides.collect(),
        })
    }

    /// The largest TPR of any attack at this false-positive rate (clamped to [0, 1]); 1 for a rate
    /// that is no number.
    pub fn tpr_bound(&self, fpr: f64) -> f64 {
        if fpr.is_nan() {
            return 1.0;
        }
        let fpr = fpr.clamp(0.0, 1.0);
        self.sides
            .iter()
            .map(|side| match side {
                Curve::Gaussian(mu) => gaussian_tpr(*mu, fpr),
                Curve::Corners(corners) => interpolate(corners, fpr),
            })
            .fold(0.0, |worst, tpr| {
                if tpr > worst {
                    tpr
                } else if tpr.is_nan() {
                    1.0
                } else {
                    worst
                }
            })
    }

    /// The largest probability with which any attack reconstructs a record, where the best blind
    /// guess does so with probability `blind`: 1 − f(κ). See [`Risk`](crate::Risk) for what that
    /// says and why it holds.
    pub fn reconstruction_bound(&self, blind: f64) -> f64 {
        self.tpr_bound(blind)
    }

    /// f(α): the least false-negative rate at false-positive rate α.
    pub fn false_negative_bound(&self, alpha: f64) -> f64 {
        1.0 - self.tpr_bound(alpha)
    }
}

/// The TPR that (ε, δ) alone allows: min(e^ε·FPR + δ, 1 − e^(−ε)(1 − δ − FPR)), within [0, 1].
/// Looser than [`TradeOff`], which uses every δ at once.
pub fn tpr_bound_from_epsilon(epsilon: Epsilon, delta: Delta, fpr: f64) -> f64 {
    if fpr.is_nan() {
        return 1.0;
    }
    let fpr = fpr.clamp(0.0, 1.0);
    let (epsilon, delta) = (epsilon.get(), delta.get());
    // e^ε may be infinite, and is not to be multiplied by 0 then.
    let steep = if fpr > 0.0 {
        (epsilon + fpr.ln()).exp() + delta
    } else {
        delta
    };
    let flat = 1.0 - (-epsilon).exp() * (1.0 - delta - fpr);
    steep.min(flat).clamp(0.0, 1.0)
}

/// What is added to true and taken from false positives.
struct Margins {
    tpr: f64,
    fpr: f64,
}

/// Corners of the Neyman-Pearson ROC: reject for the largest losses first.
fn corners(p: (i64, Vec<f64>), q: (i64, Vec<f64>), margins: Margins) -> Vec<(f64, f64)> {
    if !(margins.tpr < 1.0 && margins.fpr < 1.0) {
        return vec![(0.0, 1.0), (1.0, 1.0)];
    }
    let span = |m: &(i64, Vec<f64>)| (m.0, m.0 + m.1.len() as i64);
    let (p_span, q_span) = (span(&p), span(&q));
    let at = |m: &(i64, Vec<f64>), k: i64| {
        usize::try_from(k - m.0)
            .ok()
            .and_then(|i| m.1.get(i))
            .copied()
            .unwrap_or(0.0)
    };
    let mut corners = vec![(0.0, margins.tpr)];
    let (mut fpr, mut tpr) = (0.0f64, margins.tpr);
    let mut k = p_span.1.max(q_span.1) - 1;
    let bottom = p_span.0.min(q_span.0);
    while k >= bottom {
        fpr += at(&q, k);
        tpr += at(&p, k);
        corners.push(((fpr - margins.fpr).max(0.0), tpr.min(1.0)));
        k -= 1;
        // Between windows that do not meet nothing changes.
        let (upper, lower) = if p_span.0 > q_span.0 {
            (p_span, q_span)
        } else {
            (q_span, p_span)
        };
        if k < upper.0 && k >= lower.1 {
            k = lower.1 - 1;
        }
    }
    corners.push((1.0, 1.0));
    corners
}

/// The ROC at `fpr`: chords between corners, which randomised tests reach.
fn interpolate(corners: &[(f64, f64)], fpr: f64) -> f64 {
    let after = corners.partition_point(|c| c.0 <= fpr);
    if after == corners.len() {
        return 1.0;
    }
    // The first corner is at 0, so one lies at or before any rate.
    let (a, b) = (corners[after.saturating_sub(1)], corners[after]);
    let share = if b.0 > a.0 {
        (fpr - a.0) / (b.0 - a.0)
    } else {
        1.0
    };
    a.1 + share * (b.1 - a.1)
}
