//! Where to look: the tilt, the window and the lattice step for one ordered pair.

use crate::law::{Law, Side};
use crate::moments::{LossNodes, Tilted};
use crate::{Composition, Delta};

use super::lattice::{Masses, loss_range};
use super::{ComposedLoss, Lattice, compose};

/// How fine the lattice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// To find the neighbourhood of an answer.
    Coarse,
    /// To give the answer.
    Full,
}

impl Effort {
    /// Lattice points to a standard deviation of one step's loss, and the least and most FFT sizes.
    fn limits(self) -> (f64, usize, usize) {
        match self {
            Effort::Coarse => (20.0, 1 << 12, 1 << 16),
            Effort::Full => (100.0, 1 << 16, 1 << 19),
        }
    }
}

/// Lattice cells of one step, at most.
const MOST_CELLS: f64 = 262_144.0;

/// −ln of the tilted probability that may lie outside the window on each side.
const WINDOW: f64 = 34.0;

/// The steepest tilt, in units of one over P's standard deviation. Smaller δ than 1e-18 would need
/// more for a Gaussian's tail; lighter tails end before.
const STEEPEST: f64 = 50.0;

/// A single full-batch step's μ, at most: larger ones are split, which a Gaussian allows exactly.
const WIDEST_FULL_STEP: f64 = 5.0;

/// One ordered pair's steps, ready to compose.
#[derive(Debug)]
pub(crate) struct SidePlan {
    lattices: Vec<(Lattice, u64)>,
    step: f64,
    tilts: Vec<Window>,
}

/// A tilt θ and the losses that carry its law: `size` lattice steps from `low` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub theta: f64,
    pub low: f64,
    pub size: usize,
}

/// Every step's law, with losses on quadrature nodes.
struct Parts(Vec<(Law, u64, LossNodes)>);

impl SidePlan {
    /// ε at `delta` for each of `roundings`: lattice rounding, and the factor on δ that its
    /// bound gives away.
    ///
    /// The tilt is the θ of the best Chernoff bound, whose mean is the loss that decides δ. Where
    /// the answer still lies below the window (a δ that only outcomes without the record reach),
    /// the tilt is lowered.
    pub fn epsilons<const N: usize>(
        composition: &Composition,
        side: Side,
        delta: Delta,
        effort: Effort,
        roundings: [(fn(&Lattice) -> Masses, f64); N],
    ) -> [f64; N] {
        let parts = Parts::new(composition, side);
        let mut theta = parts.best_tilt(delta.get().ln());
        for retry in 0.. {
            let plan = Self::new(&parts, &[theta], effort);
            let found = roundings
                .map(|(rounding, share)| plan.compose(rounding, 0).epsilon(delta.get() * share));
            if theta == 0.0 || found.iter().all(Result::is_ok) {
                return found.map(|f| f.unwrap_or_else(|least| least));
            }
            theta = if retry < 3 { theta / 8.0 } else { 0.0 };
        }
        [f64::INFINITY; N]
    }

    /// The plan to compose P itself (θ = 0) and Q itself (θ = −1).
    pub fn for_trade_off(composition: &Composition, side: Side) -> Self {
        Self::new(&Parts::new(composition, side), &[0.0, -1.0], Effort::Full)
    }

    fn new(parts: &Parts, thetas: &[f64], effort: Effort) -> Self {
        let (per_deviation, least, most) = effort.limits();
        let windows: Vec<(f64, f64, f64)> = thetas.iter().map(|&t| parts.window(t)).collect();
        let widest = windows.iter().map(|w| w.1 - w.0).fold(0.0, f64::max);
        let deviation = windows.iter().map(|w| w.2).fold(f64::INFINITY, f64::min);
        let wanted = widest / deviation * per_deviation;
        let size = (wanted.min(most as f64) as usize)
            .next_power_of_two()
            .clamp(least, most);
        let cells = parts.0.iter().map(|(law, ..)| {
            let (low, high) = loss_range(law);
            (high - low) / MOST_CELLS
        });
        // The window needs a few points to spare for rounding to whole indices.
        let step = cells.fold(widest / (size - 8) as f64, f64::max);
        let tilts = thetas
            .iter()
            .zip(&windows)
            .map(|(&theta, &(low, ..))| Window { theta, low, size })
            .collect();
        Self {
            lattices: parts
                .0
                .iter()
                .map(|(law, steps, _)| (Lattice::new(law, step), *steps))
                .collect(),
            step,
            tilts,
        }
    }

    /// The law of the whole loss under tilt number `tilt`, with steps rounded by `rounding`.
    pub fn compose(&self, rounding: fn(&Lattice) -> Masses, tilt: usize) -> ComposedLoss {
        let masses: Vec<(Masses, u64)> = self
            .lattices
            .iter()
            .map(|(lattice, steps)| (rounding(lattice), *steps))
            .collect();
        compose(&masses, self.step, self.tilts[tilt])
    }
}

impl Parts {
    fn new(composition: &Composition, side: Side) -> Self {
        let mut parts = Vec::new();
        let mut full = 0.0;
        for phase in composition.phases() {
            let sigma = phase.mechanism.noise_multiplier.get();
            let rate = phase.mechanism.sample_rate.get();
            let steps = phase.steps.get();
            if rate == 1.0 {
                full += steps as f64 / (sigma * sigma);
            } else {
                parts.push((Law { sigma, rate, side }, steps));
            }
        }
        if full > 0.0 {
            let steps = (full / WIDEST_FULL_STEP.powi(2)).ceil();
            let sigma = (steps / full).sqrt();
            parts.push((
                Law {
                    sigma,
                    rate: 1.0,
                    side,
                },
                steps as u64,
            ));
        }
        Self(
            parts
                .into_iter()
                .map(|(law, steps)| (law, steps, LossNodes::new(&law)))
                .collect(),
        )
    }

    /// Σ T·K(θ).
    fn ln_moment(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|(_, steps, nodes)| *steps as f64 * nodes.ln_moment(theta))
            .sum()
    }

    /// The θ > 0 with the least Chernoff bound (ΣT·K(θ) − ln δ)/θ, by golden section in ln θ.
    fn best_tilt(&self, ln_delta: f64) -> f64 {
        let bound = |ln_theta: f64| {
            let theta = ln_theta.exp();
            (self.ln_moment(theta) - ln_delta) / theta
        };
        let golden = 0.5 * (5f64.sqrt() - 1.0);
        let (mut low, mut high) = (1e-9f64.ln(), 1e12f64.ln());
        let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
        let (mut at_a, mut at_b) = (bound(a), bound(b));
        while high - low > 0.01 {
            if at_a <= at_b {
                (high, b, at_b) = (b, a, at_a);
                a = high - golden * (high - low);
                at_a = bound(a);
            } else {
                (low, a, at_a) = (a, b, at_b);
                b = low + golden * (high - low);
                at_b = bound(b);
            }
        }
        (0.5 * (low + high))
            .exp()
            .min(STEEPEST / self.deviation(0.0))
    }

    /// The whole loss's standard deviation under θ.
    fn deviation(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|(_, steps, nodes)| *steps as f64 * nodes.tilt(theta).variance)
            .sum::<f64>()
            .sqrt()
    }

    /// The window of the whole loss under θ, and the root mean square deviation of one step:
    /// Chernoff bounds leave e^−[`WINDOW`] outside on each side.
    fn window(&self, theta: f64) -> (f64, f64, f64) {
        let tilts: Vec<(f64, Tilted)> = self
            .0
            .iter()
            .map(|(_, steps, nodes)| (*steps as f64, nodes.tilt(theta)))
            .collect();
        let mean: f64 = tilts.iter().map(|(t, k)| t * k.mean).sum();
        let variance: f64 = tilts.iter().map(|(t, k)| t * k.variance).sum();
        let base: f64 = tilts.iter().map(|(t, k)| t * k.ln_moment).sum();
        let steps: f64 = tilts.iter().map(|(t, _)| t).sum();
        // A law squeezed against the largest loss has no variance to speak of.
        let variance = variance.max(1e-10 / theta.powi(2).max(1e-10));
        let start = (2.0 * WINDOW / variance).sqrt();
        let reach = |sign: f64| {
            (-8..=8)
                .map(|i| {
                    let u = start * 2f64.powf(f64::from(i) / 2.0);
                    (self.ln_moment(theta + sign * u) - base + WINDOW) / u
                })
                .fold(f64::INFINITY, f64::min)
        };
        let (above, below) = (reach(1.0).max(mean), -reach(-1.0).max(-mean));
        (below, above, (variance / steps).sqrt())
    }
}
