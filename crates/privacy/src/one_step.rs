//! One step of the sampled Gaussian in closed form.
//!
//! - Add or remove: sampling at rate q turns (ε₀, δ₀) into (ln(1 + q(e^ε₀ − 1)), qδ₀), and for the
//!   order that removes this is an equality at every ε ≥ 0 (Balle, Barthe, Gaboardi 2018, theorems
//!   8 and 9): P − e^εQ = q(N(1) − e^ε₀ N(0)).
//! - Replace one: P − e^εQ is positive where the loss exceeds ε, and the loss increases with the
//!   output, so δ(ε) = P(x > x₀) − e^ε Q(x > x₀) with x₀ the output of loss ε.

use crate::exact::{gaussian_epsilons, last_where};
use crate::law::{Law, Side};
use crate::normal::ln_cdf;
use crate::{Neighbour, SampledGaussian};

/// ε ≥ 0 at δ from below and from above.
pub(crate) fn one_step_epsilons(
    mechanism: SampledGaussian,
    delta: f64,
    neighbour: Neighbour,
) -> (f64, f64) {
    let sigma = mechanism.noise_multiplier.get();
    let rate = mechanism.sample_rate.get();
    match neighbour {
        Neighbour::AddRemove => sampled(sigma, rate, delta),
        Neighbour::ReplaceOne => replaced(
            &Law {
                sigma,
                rate,
                side: Side::Replace,
            },
            delta,
        ),
    }
}

/// What one rounding may change, with room to spare.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

fn sampled(sigma: f64, rate: f64, delta: f64) -> (f64, f64) {
    let inner = delta / rate;
    if inner > 1.0 {
        return (0.0, 0.0);
    }
    let amplified = |epsilon: f64| {
        if epsilon < 700.0 {
            (rate * epsilon.exp_m1()).ln_1p()
        } else {
            // Adding 1 − q to e^700·q changes nothing for any q that is a number.
            epsilon + rate.ln()
        }
    };
    let lower = amplified(gaussian_epsilons(1.0 / sigma, inner * (1.0 + ROUNDING)).0);
    let upper = amplified(gaussian_epsilons(1.0 / sigma, inner * (1.0 - ROUNDING)).1);
    // e^x carries the relative error of x times x; ln 1p gives it back at most in full.
    let share = |epsilon: f64| ROUNDING * (4.0 + epsilon.min(700.0) - rate.ln());
    (
        (lower * (1.0 - share(lower))).max(0.0),
        upper * (1.0 + share(upper)),
    )
}

fn replaced(law: &Law, delta: f64) -> (f64, f64) {
    let Law { sigma, rate, .. } = *law;
    let (ln_rate, ln_rest) = (rate.ln(), (-rate).ln_1p());
    // (δ, what rounding may have done to it). A wrong x₀ only lowers δ, and by the square of its
    // error: nothing beside the rest.
    let delta_of = |epsilon: f64| {
        let x = law.output(epsilon);
        let term = |ln_weight: f64, shift: f64| {
            let at = (x - shift) / sigma;
            let ln = ln_weight + ln_cdf(-at);
            let digits = 8.0 + ln.abs() + ln_weight.abs() + at * at + at.abs();
            (ln.exp(), ROUNDING * digits * ln.exp())
        };
        let ln_excess = if epsilon > 30.0 {
            epsilon + (-(-epsilon).exp()).ln_1p()
        } else {
            epsilon.exp_m1().ln()
        };
        let with = term(ln_rate, 1.0);
        // ln 0 marks a term that is not there.
        let none = (0.0, 0.0);
        let without = if epsilon > 0.0 && rate < 1.0 {
            term(ln_excess + ln_rest, 0.0)
        } else {
            none
        };
        let other = term(epsilon + ln_rate, -1.0);
        (with.0 - without.0 - other.0, with.1 + without.1 + other.1)
    };
    (
        last_where(1.0, |e| delta_of(e).0 - delta_of(e).1 >= delta).0,
        last_where(1.0, |e| !(delta_of(e).0 + delta_of(e).1 <= delta)).1,
    )
}
