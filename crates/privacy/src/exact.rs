//! The Gaussian mechanism without sampling, in closed form.
//!
//! N(μ, 1) against N(0, 1): δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ) (Balle, Wang 2018), and the
//! largest TPR at FPR f is Φ(Φ⁻¹(f) + μ) (Dong, Roth, Su 2022). T steps of noise σ with q = 1 have
//! μ = √T/σ when a record is added or removed, 2√T/σ when one is replaced.

use crate::Delta;
use crate::normal::{cdf, ln_cdf, ln_sub, quantile};

/// δ at ε ≥ 0 of a Gaussian mechanism with parameter μ > 0.
pub fn gaussian_delta(mu: f64, epsilon: f64) -> f64 {
    let first = ln_cdf(mu / 2.0 - epsilon / mu);
    let second = epsilon + ln_cdf(-mu / 2.0 - epsilon / mu);
    ln_sub(first, second).exp()
}

/// The smallest ε ≥ 0 at δ of a Gaussian mechanism with parameter μ > 0.
pub fn gaussian_epsilon(mu: f64, delta: Delta) -> f64 {
    let target = delta.get();
    if gaussian_delta(mu, 0.0) <= target {
        return 0.0;
    }
    // δ(ε) ≤ P(L > ε), so the loss's own quantile is enough.
    let mut high = mu * (mu / 2.0 - quantile(target)).max(0.0) + mu;
    let mut low = 0.0;
    while high - low > 1e-13 * high {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if gaussian_delta(mu, middle) > target {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The largest TPR that any test reaches at a false-positive rate, for parameter μ.
pub fn gaussian_tpr(mu: f64, fpr: f64) -> f64 {
    cdf(quantile(fpr) + mu)
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
}
