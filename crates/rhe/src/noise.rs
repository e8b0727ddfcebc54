//! How large the noise of a product is, and how likely it is to change a message.
//!
//! One encryption's noise coefficients e are independent, symmetric, bounded by 2^b and of
//! variance σ² = (2^(2b+1) + 1)/6. A logit adds them up with integer factors: its noise is
//! Σ x̂_j·e_j + β·e', of variance **σ²·(‖x̂‖² + β²)**. A uniform law on an interval is strictly
//! sub-Gaussian (its variance is its variance proxy), so the tail is bounded, not estimated:
//! P(|noise| ≥ t) ≤ 2·exp(−t²/(2·variance)). The endpoints' half weight adds to the proxy less
//! than a part in 2^17, which [`log2_failure`] includes.

use crate::parameters::noise_variance;
use std::f64::consts::LN_2;

/// Variance of a logit's noise for ‖x̂‖² + β² = `norm`, in units of 1/q squared.
pub fn product_variance(norm: f64) -> f64 {
    noise_variance() * norm
}

/// Base-2 logarithm of a bound on the probability that noise moves a message by Δ/2 or more.
pub fn log2_failure(norm: f64, delta: u64) -> f64 {
    if norm <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let proxy = product_variance(norm) * (1.0 + 2f64.powi(-16));
    let half = delta as f64 / 2.0;
    1.0 - half * half / (2.0 * proxy * LN_2)
}

/// The distance that noise stays below but for a probability of 2^`log2_probability`.
pub fn tail(norm: f64, log2_probability: f64) -> f64 {
    let proxy = product_variance(norm) * (1.0 + 2f64.powi(-16));
    (2.0 * proxy * LN_2 * (1.0 - log2_probability)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_and_the_failure_are_inverses() {
        for norm in [1.0, 1e4, 1e7] {
            let delta = (2.0 * tail(norm, -64.0)) as u64;
            assert!((log2_failure(norm, delta) + 64.0).abs() < 1e-3);
            assert!(log2_failure(norm, delta * 2) < -250.0);
        }
    }
}
