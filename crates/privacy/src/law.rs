//! Pairs of output distributions that neighbours lead to, and their privacy loss.

use spec::Neighbour;

use crate::SampledGaussian;
use crate::normal::{ln_add, ln_density, ln_interval, quantile};

/// How far one record can move the sum, in clipping norms.
pub(crate) fn sensitivity(neighbour: Neighbour) -> f64 {
    match neighbour {
        Neighbour::AddRemove => 1.0,
        Neighbour::ReplaceOne => 2.0,
    }
}

/// The ordered pairs whose worst is the relation's guarantee.
///
/// One step's output, in units of the clipping norm and along the worst direction, is a draw from
/// a mixture of Gaussians of standard deviation σ. The pairs below dominate every pair that
/// neighbouring data sets lead to, whatever the other records and earlier outputs are, so their
/// T-fold product dominates T adaptive steps (Zhu, Dong, Wang 2022, theorem 10). For `add_remove`
/// they are (1−q)N(0) + qN(1) against N(0), in both orders.
///
/// `replace_one` is the relation of an attack that is judged against the same training set with
/// its target replaced. There the pair is (1−q)N(0) + qN(1) against (1−q)N(0) + qN(−1). Why it is
/// the worst: for α = e^ε ≥ 1 and clipped vectors g, g′ the hockey-stick divergence is
/// q·E[(L_g − αL_g′ − (1−q)(α−1)/q)₊] over N(0, σ²I), with L_g = exp(⟨g,x⟩/σ² − |g|²/2σ²): the
/// price of a spread option on two log-normal martingales. It is convex, so it grows when |g|
/// and |g′| grow to 1 with ⟨g,g′⟩ fixed (a martingale step), and it is submodular, so it then
/// grows as ⟨g,g′⟩ falls to −1. Below α = 1 swap the two.
pub(crate) fn sides(neighbour: Neighbour) -> &'static [Side] {
    match neighbour {
        Neighbour::AddRemove => &[Side::Remove, Side::Add],
        // The pair is its own mirror image, so one order is enough.
        Neighbour::ReplaceOne => &[Side::Replace],
    }
}

/// An ordered pair (P, Q).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// P has the record, Q does not.
    Remove,
    /// Q has the record, P does not.
    Add,
    /// Both have a record, pulling opposite ways.
    Replace,
}

/// The pair of one step: P = (1−a)N(0,σ²) + aN(1,σ²) and Q = (1−b)N(0,σ²) + bN(−1,σ²), with
/// (a, b) = (q, 0), (0, q) or (q, q). The loss ln P/Q increases in x for all three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Law {
    pub sigma: f64,
    pub rate: f64,
    pub side: Side,
}

impl Law {
    /// The ordered pair of one step.
    pub fn new(step: SampledGaussian, side: Side) -> Self {
        Self {
            sigma: step.noise_multiplier.get(),
            rate: step.sample_rate.get(),
            side,
        }
    }

    /// (a, b).
    fn weights(&self) -> (f64, f64) {
        match self.side {
            Side::Remove => (self.rate, 0.0),
            Side::Add => (0.0, self.rate),
            Side::Replace => (self.rate, self.rate),
        }
    }

    /// ln(1 − q + q·e^((2x−1)/2σ²)): the log ratio of the mixture with weight q to N(0).
    fn ln_ratio(&self, q: f64, x: f64) -> f64 {
        let z = (2.0 * x - 1.0) / (2.0 * self.sigma * self.sigma);
        if q == 0.0 {
            0.0
        } else if z > 30.0 {
            z + q.ln() + ((1.0 - q) / q * (-z).exp()).ln_1p()
        } else if q == 1.0 {
            z
        } else {
            (q * z.exp_m1()).ln_1p()
        }
    }

    /// The privacy loss ln P(x)/Q(x).
    pub fn loss(&self, x: f64) -> f64 {
        let (a, b) = self.weights();
        self.ln_ratio(a, x) - self.ln_ratio(b, -x)
    }

    /// No loss is above this: without the record, no output is likelier than by 1/(1 − q).
    pub fn most_loss(&self) -> f64 {
        match self.side {
            Side::Add => -(-self.rate).ln_1p() * (1.0 + 4.0 * f64::EPSILON),
            Side::Remove | Side::Replace => f64::INFINITY,
        }
    }

    /// The output x whose loss is t; ∓∞ where every loss is above or below t.
    pub fn output(&self, t: f64) -> f64 {
        let (q, variance) = (self.rate, self.sigma * self.sigma);
        match self.side {
            Side::Remove => remove_output(q, variance, t),
            Side::Add => -remove_output(q, variance, -t),
            // With u = e^(x/σ²) and c = q·e^(−1/2σ²) the loss equation is the quadratic
            // cu² + (1−q)(1−eᵗ)u − ceᵗ = 0, whose positive root is e^(t/2 + asinh s).
            Side::Replace => {
                let half = t.abs() / 2.0;
                let ln_s = (1.0 - q).ln() - q.ln() + 0.5 / variance + half - std::f64::consts::LN_2
                    + (-(-2.0 * half).exp_m1()).ln();
                let asinh = if ln_s > 20.0 {
                    ln_s + std::f64::consts::LN_2
                } else {
                    ln_s.exp().asinh()
                };
                (variance * (half + asinh)).copysign(t)
            }
        }
    }

    /// Outputs outside of which P has at most mass `tail` on each side.
    pub fn span(&self, tail: f64) -> (f64, f64) {
        let (a, _) = self.weights();
        let reach = |weight: f64| -quantile((0.5 * tail / weight).min(0.5)) * self.sigma;
        let shifted = if a > 0.0 { 1.0 + reach(a) } else { 0.0 };
        // Half the tail for each component.
        (-reach(1.0), shifted.max(reach(1.0)))
    }

    /// The same pair with P and Q exchanged, as a law whose loss still increases.
    pub fn mirrored(&self) -> Self {
        let side = match self.side {
            Side::Remove => Side::Add,
            Side::Add => Side::Remove,
            Side::Replace => Side::Replace,
        };
        Self { side, ..*self }
    }

    /// ln P and ln Q of the outputs between `from` and `to`.
    pub fn ln_masses(&self, from: f64, to: f64) -> (f64, f64) {
        let (a, b) = self.weights();
        let centre = ln_interval(from / self.sigma, to / self.sigma);
        let mixture = |q: f64, shift: f64| {
            if q == 0.0 {
                return centre;
            }
            let moved = ln_interval((from - shift) / self.sigma, (to - shift) / self.sigma);
            ln_add((1.0 - q).ln() + centre, q.ln() + moved)
        };
        (mixture(a, 1.0), mixture(b, -1.0))
    }

    /// ln of N(0, σ²)'s density at x, and what is added to it for P's and for Q's. The loss is the
    /// difference of those two, with all of its digits.
    pub fn parts(&self, x: f64) -> (f64, f64, f64) {
        let (a, b) = self.weights();
        let base = ln_density(x / self.sigma) - self.sigma.ln();
        (base, self.ln_ratio(a, x), self.ln_ratio(b, -x))
    }
}

/// x with ln(1 − q + q·e^((2x−1)/2σ²)) = t.
fn remove_output(q: f64, variance: f64, t: f64) -> f64 {
    let z = if t > 30.0 {
        t - q.ln() + (-(1.0 - q) * (-t).exp()).ln_1p()
    } else {
        let excess = t.exp_m1() / q;
        if excess <= -1.0 {
            return f64::NEG_INFINITY;
        }
        excess.ln_1p()
    };
    variance * z + 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_inverts_loss() {
        for side in [Side::Remove, Side::Add, Side::Replace] {
            for (sigma, rate) in [
                (0.2, 1e-4),
                (0.5, 0.5),
                (2.0, 0.9),
                (100.0, 0.01),
                (1.0, 1.0),
            ] {
                let law = Law { sigma, rate, side };
                for i in -20..=20 {
                    let x = f64::from(i) * 0.3 * sigma;
                    let t = law.loss(x);
                    // Where the loss is flat in x its inverse is lost to rounding: go by the loss.
                    let back = law.loss(law.output(t));
                    assert!(
                        (back - t).abs() <= 1e-12 * t.abs().max(1e-3),
                        "{law:?}: loss({x}) = {t}, came back as {back}"
                    );
                }
            }
        }
    }

    #[test]
    fn densities_and_masses_agree() {
        for side in [Side::Remove, Side::Add, Side::Replace] {
            let law = Law {
                sigma: 0.8,
                rate: 0.3,
                side,
            };
            let (p, q) = law.ln_masses(0.4, 0.4001);
            let (base, up, down) = law.parts(0.40005);
            let (dp, dq) = (base + up, base + down);
            assert!((p - dp - 1e-4f64.ln()).abs() < 1e-6);
            assert!((q - dq - 1e-4f64.ln()).abs() < 1e-6);
            assert!((dp - dq - law.loss(0.40005)).abs() < 1e-12);
        }
    }
}
