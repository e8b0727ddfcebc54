//! Exponential moments of the privacy loss, by quadrature.
//!
//! K(θ) = ln E_P[e^(θL)] = θ·D_{1+θ}(P‖Q). The trapezoidal rule converges faster than any power
//! of its step here: the integrand is analytic in a strip of half-width πσ² (where the mixture
//! density first vanishes), so a step of a quarter of min(σ, σ²) is exact to rounding.

use crate::law::{Law, Side};

/// The quadrature step for outputs of standard deviation σ.
fn step(sigma: f64) -> f64 {
    0.25 * sigma.min(sigma * sigma)
}

/// K(θ) for θ > 0, accurate relative to itself even where it is as small as 1e-12.
pub(crate) fn ln_moment(law: &Law, theta: f64) -> f64 {
    let reach = match law.side {
        Side::Remove => 1.0 + theta,
        Side::Add => 1.0,
        Side::Replace => 1.0 + 2.0 * theta,
    };
    let (low, high) = (-1.0 - 12.0 * law.sigma, reach + 12.0 * law.sigma);
    let count = ((high - low) / step(law.sigma)).ceil();
    let width = (high - low) / count;
    let order = 1.0 + theta;
    let ln_width = width.ln();
    // (ln Q-weight, loss) by node.
    let nodes: Vec<(f64, f64)> = (0..=count as usize)
        .map(|i| {
            let (base, up, down) = law.parts(low + i as f64 * width);
            (base + down + ln_width, up - down)
        })
        .collect();

    let mut sum = LogSum::default();
    for &(ln_q, loss) in &nodes {
        sum.add(ln_q + order * loss);
    }
    let rough = sum.ln();
    if rough > 0.5 {
        return known(rough);
    }
    // E_Q[R^α] − 1 = E_Q[R^α − 1 − α(R − 1)] because E_Q[R] = 1: no term cancels another.
    let excess: f64 = nodes
        .iter()
        .map(|&(ln_q, loss)| {
            let power = order * loss;
            if power > 30.0 || loss > 30.0 {
                // Densities of 0 meet powers of ∞ here: they are multiplied as logarithms.
                let (mass, ratio) = (ln_q.exp(), (ln_q + loss).exp());
                (ln_q + power).exp() - mass - order * (ratio - mass)
            } else if power.abs() < 1e-3 && loss.abs() < 1e-3 {
                let square = order * (order - 1.0) * loss * loss;
                let cubic = (order + 1.0) * loss / 3.0;
                let fourth = (order * order + order + 1.0) * loss * loss / 12.0;
                ln_q.exp() * 0.5 * square * (1.0 + cubic + fourth)
            } else {
                ln_q.exp() * (power.exp_m1() - order * loss.exp_m1())
            }
        })
        .sum();
    if excess >= 0.0 {
        excess.ln_1p()
    } else if excess < 0.0 {
        // A negative hair is rounding, and the truth is no further from 0 than rounding reaches.
        HAIR
    } else {
        f64::INFINITY
    }
}

/// Far above what rounding leaves of a sum whose terms are all positive but for it.
const HAIR: f64 = 1e-12;

/// The logarithm of a moment that is at least 1, or +∞, which claims nothing, where rounding has
/// left no number.
fn known(ln: f64) -> f64 {
    if ln.is_nan() {
        f64::INFINITY
    } else {
        ln.max(0.0)
    }
}

/// ln Σ eˣ, one term at a time.
#[derive(Debug)]
pub(crate) struct LogSum {
    top: f64,
    scaled: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self {
            top: f64::NEG_INFINITY,
            scaled: 0.0,
        }
    }
}

impl LogSum {
    /// Adds eˣ.
    pub fn add(&mut self, x: f64) {
        if self.top == f64::INFINITY || self.top.is_nan() || x == f64::NEG_INFINITY {
            // Nothing changes it, or it changes nothing; ∞ − ∞ would be no number.
        } else if x.is_nan() {
            self.top = x;
        } else if x <= self.top {
            self.scaled += (x - self.top).exp();
        } else {
            self.scaled = self.scaled * (self.top - x).exp() + 1.0;
            self.top = x;
        }
    }

    /// The logarithm of the sum.
    pub fn ln(&self) -> f64 {
        self.top + self.scaled.ln()
    }
}

/// Where between `low` and `high` the function is least, by `rounds` golden-section steps.
pub(crate) fn golden_section(
    mut low: f64,
    mut high: f64,
    rounds: usize,
    at: impl Fn(f64) -> f64,
) -> f64 {
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (at(a), at(b));
    for _ in 0..rounds {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = at(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = at(b);
        }
    }
    if at_a <= at_b { a } else { b }
}

/// The loss of one step on quadrature nodes, to tilt cheaply again and again.
#[derive(Debug)]
pub(crate) struct LossNodes {
    /// (ln P-weight, loss) by node.
    nodes: Vec<(f64, f64)>,
}

/// K(θ) with its first two derivatives: the mean and variance of the tilted loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tilted {
    pub ln_moment: f64,
    pub mean: f64,
    pub variance: f64,
}

impl LossNodes {
    /// Nodes over the outputs from `low` to `high`.
    pub fn new(law: &Law, (low, high): (f64, f64)) -> Self {
        let count = ((high - low) / step(law.sigma)).ceil();
        let width = (high - low) / count;
        let ln_width = width.ln();
        let nodes = (0..=count as usize)
            .map(|i| {
                let (base, up, down) = law.parts(low + i as f64 * width);
                (base + up + ln_width, up - down)
            })
            .collect();
        Self { nodes }
    }

    /// K(θ) alone.
    pub fn ln_moment(&self, theta: f64) -> f64 {
        let mut sum = LogSum::default();
        for &(weight, loss) in &self.nodes {
            sum.add(weight + theta * loss);
        }
        sum.ln()
    }

    /// K(θ), K′(θ), K″(θ).
    pub fn tilt(&self, theta: f64) -> Tilted {
        let ln_moment = self.ln_moment(theta);
        let weight = |&(w, loss): &(f64, f64)| (w + theta * loss - ln_moment).exp();
        let mean: f64 = self.nodes.iter().map(|n| weight(n) * n.1).sum();
        let variance = self
            .nodes
            .iter()
            .map(|n| weight(n) * (n.1 - mean).powi(2))
            .sum();
        Tilted {
            ln_moment,
            mean,
            variance,
        }
    }
}
