//! Where to look: the tilt, the window and the lattice step for one ordered pair.

use crate::law::{Law, Side};
use crate::moments::{LossNodes, Tilted, golden_section};
use crate::{Composition, Delta, Phase};

use super::lattice::{Masses, Rounding};
use super::losses::Found;
use super::window::Window;
use super::{ComposedLoss, Lattice, compose};

/// How fine the lattice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// To find the neighbourhood of an answer.
    Coarse,
    /// To give the answer.
    Full,
}

/// How fine, and how large at most.
struct Limits {
    /// Lattice points to a standard deviation of one step's loss.
    per_deviation: f64,
    /// The least and the largest FFT size.
    sizes: (usize, usize),
    /// Lattice cells of one step, at most.
    cells: f64,
}

impl Effort {
    fn limits(self) -> Limits {
        match self {
            Effort::Coarse => Limits {
                per_deviation: 20.0,
                sizes: (1 << 12, 1 << 18),
                cells: 65_536.0,
            },
            Effort::Full => Limits {
                per_deviation: 100.0,
                sizes: (1 << 16, 1 << 20),
                cells: 262_144.0,
            },
        }
    }
}

/// −ln of the tilted probability that may lie outside the window on each side, at first.
const WINDOW: f64 = 25.0;

/// The same where that probability hid the answer: beneath all rounding.
const WIDE_WINDOW: f64 = 36.0;

/// The share of δ kept back for tails.
const SLACK: f64 = 1e-6;

/// The share of δ that outcomes too far out to be accounted for may have, on each side.
const TAIL: f64 = 1e-7;

/// The steepest tilt, in units of one over P's standard deviation. Smaller δ than 1e-18 would need
/// more for a Gaussian's tail; lighter tails end before.
const STEEPEST: f64 = 50.0;

/// The gentlest tilt that is looked for, in the same units or absolutely: rare losses may be large.
const GENTLEST: f64 = 1e-6;

/// A single full-batch step's μ, at most: larger ones are split, which a Gaussian allows exactly.
const WIDEST_FULL_STEP: f64 = 5.0;

/// One ordered pair's steps, ready to compose.
#[derive(Debug)]
pub(crate) struct SidePlan {
    lattices: Vec<(Lattice, u64)>,
    step: f64,
    tilts: Vec<Window>,
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

/// Tilts tried, in shares of the best Chernoff bound's, each with its window: a gentler one where a
/// far tail widens the window, then those that may have less doubt.
const TILTS: [(f64, f64); 4] = [
    (1.0, WINDOW),
    (0.5, WIDE_WINDOW),
    (1.0, WIDE_WINDOW),
    (2.0, WIDE_WINDOW),
];

/// The share of δ below which doubt does not show.
const CLEAR: f64 = 1e-3;

/// Bounds this close in relative terms are not looked for closer.
const TIGHT: f64 = 5e-3;

/// What another tilt must take off the distance of the bounds to be worth a further one.
const WORTHWHILE: f64 = 0.8;

impl SidePlan {
    /// ε at `delta` from below and from above; from above alone (below 0) where `both` is not set.
    ///
    /// The first tilt is the θ of the best Chernoff bound, whose mean is the loss that decides δ.
    /// Every tilt's bounds hold, so the best of them do.
    pub fn epsilons(
        composition: &Composition,
        side: Side,
        delta: Delta,
        effort: Effort,
        both: bool,
    ) -> (f64, f64) {
        let delta = delta.get();
        let parts = Parts::new(composition, side, delta * TAIL);
        let best = parts.best_tilt(delta.ln());
        let (mut lower, mut upper) = (0.0, Self::most_loss(composition, side));
        let mut clear = false;
        for (share, window) in TILTS {
            let plan = Self::new(&parts, &[best * share], window, effort, both);
            let distance = upper - lower;
            let (above, below) = plan.bounds(delta, both);
            // What is no number loses against what is.
            upper = f64::min(upper, above.epsilon + plan.shift());
            lower = f64::max(lower, below.epsilon - plan.shift());
            let was_clear = clear;
            clear |= above.doubtful <= CLEAR && below.doubtful <= CLEAR;
            let done = !both || upper - lower <= TIGHT * upper;
            let no_better = was_clear && upper - lower > WORTHWHILE * distance;
            if upper == 0.0 || clear && (done || no_better) {
                break;
            }
        }
        (lower, upper)
    }

    /// No loss of the whole run is above this, whatever δ is.
    pub fn most_loss(composition: &Composition, side: Side) -> f64 {
        let of =
            |phase: &Phase| phase.steps.get() as f64 * Law::new(phase.mechanism, side).most_loss();
        composition.phases().iter().map(of).sum::<f64>() * (1.0 + 4.0 * f64::EPSILON)
    }

    /// ε from above and, if asked for, from below, under the first tilt.
    fn bounds(&self, delta: f64, both: bool) -> (Found, Found) {
        let above = || {
            let law = self.compose(Lattice::spread, 0);
            law.epsilon_above(delta * (1.0 - SLACK))
        };
        let below = || {
            if both {
                let law = self.compose(Lattice::merged, 0);
                law.epsilon_below(delta * (1.0 + SLACK))
            } else {
                Found::NOTHING_BELOW
            }
        };
        rayon::join(above, below)
    }

    /// What rounding of the outputs at which cells end may do to the whole loss.
    fn shift(&self) -> f64 {
        let of = |(lattice, steps): &(Lattice, u64)| *steps as f64 * lattice.widest_loss();
        8.0 * f64::EPSILON * self.lattices.iter().map(of).sum::<f64>()
    }

    /// The plan to compose P itself (θ = 0) and Q itself (θ = −1).
    pub fn for_trade_off(composition: &Composition, side: Side) -> Self {
        let mut parts = Parts::new(composition, side, 1e-11);
        parts.cover_null(1e-11);
        Self::new(&parts, &[0.0, -1.0], WINDOW, Effort::Full, false)
    }

    fn new(parts: &Parts, thetas: &[f64], window: f64, effort: Effort, merging: bool) -> Self {
        let limits = effort.limits();
        let (least, most) = limits.sizes;
        let windows: Vec<Reach> = thetas.iter().map(|&t| parts.window(t, window)).collect();
        let widest = windows.iter().map(|w| w.high - w.low).fold(0.0, f64::max);
        let deviation = windows
            .iter()
            .map(|w| w.deviation)
            .fold(f64::INFINITY, f64::min);
        let wanted = widest / deviation * limits.per_deviation;
        let size = (wanted.min(most as f64) as usize)
            .next_power_of_two()
            .clamp(least, most);
        let cells = parts
            .0
            .iter()
            .map(|p| (p.law.loss(p.span.1) - p.law.loss(p.span.0)) / limits.cells);
        // The window needs a few points to spare for rounding to whole indices.
        let step = cells.fold(widest / (size - 8) as f64, f64::max);
        let tilts = thetas
            .iter()
            .zip(&windows)
            .map(|(&theta, reach)| Window {
                theta,
                low: reach.low,
                size,
                further: reach.further,
            })
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
        let natural = 1.0 / self.deviation(0.0);
        let (least, most) = (GENTLEST * natural.min(1.0), STEEPEST * natural);
        golden_section(least.ln(), most.ln(), 24, bound).exp()
    }

    /// The whole loss's standard deviation under θ.
    fn deviation(&self, theta: f64) -> f64 {
        self.0
            .iter()
            .map(|p| p.steps as f64 * p.nodes.tilt(theta).variance)
            .sum::<f64>()
            .sqrt()
    }

    /// The window of the whole loss under θ: Chernoff bounds leave e^−`outside` outside on each
    /// side.
    fn window(&self, theta: f64, outside: f64) -> Reach {
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
        let natural = self.deviation(0.0);
        let variance = variance.max((1e-5 / theta.abs()).min(natural).powi(2));
        let start = (2.0 * outside / variance).sqrt();
        // The least of Chernoff's bounds, and where it is.
        let reach = |sign: f64| {
            (-8..=8)
                .map(|i| {
                    let u = start * 2f64.powf(f64::from(i) / 2.0);
                    ((self.ln_moment(theta + sign * u) - base + outside) / u, u)
                })
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .unwrap_or((f64::INFINITY, start))
        };
        let (above, below) = (reach(1.0), reach(-1.0));
        // Rare large losses must not blur the common small ones.
        let deviation = variance.sqrt().min(natural) / steps.sqrt();
        Reach {
            low: -below.0.max(-mean),
            high: above.0.max(mean),
            deviation,
            further: (below.1, above.1),
        }
    }
}

/// Where a tilted law lies.
struct Reach {
    low: f64,
    high: f64,
    /// The root mean square deviation of one step.
    deviation: f64,
    /// The further tilts, downwards and upwards, whose bounds these are.
    further: (f64, f64),
}
