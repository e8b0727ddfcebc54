//! The masses of one lattice cell, and how far rounding may have moved them.

use crate::law::Law;

/// A cell's P-mass, split so that both P and Q keep their mass in it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cell {
    /// The share that goes to the cell's lower end.
    pub left: f64,
    /// The share that goes to its upper end.
    pub right: f64,
    /// How wrong the mass may be.
    pub doubt: f64,
    /// How much of it may be at the wrong end.
    pub astray: f64,
}

/// Gauss-Legendre's rule of four points on [−1, 1].
const RULE: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_3, 0.652_145_154_862_546_2),
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_2),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// The rule is used where the density's logarithm changes by no more than this across a panel.
/// Its relative error there is below 6e-10·0.35⁸ = 1.4e-13.
const STEEPEST_PANEL: f64 = 0.35;
const RULE_ERROR: f64 = 2e-13;

/// Cells that would need more panels have the closed form's digits. A lattice has few wide cells,
/// where no output has the record, but most of the mass may lie there.
const MOST_PANELS: f64 = 4096.0;

/// Cells are integrated up to this many σ from the components' means.
const CORE: f64 = 13.0;

impl Cell {
    /// The cell of the outputs between `from` and `to`, whose losses lie in [t, t + step].
    ///
    /// The share that goes up is (P − eᵗQ)/(1 − e^−step). Taken as that difference it has few
    /// digits left where the step is small; in a narrow cell it is the integral of
    /// p(x)(1 − e^(t − L(x))), which has them all.
    pub fn new(law: &Law, from: f64, to: f64, t: f64, step: f64) -> Self {
        if from >= to {
            return Self::default();
        }
        if from.is_nan() || to.is_nan() {
            // Nothing is known of such a cell; the doubt says so to all that is built on it.
            return Self {
                doubt: f64::INFINITY,
                ..Self::default()
            };
        }
        // What lies further out is so rare that the closed form's digits are enough.
        let reach = 1.0 + CORE * law.sigma;
        let (low, high) = (from.max(-reach), to.min(reach));
        if low >= high {
            return Self::closed(law, from, to, t, step);
        }
        let steep = (high - low) * (low.abs().max(high.abs()) + 1.0 + 2.0 * law.sigma)
            / (law.sigma * law.sigma);
        let panels = (steep / STEEPEST_PANEL).ceil();
        if panels > MOST_PANELS {
            return Self::closed(law, from, to, t, step);
        }
        Self::integrated(law, low, high, t, step, panels.max(1.0))
            + Self::closed(law, from, low, t, step)
            + Self::closed(law, high, to, t, step)
    }

    fn integrated(law: &Law, from: f64, to: f64, t: f64, step: f64, panels: f64) -> Self {
        let half = 0.5 * (to - from) / panels;
        let (mut mass, mut excess, mut rounding) = (0.0, 0.0, 0.0);
        for panel in 0..panels as u32 {
            let middle = from + half * f64::from(2 * panel + 1);
            for (node, weight) in RULE {
                let x = middle + half * node;
                let (ln_base, up, down) = law.parts(x);
                let p = half * weight * (ln_base + up).exp();
                mass += p;
                excess += p * -(t - (up - down)).exp_m1();
                rounding += p * (up.abs() + down.abs() + t.abs());
            }
        }
        let shrink = -(-step).exp_m1();
        let right = (excess / shrink).clamp(0.0, mass);
        let tail = (from / law.sigma).powi(2).max((to / law.sigma).powi(2));
        let share = RULE_ERROR + 2.0 * f64::EPSILON * (16.0 + tail);
        Self {
            left: mass - right,
            right,
            doubt: mass * share,
            astray: mass * share + 4.0 * f64::EPSILON * rounding / shrink,
        }
    }

    fn closed(law: &Law, from: f64, to: f64, t: f64, step: f64) -> Self {
        if from >= to {
            return Self::default();
        }
        let (ln_p, ln_q) = law.ln_masses(from, to);
        let (mass, shrink) = (ln_p.exp(), -(-step).exp_m1());
        if mass == 0.0 {
            return Self::default();
        }
        let right = ((mass - (ln_q + t).exp()) / shrink).clamp(0.0, mass);
        let doubt = 4.0 * f64::EPSILON * (16.0 + 2.0 * ln_p.abs() + t.abs()) * mass;
        Self {
            left: mass - right,
            right,
            doubt,
            astray: doubt / shrink,
        }
    }
}

impl std::ops::Add for Cell {
    type Output = Self;

    /// The cell of both parts' outputs.
    fn add(self, other: Self) -> Self {
        Self {
            left: self.left + other.left,
            right: self.right + other.right,
            doubt: self.doubt + other.doubt,
            astray: self.astray + other.astray,
        }
    }
}
