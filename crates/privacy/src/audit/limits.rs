//! Exact limits of a rate (Clopper, Pearson 1934).

use statrs::function::beta::beta_reg;

use crate::PrivacyError;

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

pub(super) fn check_confidence(confidence: f64) -> Result<(), PrivacyError> {
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
pub(super) fn lower_limit(successes: u64, trials: u64, share: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    let (a, b) = (successes as f64, (trials - successes + 1) as f64);
    invert_beta(a, b, share).0
}

/// The p at which `successes` or fewer of `trials` have probability `share`.
pub(super) fn upper_limit(successes: u64, trials: u64, share: f64) -> f64 {
    if successes == trials {
        return 1.0;
    }
    let (a, b) = ((successes + 1) as f64, (trials - successes) as f64);
    invert_beta(a, b, 1.0 - share).1
}

/// P[Binomial(trials, p) ≥ successes].
pub(super) fn at_least(successes: u64, trials: u64, p: f64) -> f64 {
    if successes == 0 {
        1.0
    } else {
        beta_reg(successes as f64, (trials - successes + 1) as f64, p)
    }
}

/// The bracket, one rounding wide, of x with I_x(a, b) = p. By halving: statrs's own inverse
/// (algorithm AS 64) starts no lower than 1e-4 and never returns for some ten million trials.
fn invert_beta(a: f64, b: f64, p: f64) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 1.0);
    // Halving must get through the exponents of a small quantile, then through its digits.
    for _ in 0..200 {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1's `beta.ppf(share, k, n - k + 1)`.
    #[test]
    fn limits_are_scipys() {
        for (successes, trials, share, expected) in [
            (3, 50, 0.025, 0.012_548_587_835_334_06),
            (1, 100, 0.012_5, 0.000_125_779_911_112_214_93),
            (100_000, 100_000, 0.012_5, 0.999_956_180_693_747_1),
            (1, 1_000_000, 1e-4, 1.000_050_003_283_577_4e-10),
            (999_999, 1_000_000, 0.005, 0.999_992_569_894_388),
            (920_000, 1_000_000, 0.012_5, 0.919_389_874_044_133_2),
            (500, 1_000_000, 0.025, 0.000_457_138_148_558_474_55),
            (7, 10, 1e-6, 0.072_101_970_281_599_73),
            (2, 3, 0.4, 0.432_931_077_147_731_77),
            (50_000, 100_000, 1e-9, 0.490_512_512_167_237_96),
            (1, 1, 0.05, 0.05),
            (17, 100_000_000, 0.01, 8.894_573_777_772_154e-8),
        ] {
            let found = lower_limit(successes, trials, share);
            assert!(
                (found / expected - 1.0).abs() < 1e-7,
                "{successes} of {trials} at {share}: {found}, scipy {expected}"
            );
            // The upper limit of the failures is its mirror image.
            let mirrored = 1.0 - upper_limit(trials - successes, trials, share);
            assert!(
                (mirrored - expected).abs() < 1e-12 + 1e-9 * expected,
                "{mirrored}"
            );
        }
    }
}
