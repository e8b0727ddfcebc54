//! Auditing with one training run (Steinke, Nasr, Jagielski 2023).
//!
//! Each of m records enters the run's training set by its own fair coin. From the one release the
//! auditor guesses r of the coins, abstaining on the others, and is right v times. Were the run
//! (ε, δ)-differentially private under adding or removing a record, then with p = e^ε/(1 + e^ε)
//!
//! P[V ≥ v] ≤ P[B ≥ v] + 2mδ·max_{1≤i≤v} P[v > B ≥ v − i]/i,  B ~ Binomial(r, p)
//!
//! (their main theorem): each guess about a coin is right at most as often as randomised response
//! would be, given all coins before it, and δ can raise the count by i only at the price of i. An ε
//! at which this is below 1 − confidence is therefore exceeded.

use serde::{Deserialize, Serialize};

use super::limits::{at_least, check_confidence};
use crate::PrivacyError;

/// Guesses about one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneRun {
    /// m, records whose membership a fair coin decided.
    pub records: u64,
    /// r, guesses made.
    pub guesses: u64,
    /// v, guesses that were right.
    pub right: u64,
}

impl OneRun {
    fn check(&self) -> Result<(), PrivacyError> {
        for (what, successes, trials) in [
            ("guesses", self.guesses, self.records),
            ("right guesses", self.right, self.guesses),
        ] {
            if successes > trials || self.records == 0 {
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

/// The largest probability with which a run that is (ε, δ)-differentially private under
/// `add_remove` leads to as many right guesses; δ may be 0.
///
/// # Errors
/// [`PrivacyError::Counts`] where the counts contradict themselves.
pub fn one_run_p_value(run: OneRun, epsilon: f64, delta: f64) -> Result<f64, PrivacyError> {
    run.check()?;
    let OneRun {
        records,
        guesses,
        right,
    } = run;
    let p = 1.0 / (1.0 + (-epsilon).exp());
    let above = at_least(right, guesses, p);
    let mut worst = 0.0;
    if delta > 0.0 {
        // P[v > B ≥ v − i] climbs to P[v > B], which divided by i is as small as 1/i: from where
        // that is below the largest found, the rest need not be looked at.
        for i in 1..=right {
            let between = at_least(right - i, guesses, p) - above;
            worst = f64::max(worst, between / i as f64);
            if (1.0 - above) / i as f64 <= worst {
                break;
            }
        }
    }
    let bound = above + 2.0 * records as f64 * delta * worst;
    Ok(if bound <= 1.0 { bound } else { 1.0 })
}

/// The largest ε that the guesses refute at this confidence; 0 where they refute none.
///
/// # Errors
/// [`PrivacyError::Counts`] where the counts contradict themselves, [`PrivacyError::OutOfRange`]
/// for a confidence outside (0, 1).
pub fn one_run_epsilon(run: OneRun, delta: f64, confidence: f64) -> Result<f64, PrivacyError> {
    check_confidence(confidence)?;
    let refuted = |epsilon: f64| -> Result<bool, PrivacyError> {
        Ok(one_run_p_value(run, epsilon, delta)? < 1.0 - confidence)
    };
    if !refuted(0.0)? {
        return Ok(0.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    while refuted(high)? {
        (low, high) = (high, 2.0 * high);
        // Past this p is 1 to the last digit, and every count of right guesses is likely.
        if high > 64.0 {
            break;
        }
    }
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if refuted(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_a_direct_evaluation_of_the_theorem() -> Result<(), PrivacyError> {
        // Python with scipy 1.17.1's binom, the theorem's sums term by term.
        for (records, guesses, right, delta, expected) in [
            (1000, 100, 95, 0.0, 2.172_434_043_192_899),
            (1000, 100, 95, 1e-5, 2.165_175_799_714_052),
            (1000, 1000, 700, 1e-5, 0.731_740_449_418_691_9),
            (100, 100, 100, 1e-5, 3.490_215_955_326_397),
            (100, 100, 100, 0.0, 3.492_965_431_152_293_7),
            (10_000, 500, 490, 1e-6, 3.352_306_415_763_617_8),
            (50, 30, 25, 1e-3, 0.707_714_790_530_063_8),
            (20, 20, 12, 1e-5, 0.0),
        ] {
            let run = OneRun {
                records,
                guesses,
                right,
            };
            let found = one_run_epsilon(run, delta, 0.95)?;
            assert!(
                (found - expected).abs() < 1e-6,
                "{run:?}, δ {delta}: {found}, {expected}"
            );
        }
        Ok(())
    }

    #[test]
    fn guesses_no_better_than_coins_show_nothing() -> Result<(), PrivacyError> {
        let run = OneRun {
            records: 1000,
            guesses: 1000,
            right: 500,
        };
        assert_eq!(one_run_epsilon(run, 1e-5, 0.95)?, 0.0);
        assert_eq!(one_run_epsilon(run, 0.0, 0.95)?, 0.0);
        let impossible = OneRun { right: 1001, ..run };
        assert!(one_run_epsilon(impossible, 1e-5, 0.95).is_err());
        Ok(())
    }
}
