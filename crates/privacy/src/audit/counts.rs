//! Lower bounds on ε from counts.

use serde::{Deserialize, Serialize};

use super::limits::{check_confidence, lower_limit, upper_limit};
use crate::{Delta, PrivacyError};

/// How often an attack said "yes" at one threshold, with and without the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttackCounts {
    /// Yes, where the target was there.
    pub true_positives: u64,
    /// Trials where the target was there.
    pub positives: u64,
    /// Yes, where the target was not there.
    pub false_positives: u64,
    /// Trials where the target was not there.
    pub negatives: u64,
}

impl AttackCounts {
    pub(super) fn check(&self) -> Result<(), PrivacyError> {
        for (what, successes, trials) in [
            ("true positives", self.true_positives, self.positives),
            ("false positives", self.false_positives, self.negatives),
        ] {
            if trials == 0 || successes > trials {
                return Err(PrivacyError::Counts {
                    what,
                    successes,
                    trials,
                });
            }
        }
        Ok(())
    }

    /// (lower limit of the TPR, upper limit of the FPR), each wrong with probability `share`.
    pub(super) fn limits(&self, share: f64) -> (f64, f64) {
        (
            lower_limit(self.true_positives, self.positives, share),
            upper_limit(self.false_positives, self.negatives, share),
        )
    }

    /// The counts of the test for the target's absence: "no" where this one says "yes".
    pub(super) fn swapped(&self) -> Self {
        Self {
            true_positives: self.negatives - self.false_positives,
            positives: self.negatives,
            false_positives: self.positives - self.true_positives,
            negatives: self.positives,
        }
    }
}

/// An ε that the mechanism provably exceeds, at the stated confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditBound {
    /// The bound, 0 where the attack shows nothing.
    pub epsilon: f64,
    /// The threshold that gave it, as an index into the counts.
    pub threshold: Option<usize>,
    /// The probability, at least, that the bound is true.
    pub confidence: f64,
    /// How many limits share the remaining probability.
    pub limits: usize,
}

/// The largest of ln((TPR − δ)/FPR) and ln((TNR − δ)/FNR) over thresholds, with Clopper-Pearson
/// limits in place of the rates.
///
/// Each threshold uses four one-sided limits, and 1 − `confidence` is shared equally among all of
/// them (Bonferroni), so the bound holds however the thresholds were fixed, as long as that was
/// not done by looking at these counts. The trials must be independent.
///
/// # Errors
/// [`PrivacyError::Empty`] without counts, [`PrivacyError::Counts`] where they contradict
/// themselves, [`PrivacyError::OutOfRange`] for a confidence outside (0, 1).
pub fn epsilon_lower_bound(
    counts: &[AttackCounts],
    delta: Delta,
    confidence: f64,
) -> Result<AuditBound, PrivacyError> {
    check_confidence(confidence)?;
    if counts.is_empty() {
        return Err(PrivacyError::Empty {
            what: "list of attack counts",
            hint: "give the counts of at least one threshold",
        });
    }
    let limits = 4 * counts.len();
    let share = (1.0 - confidence) / limits as f64;
    let mut best = AuditBound {
        epsilon: 0.0,
        threshold: None,
        confidence,
        limits,
    };
    for (index, c) in counts.iter().enumerate() {
        c.check()?;
        for (hit, miss) in [c.limits(share), c.swapped().limits(share)] {
            let epsilon = epsilon_of(hit, miss, delta.get());
            if epsilon > best.epsilon {
                best.epsilon = epsilon;
                best.threshold = Some(index);
            }
        }
    }
    Ok(best)
}

/// ln((TPR − δ)/FPR), which ε is not below; 0 where that is no claim.
pub(super) fn epsilon_of(tpr: f64, fpr: f64, delta: f64) -> f64 {
    let excess = tpr - delta;
    // An upper limit is never 0, so the ratio is finite.
    if excess > fpr {
        (excess / fpr).ln()
    } else {
        0.0
    }
}
