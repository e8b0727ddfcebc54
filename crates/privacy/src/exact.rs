//! Mechanisms whose guarantee has a closed form: the Gaussian without sampling.
//!
//! N(μ, 1) against N(0, 1): δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ) (Balle, Wang 2018), and the
//! largest TPR at FPR f is Φ(Φ⁻¹(f) + μ) (Dong, Roth, Su 2022). T steps of noise σ with q = 1 have
//! μ = √T/σ when a record is added or removed, 2√T/σ when one is replaced.
//!
//! "Closed" is not "without rounding": where the two terms cancel, few digits of δ are left. So ε
//! is looked for between a δ that is too small and one that is too large by what rounding may do.

use crate::Delta;
use crate::normal::{cdf, ln_cdf, ln_sub, quantile};

/// δ at ε ≥ 0 of a Gaussian mechanism with parameter μ ≥ 0.
pub fn gaussian_delta(mu: f64, epsilon: f64) -> f64 {
    if mu == 0.0 {
        return 0.0;
    }
    let (first, second) = ln_terms(mu, epsilon);
    ln_sub(first, second).exp()
}

/// The smallest ε ≥ 0 at δ of a Gaussian mechanism with parameter μ ≥ 0, rounded up; ∞ where it
/// is beyond every number.
pub fn gaussian_epsilon(mu: f64, delta: Delta) -> f64 {
    gaussian_epsilons(mu, delta.get()).1
}

/// The largest TPR that any test reaches at a false-positive rate, for parameter μ.
pub fn gaussian_tpr(mu: f64, fpr: f64) -> f64 {
    if mu == 0.0 {
        fpr
    } else if fpr <= 0.0 {
        // Also where μ = ∞, whose sum with −∞ is no number.
        0.0
    } else {
        cdf(quantile(fpr) + mu)
    }
}

/// The logarithms of the two terms of δ.
fn ln_terms(mu: f64, epsilon: f64) -> (f64, f64) {
    let (half, slope) = (mu / 2.0, epsilon / mu);
    (ln_cdf(half - slope), epsilon + ln_cdf(-half - slope))
}

/// ε from below and from above at a δ that need not be in (0, 1).
pub(crate) fn gaussian_epsilons(mu: f64, delta: f64) -> (f64, f64) {
    /// Past this μ²/2 overflows.
    const LARGEST: f64 = 1e150;
    if mu == 0.0 {
        return (0.0, 0.0);
    }
    if mu.is_nan() || mu > LARGEST {
        return (0.0, f64::INFINITY);
    }
    // (δ, what rounding may have done to it).
    let delta_of = |epsilon: f64| {
        let (first, second) = ln_terms(mu, epsilon);
        let (half, slope) = (mu / 2.0, epsilon / mu);
        // The arguments are rounded, and ln Φ falls as fast as they are large.
        let arguments = (half + slope) * ((half - slope).abs() + half + slope + 2.0);
        let digits = 8.0 + first.abs() + second.abs() + 2.0 * epsilon + arguments;
        let doubt = 4.0 * f64::EPSILON * digits * first.exp();
        (ln_sub(first, second).exp(), doubt)
    };
    // δ(ε) ≤ P(L > ε), so the loss's own quantile is about enough.
    let start = mu * (mu / 2.0 - quantile(delta)).max(0.0) + mu;
    (
        last_where(start, |e| delta_of(e).0 - delta_of(e).1 >= delta).0,
        last_where(start, |e| !(delta_of(e).0 + delta_of(e).1 <= delta)).1,
    )
}

/// The bracket, about one rounding wide, of the ε ≥ 0 past which `holds` holds no more, for a
/// condition that holds up to there; (0, 0) where it never does, (·, ∞) where it always does.
pub(crate) fn last_where(start: f64, holds: impl Fn(f64) -> bool) -> (f64, f64) {
    if !holds(0.0) {
        return (0.0, 0.0);
    }
    let (mut low, mut high) = (0.0, start);
    while holds(high) {
        if !high.is_finite() {
            return (low, f64::INFINITY);
        }
        (low, high) = (high, 2.0 * high);
    }
    // Halving a bracket that begins at 0 must get through the exponents first.
    for _ in 0..1_200 {
        let middle = low + 0.5 * (high - low);
        if high - low <= 1e-15 * high || middle <= low || middle >= high {
            break;
        }
        if holds(middle) {
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

    #[test]
    fn epsilon_inverts_delta() -> Result<(), crate::PrivacyError> {
        for mu in [1e-3, 0.1, 1.0, 7.0, 5000.0] {
            for delta in [1e-12, 1e-5, 0.01, 0.1] {
                let delta = Delta::new(delta)?;
                let epsilon = gaussian_epsilon(mu, delta);
                assert!(epsilon.is_finite() && epsilon >= 0.0);
                if epsilon > 0.0 {
                    let back = gaussian_delta(mu, epsilon);
                    assert!(
                        (back / delta.get() - 1.0).abs() < 1e-6,
                        "μ {mu}, δ {delta}: ε {epsilon} gives {back}"
                    );
                }
            }
        }
        Ok(())
    }

    #[test]
    fn no_noise_and_no_signal_have_their_limits() -> Result<(), crate::PrivacyError> {
        let delta = Delta::new(1e-9)?;
        assert_eq!(gaussian_epsilon(0.0, delta), 0.0);
        assert_eq!(gaussian_epsilon(1e-200, delta), 0.0);
        assert_eq!(gaussian_epsilon(f64::INFINITY, delta), f64::INFINITY);
        assert_eq!(gaussian_epsilon(1e200, delta), f64::INFINITY);
        assert_eq!(gaussian_tpr(f64::INFINITY, 0.0), 0.0);
        assert_eq!(gaussian_tpr(f64::INFINITY, 0.1), 1.0);
        assert_eq!(gaussian_tpr(0.0, 0.1), 0.1);
        Ok(())
    }
}
