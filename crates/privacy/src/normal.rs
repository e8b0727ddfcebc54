//! The standard normal distribution far into its tails, where most of privacy happens.

use std::f64::consts::{LN_2, PI, SQRT_2};

// Not statrs's erfc, whose relative error reaches 1e-10: ε at a tiny δ is read off these tails.
use libm::erfc;
use statrs::function::erf::erfc_inv;

/// Φ(x).
pub(crate) fn cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// Φ⁻¹(p), −∞ at 0 and +∞ at 1.
pub(crate) fn quantile(p: f64) -> f64 {
    if p <= 0.0 {
        f64::NEG_INFINITY
    } else if p >= 1.0 {
        f64::INFINITY
    } else {
        -SQRT_2 * erfc_inv(2.0 * p)
    }
}

/// ln φ(x), the log density.
pub(crate) fn ln_density(x: f64) -> f64 {
    -0.5 * x * x - 0.5 * (2.0 * PI).ln()
}

/// ln Φ(x), accurate in relative terms down to where Φ itself underflows and beyond.
pub(crate) fn ln_cdf(x: f64) -> f64 {
    if x > 0.0 {
        (-0.5 * erfc(x / SQRT_2)).ln_1p()
    } else if x > -30.0 {
        erfc(-x / SQRT_2).ln() - LN_2
    } else {
        // Asymptotic series of Mills' ratio; at |x| ≥ 30 five terms are exact to rounding.
        let r = 1.0 / (x * x);
        let series = -r * (1.0 - 3.0 * r * (1.0 - 5.0 * r * (1.0 - 7.0 * r)));
        ln_density(x) - (-x).ln() + series.ln_1p()
    }
}

/// ln(Φ(b) − Φ(a)) for a ≤ b, taken in the tail that cancels least; −∞ for an empty interval.
pub(crate) fn ln_interval(a: f64, b: f64) -> f64 {
    if a >= b {
        f64::NEG_INFINITY
    } else if b <= 0.0 {
        ln_sub(ln_cdf(b), ln_cdf(a))
    } else if a >= 0.0 {
        ln_sub(ln_cdf(-a), ln_cdf(-b))
    } else {
        (-(cdf(a) + cdf(-b))).ln_1p()
    }
}

/// ln(eᵃ + eᵇ).
pub(crate) fn ln_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        high
    } else {
        high + (low - high).exp().ln_1p()
    }
}

/// ln(eᵃ − eᵇ) for a ≥ b; −∞ where they are equal.
pub(crate) fn ln_sub(a: f64, b: f64) -> f64 {
    if b == f64::NEG_INFINITY {
        a
    } else if a <= b {
        f64::NEG_INFINITY
    } else {
        a + (-(b - a).exp_m1()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_cdf_matches_known_values() {
        // mpmath, 50 digits.
        for (x, expected) in [
            (-50.0, -1254.8313611394199),
            (-31.0, -484.85396362717927),
            (-30.0, -454.3212439563432),
            (-29.5, -439.42947460915025),
            (-20.0, -203.91715537109727),
            (-10.0, -53.23128515051247),
            (-5.5, -17.77937635262526),
            (-3.0, -6.607726221510349),
            (-1.0, -1.8410216450092636),
            (-0.25, -0.9130617648111351),
            (0.0, -std::f64::consts::LN_2),
            (0.5, -0.3689464152886564),
            (3.0, -0.0013508099647481938),
            (8.0, -6.220960574271786e-16),
        ] {
            let found = ln_cdf(x);
            assert!(
                (found - expected).abs() < 64.0 * f64::EPSILON * expected.abs(),
                "ln Φ({x}) = {found}"
            );
        }
    }

    #[test]
    fn intervals_add_up() {
        let edges = [-40.0, -9.0, -1.0, 0.0, 0.3, 5.0, 41.0];
        let sum: f64 = edges
            .windows(2)
            .map(|w| ln_interval(w[0], w[1]).exp())
            .sum();
        assert!((sum - 1.0).abs() < 1e-14);
    }

    #[test]
    fn quantile_inverts_the_cdf() {
        for p in [1e-12, 1e-5, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
            let back = cdf(quantile(p));
            assert!((back - p).abs() < 1e-9 * p, "{p} came back as {back}");
        }
    }
}
