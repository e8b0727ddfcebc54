//! Intervals for rates and means, with the victim as the unit.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::beta_reg;

use crate::EvaluationError;

/// An estimate with its two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Independent units behind it.
    pub n: usize,
}

/// The exact (Clopper-Pearson 1934) interval of a proportion from `k` successes in `n` independent
/// trials, at confidence `level`: its ends are quantiles of Beta(k, n−k+1) and Beta(k+1, n−k).
///
/// # Errors
/// If `n` is 0, `k > n` or `level` is not within (0, 1).
pub fn clopper_pearson(k: u64, n: u64, level: f64) -> Result<(f64, f64), EvaluationError> {
    check_level(level)?;
    if n == 0 || k > n {
        return Err(EvaluationError::OutOfRange {
            name: "successes",
            value: k as f64,
            expected: "at most the number of trials, of which there is at least one",
        });
    }
    Ok(beta_interval(k as f64, n as f64, level))
}

/// A proportion whose trials come in clusters, with an interval that knows it.
///
/// `clusters` holds (successes, trials) of each unit. The variance of the ratio is the linearised
/// between-cluster one; the interval is Clopper-Pearson's at the effective number of trials that has
/// this variance (Korn and Graubard 1998). Where no variance can be seen (all or no successes) the
/// effective number is that of the clusters: the cautious reading.
///
/// # Errors
/// If there is no trial, a cluster has more successes than trials, or `level` is not within (0, 1).
pub fn cluster_proportion(
    clusters: impl Iterator<Item = (u64, u64)> + Clone,
    level: f64,
) -> Result<Interval, EvaluationError> {
    check_level(level)?;
    let (mut units, mut successes, mut trials) = (0_usize, 0_u64, 0_u64);
    for (k, n) in clusters.clone() {
        if k > n {
            return Err(EvaluationError::OutOfRange {
                name: "successes",
                value: k as f64,
                expected: "at most the trials of its unit",
            });
        }
        units += 1;
        successes += k;
        trials += n;
    }
    if trials == 0 {
        return Err(EvaluationError::NoScores { side: "victims" });
    }
    let value = successes as f64 / trials as f64;
    let residuals: f64 = clusters
        .map(|(k, n)| (k as f64 - value * n as f64).powi(2))
        .sum();
    let correction = if units > 1 {
        units as f64 / (units - 1) as f64
    } else {
        1.0
    };
    let variance = correction * residuals / (trials as f64).powi(2);
    let (lo, hi) = proportion_ends(value, variance, units, trials as usize, level);
    Ok(Interval {
        value,
        lo,
        hi,
        n: units,
    })
}

/// The mean of independent values, one a victim, with Student's t interval.
///
/// One value alone has no interval: its ends are infinite.
///
/// # Errors
/// If there is no value, one is not finite, or `level` is not within (0, 1).
pub fn mean_interval(values: &[f64], level: f64) -> Result<Interval, EvaluationError> {
    check_level(level)?;
    if values.is_empty() {
        return Err(EvaluationError::NoScores { side: "victims" });
    }
    if let Some(entry) = values.iter().position(|value| !value.is_finite()) {
        let value = values[entry];
        return Err(EvaluationError::NotFinite {
            side: "victims",
            unit: entry,
            entry: 0,
            value,
        });
    }
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let half_width = if n == 1 {
        f64::INFINITY
    } else {
        let sum_sq: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = (sum_sq / (n - 1) as f64 / n as f64).sqrt();
        student_quantile((n - 1) as f64, 0.5 + level / 2.0) * standard_error
    };
    Ok(Interval {
        value: mean,
        lo: mean - half_width,
        hi: mean + half_width,
        n,
    })
}

/// Ends for a proportion of known sampling variance: Clopper-Pearson's at the effective size, which
/// lies between 1 and the number of trials.
pub(crate) fn proportion_ends(
    value: f64,
    variance: f64,
    units: usize,
    trials: usize,
    level: f64,
) -> (f64, f64) {
    let spread = value * (1.0 - value);
    let effective = if spread <= 0.0 {
        units as f64
    } else if variance <= 0.0 {
        trials as f64
    } else {
        (spread / variance).clamp(1.0, trials as f64)
    };
    beta_interval(value * effective, effective, level)
}

/// Ends for a probability that is not a share of trials (an AUC): normal on the logit, with the
/// spread carried over by the delta method. Where no variance can be seen it is read as a share of
/// the units.
pub(crate) fn logit_ends(value: f64, variance: f64, units: usize, level: f64) -> (f64, f64) {
    let spread = value * (1.0 - value);
    if spread <= 0.0 || variance <= 0.0 {
        return beta_interval(value * units as f64, units as f64, level);
    }
    let half_width = Normal::standard().inverse_cdf(0.5 + level / 2.0) * variance.sqrt() / spread;
    let logit = (value / (1.0 - value)).ln();
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    (logistic(logit - half_width), logistic(logit + half_width))
}

pub(crate) fn check_level(level: f64) -> Result<(), EvaluationError> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(EvaluationError::OutOfRange {
        name: "confidence level",
        value: level,
        expected: "a number between 0 and 1, both excluded",
    })
}

/// Clopper-Pearson's ends for `k` successes in `n` trials, either of which may be fractional.
fn beta_interval(k: f64, n: f64, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    let failures = (n - k).max(0.0);
    let lo = if k <= 0.0 {
        0.0
    } else {
        beta_quantile(k, failures + 1.0, tail)
    };
    let hi = if failures <= 0.0 {
        1.0
    } else {
        beta_quantile(k + 1.0, failures, 1.0 - tail)
    };
    (lo, hi)
}

/// Quantile of Beta(a, b), to the last bit, by halving: statrs's own inverse (algorithm AS 64)
/// starts no lower than 1e-4 and never returns for some ten million trials.
fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut lo, mut hi) = (0.0_f64, 1.0_f64);
    // A small quantile has its exponent found first, then its digits.
    for _ in 0..200 {
        let middle = 0.5 * (lo + hi);
        if middle <= lo || middle >= hi {
            break;
        }
        if beta_reg(a, b, middle) < p {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    0.5 * (lo + hi)
}

fn student_quantile(freedom: f64, p: f64) -> f64 {
    // The constructor fails for a freedom that is not positive; callers have at least 1.
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |t| t.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of scipy 1.15's and 1.17's `binomtest(k, n).proportion_ci(method="exact")`.
    #[test]
    fn clopper_pearson_matches_scipy() {
        let known = [
            (0, 10, 0.95, 0.0, 0.30849710781876294),
            (10, 10, 0.95, 0.6915028921812371, 1.0),
            (1, 1000, 0.95, 2.5317487491674634e-05, 0.0055589242798499),
            (50, 5000, 0.95, 0.0074310469990021095, 0.013162738260201258),
            (367, 500, 0.95, 0.6929587643743689, 0.7722488501404283),
            (3, 7, 0.99, 0.055299349980557536, 0.8822962483310521),
            (4999, 5000, 0.9, 0.999051582229991, 0.9999897413937379),
            (
                5,
                1_000_000,
                0.95,
                1.6234883187096884e-06,
                1.1668293175240655e-05,
            ),
            (
                990_000,
                1_000_000,
                0.99,
                0.9897408656979987,
                0.9902544602012431,
            ),
            (1, 2, 0.9, 0.025320565519103604, 0.9746794344808964),
            (
                12_345,
                10_000_000,
                0.95,
                0.0012128311824041137,
                0.0012564584128000695,
            ),
        ];
        for (k, n, level, lo, hi) in known {
            let ends = clopper_pearson(k, n, level).unwrap();
            assert!((ends.0 - lo).abs() < 1e-10, "{k}/{n}: {ends:?}");
            assert!((ends.1 - hi).abs() < 1e-10, "{k}/{n}: {ends:?}");
        }
    }

    #[test]
    fn one_trial_a_cluster_is_clopper_pearson() {
        let clusters = (0..200_u64).map(|i| (u64::from(i < 30), 1_u64));
        let interval = cluster_proportion(clusters, 0.95).unwrap();
        let exact = clopper_pearson(30, 200, 0.95).unwrap();
        // The sample variance has n − 1, so the effective size is 199 and not 200.
        assert!((interval.lo - exact.0).abs() < 5e-4 && (interval.hi - exact.1).abs() < 5e-4);
        assert_eq!(interval.n, 200);
    }

    #[test]
    fn clusters_that_agree_within_count_once() {
        let whole = (0..100_u64).map(|i| (if i < 40 { 10 } else { 0 }, 10_u64));
        let single = (0..100_u64).map(|i| (u64::from(i < 40), 1_u64));
        let whole = cluster_proportion(whole, 0.95).unwrap();
        let single = cluster_proportion(single, 0.95).unwrap();
        assert!((whole.lo - single.lo).abs() < 1e-12 && (whole.hi - single.hi).abs() < 1e-12);
    }

    #[test]
    fn no_success_in_any_cluster_still_has_an_upper_end() {
        let interval = cluster_proportion((0..500).map(|_| (0, 10)), 0.95).unwrap();
        let exact = clopper_pearson(0, 500, 0.95).unwrap();
        assert_eq!((interval.lo, interval.hi), exact);
    }

    #[test]
    fn student_interval_of_a_small_sample() {
        // scipy.stats.t.ppf(.975, 4) = 2.7764451051977987; sd of 1..5 is sqrt(2.5).
        let interval = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        let half_width = 2.776_445_105_197_799 * (2.5_f64 / 5.0).sqrt();
        assert!((interval.hi - 3.0 - half_width).abs() < 1e-8);
        assert!((3.0 - interval.lo - half_width).abs() < 1e-8);
    }

    #[test]
    fn bad_input_is_an_error() {
        assert!(clopper_pearson(3, 2, 0.95).is_err());
        assert!(clopper_pearson(0, 0, 0.95).is_err());
        assert!(clopper_pearson(1, 2, 1.0).is_err());
        assert!(clopper_pearson(1, 2, f64::NAN).is_err());
        assert!(mean_interval(&[], 0.95).is_err());
        assert!(mean_interval(&[1.0, f64::NAN], 0.95).is_err());
        assert!(cluster_proportion([(2, 1)].into_iter(), 0.95).is_err());
        assert!(cluster_proportion(std::iter::empty(), 0.95).is_err());
    }
}
