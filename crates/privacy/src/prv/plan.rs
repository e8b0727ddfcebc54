//! Where to look: the tilt, the window and the lattice step for one ordered pair.

use crate::law::{Law, Side};
use crate::moments::{LossNodes, Tilted, golden_section};
use crate::{Composition, Delta};

use super::lattice::{Masses, Rounding};
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
const MOST_CELLS: f64 = 131_072.0;

/// −ln of the tilted probability that may lie outside the window on each side.
const WINDOW: f64 = 25.0;

/// The share of δ that outcomes too far out to be accounted for may have, on each side.
const TAIL: f64 = 1e-7;

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

/// One mechanism's steps.
struct Part {
    law: Law,
    steps: u64,
    /// The outputs that are accounted for.
    span: (f64, f64),
    nodes: LossNodes,
}

/// Every mechanism's steps.
struct Parts(Vec<Part>);

impl SidePlan {
    /// ε at `delta` for each of `roundings`: lattice rounding, and the factor on δ that its
    /// bound gives away; more than one when a lower bound is among them.
    ///
    /// The tilt is the θ of the best Chernoff bound, whose mean is the loss that decides δ. Where
    /// the answer still lies below the window (a δ that only outcomes without the record reach),
    /// the tilt is lowered.
    pub fn epsilons<const N: usize>(
        composition: &Composition,
        side: Side,
        delta: Delta,
        effort: Effort,
        roundings: [(Rounding, f64); N],
    ) -> [f64; N] {
        let parts = Parts::new(composition, side, delta.get() * TAIL);
        let mut theta = parts.best_tilt(delta.get().ln());
        for retry in 0.. {
            let plan = Self::new(&parts, &[theta], effort, N > 1);
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
        let mut parts = Parts::new(composition, side, 1e-11);
        parts.cover_null(1e-11);
        Self::new(&parts, &[0.0, -1.0], Effort::Full, false)
    }

    fn new(parts: &Parts, thetas: &[f64], effort: Effort, merging: bool) -> Self {
        let (per_deviation, least, most) = effort.limits();
        let windows: Vec<(f64, f64, f64)> = thetas.iter().map(|&t| parts.window(t)).collect();
        let widest = windows.iter().map(|w| w.1 - w.0).fold(0.0, f64::max);
        let deviation = windows.iter().map(|w| w.2).fold(f64::INFINITY, f64::min);
        let wanted = widest / deviation * per_deviation;
        let size = (wanted.min(most as f64) as usize)
            .next_power_of_two()
            .clamp(least, most);
        let cells = parts
            .0
            .iter()
            .map(|p| (p.law.loss(p.span.1) - p.law.loss(p.span.0)) / MOST_CELLS);
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
                .map(|p| (Lattice::new(&p.law, p.span, step, merging), p.steps))
                .collect(),
            step,
            tilts,
        }
    }

    /// The law of the whole loss under tilt number `tilt`, with steps rounded by `rounding`.
    pub fn compose(&self, rounding: Rounding, tilt: usize) -> ComposedLoss {
        let masses: Vec<(Masses, u64)> = self
            .lattices
            .iter()
            .map(|(lattice, steps)| (rounding(lattice), *steps))
            .collect();
        compose(&masses, self.step, self.tilts[tilt])
    }
}

impl Parts {
    /// The steps of `composition`, but for outcomes of total probability `tail` on each side.
    fn new(composition: &Composition, side: Side, tail: f64) -> Self {
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
        let total: u64 = parts.iter().map(|p| p.1).sum();
        let part = |(law, steps): (Law, u64)| {
            let span = law.span(tail / total as f64);
            Part {
                law,
                steps,
                span,
                nodes: LossNodes::new(&law, span),
            }
        };
        Self(parts.into_iter().map(part).collect())
    }

    /// Widens the spans until they hold all of Q too, but for a probability `tail`.
    fn cover_null(&mut self, tail: f64) {
        let total: u64 = self.0.iter().map(|p| p.steps).sum();
        for part in &mut self.0 {
            let (low, high) = part.law.mirrored().span(tail / total as f64);
            part.span = (part.span.0.min(-high), part.span.1.max(-low));
            part.nodes = LossNodes::new(&part.law, part.span);
        }
    }

    /// Σ T·K(θ).
    fn ln_moment(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|p| p.steps as f64 * p.nodes.ln_moment(theta))
            .sum()
    }

    /// The θ > 0 with the least Chernoff bound (ΣT·K(θ) − ln δ)/θ, by golden section in ln θ.
    fn best_tilt(&self, ln_delta: f64) -> f64 {
        let bound = |ln_theta: f64| {
            let theta = ln_theta.exp();
            (self.ln_moment(theta) - ln_delta) / theta
        };
        let best = golden_section(1e-9f64.ln(), 1e12f64.ln(), 20, bound).exp();
        best.min(STEEPEST / self.deviation(0.0))
    }

    /// The whole loss's standard deviation under θ.
    fn deviation(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|p| p.steps as f64 * p.nodes.tilt(theta).variance)
            .sum::<f64>()
            .sqrt()
    }

    /// The window of the whole loss under θ, and the root mean square deviation of one step:
    /// Chernoff bounds leave e^−[`WINDOW`] outside on each side.
    fn window(&self, theta: f64) -> (f64, f64, f64) {
        let tilts: Vec<(f64, Tilted)> = self
            .0
            .iter()
            .map(|p| (p.steps as f64, p.nodes.tilt(theta)))
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
        // Rare large losses must not blur the common small ones.
        let deviation = variance.sqrt().min(self.deviation(0.0)) / steps.sqrt();
        (below, above, deviation)
    }
}
