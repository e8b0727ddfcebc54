//! The law of the whole run's loss, and the ε that it gives.

use super::doubt::worth;

/// The law of the whole run's loss on the points `offset` + (`first` + k)·`step`. The P-mass there
/// is `tilted[k]`·e^(`ln_scale` − θ·loss), where the tilted law's ℓ₁ error is at most `doubt`.
#[derive(Debug)]
pub(crate) struct ComposedLoss {
    pub(super) step: f64,
    pub(super) offset: f64,
    pub(super) first: i64,
    pub(super) theta: f64,
    pub(super) ln_scale: f64,
    pub(super) tilted: Vec<f64>,
    pub(super) doubt: f64,
}

/// An ε and the share of δ there that is doubt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub epsilon: f64,
    pub doubtful: f64,
}

impl Found {
    /// The lower bound that claims nothing.
    pub const NOTHING_BELOW: Self = Self {
        epsilon: 0.0,
        doubtful: 0.0,
    };
}

/// δ at the lattice points from `bottom` on.
struct Hockey<'a> {
    law: &'a ComposedLoss,
    bottom: usize,
    /// δ(loss of k) and Σ_{j ≥ k} p_j·e^(loss of k − loss of j), from point `bottom` on. Sums of
    /// positive terms throughout, so that they keep their digits however small they are.
    points: Vec<(f64, f64)>,
}

impl ComposedLoss {
    /// An ε ≥ 0 that the truth does not exceed at `delta`; ∞ where nothing is known.
    pub fn epsilon_above(&self, delta: f64) -> Found {
        if self.is_unknown() {
            return Found {
                epsilon: f64::INFINITY,
                doubtful: 1.0,
            };
        }
        let hockey = Hockey::new(self);
        let too_small = |e: f64| !(hockey.delta(e) + self.doubt_at(e) <= delta);
        let top = self.loss(self.tilted.len()).max(self.step);
        let epsilon = crate::exact::last_where(top, too_small).1;
        Found {
            epsilon,
            doubtful: self.doubt_at(epsilon) / delta,
        }
    }

    /// An ε ≥ 0 that the truth is not below at `delta`; 0 where nothing is known.
    pub fn epsilon_below(&self, delta: f64) -> Found {
        if self.is_unknown() {
            return Found {
                epsilon: 0.0,
                doubtful: 1.0,
            };
        }
        let hockey = Hockey::new(self);
        // The doubt grows below, so that this holds on an interval, of which the upper end counts.
        let reached = |e: f64| hockey.delta(e) - self.doubt_at(e) >= delta;
        let last = (hockey.bottom..self.tilted.len())
            .rev()
            .map(|k| self.loss(k))
            .take_while(|&loss| loss > 0.0)
            .find(|&loss| reached(loss));
        let (mut low, mut high) = match last {
            Some(loss) => (loss, loss + self.step),
            None if reached(0.0) => (0.0, self.step),
            None => {
                return Found {
                    epsilon: 0.0,
                    doubtful: self.doubt_at(0.0) / delta,
                };
            }
        };
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if reached(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Found {
            epsilon: low,
            doubtful: self.doubt_at(low) / delta,
        }
    }

    /// What δ(ε) may be wrong by.
    fn doubt_at(&self, epsilon: f64) -> f64 {
        let ln_scale = self.ln_scale - self.theta * epsilon;
        self.doubt * worth(self.theta) * ln_scale.exp()
    }

    fn is_unknown(&self) -> bool {
        !(self.doubt.is_finite() && self.ln_scale.is_finite())
            || self.tilted.iter().any(|v| v.is_nan())
    }

    fn loss(&self, k: usize) -> f64 {
        self.offset + (self.first + k as i64) as f64 * self.step
    }

    /// The P-mass of point k.
    fn p_mass(&self, k: usize) -> f64 {
        if self.tilted[k] > 0.0 {
            (self.tilted[k].ln() + self.ln_scale - self.theta * self.loss(k)).exp()
        } else {
            0.0
        }
    }

    /// (index of the first point, masses, their ℓ₁ error) of the tilted measure itself, which is P
    /// at θ = 0 and Q at θ = −1.
    pub fn into_measure(mut self) -> (i64, Vec<f64>, f64) {
        let scale = self.ln_scale.exp();
        for value in &mut self.tilted {
            *value *= scale;
        }
        let doubt = if self.is_unknown() {
            f64::INFINITY
        } else {
            self.doubt * scale
        };
        (self.first, self.tilted, doubt)
    }
}

impl<'a> Hockey<'a> {
    fn new(law: &'a ComposedLoss) -> Self {
        let decay = (-law.step).exp();
        let lost = -(-law.step).exp_m1();
        let mut points = Vec::new();
        let (mut delta, mut rest) = (0.0, 0.0);
        let mut bottom = law.tilted.len();
        // No δ is above 1: below the first point that says so nothing is asked.
        while bottom > 0 && delta <= 1.0 {
            bottom -= 1;
            delta += lost * rest;
            rest = rest * decay + law.p_mass(bottom);
            points.push((delta, rest));
        }
        points.reverse();
        Self {
            law,
            bottom,
            points,
        }
    }

    /// δ(ε) of the lattice law.
    fn delta(&self, epsilon: f64) -> f64 {
        let at = (epsilon - self.law.loss(self.bottom)) / self.law.step;
        if at < 0.0 && self.bottom > 0 {
            // Below the last point that was needed, where δ is above 1 already.
            return f64::INFINITY;
        }
        // The first point at ε or above it.
        let k = at.ceil().max(0.0);
        if !(k < self.points.len() as f64) {
            return 0.0;
        }
        let (delta, rest) = self.points[k as usize];
        let short = (self.law.loss(self.bottom + k as usize) - epsilon).max(0.0);
        delta + -(-short).exp_m1() * rest
    }
}
