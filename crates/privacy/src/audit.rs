//! What an attack has shown: an empirical lower bound on ε.

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

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
    fn check(&self) -> Result<(), PrivacyError> {
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
        let tpr = lower_limit(c.true_positives, c.positives, share);
        let fpr = upper_limit(c.false_positives, c.negatives, share);
        let tnr = lower_limit(c.negatives - c.false_positives, c.negatives, share);
        let fnr = upper_limit(c.positives - c.true_positives, c.positives, share);
        for (hit, miss) in [(tpr, fpr), (tnr, fnr)] {
            let excess = hit - delta.get();
            // An upper limit is never 0, so the ratio is finite.
            if excess > 0.0 && (excess / miss).ln() > best.epsilon {
                best.epsilon = (excess / miss).ln();
                best.threshold = Some(index);
            }
        }
    }
    Ok(best)
}

/// The two-sided Clopper-Pearson interval of a rate: `successes` of `trials` at `confidence`.
///
/// # Errors
/// [`PrivacyError::Counts`] without trials or with more successes than trials;
/// [`PrivacyError::OutOfRange`] for a confidence outside (0, 1).
pub fn clopper_pearson(
    successes: u64,
    trials: u64,
    confidence: f64,
) -> Result<(f64, f64), PrivacyError> {
    check_confidence(confidence)?;
    if trials == 0 || successes > trials {
        return Err(PrivacyError::Counts {
            what: "successes",
            successes,
            trials,
        });
    }
    let share = (1.0 - confidence) / 2.0;
    Ok((
        lower_limit(successes, trials, share),
        upper_limit(successes, trials, share),
    ))
}

fn check_confidence(confidence: f64) -> Result<(), PrivacyError> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(PrivacyError::OutOfRange {
        what: "confidence",
        value: confidence,
        expected: "a number strictly between 0 and 1",
        hint: "0.95 is usual",
    })
}

/// The p at which `successes` or more of `trials` have probability `share`.
fn lower_limit(successes: u64, trials: u64, share: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    let (a, b) = (successes as f64, (trials - successes + 1) as f64);
    invert_beta(a, b, share).0
}

/// The p at which `successes` or fewer of `trials` have probability `share`.
fn upper_limit(successes: u64, trials: u64, share: f64) -> f64 {
    1.0 - lower_limit(trials - successes, trials, share)
}

/// The bracket, one rounding wide, of x with I_x(a, b) = p.
fn invert_beta(a: f64, b: f64, p: f64) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_reg(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, high)
}
