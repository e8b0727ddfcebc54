//! Where to look: the tilts to try, their windows and lattices for one ordered pair.

use crate::law::{Law, Side};
use crate::{Composition, Delta, Phase};

use super::lattice::{Masses, Rounding};
use super::losses::Found;
use super::parts::{Parts, Reach};
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

/// One ordered pair's steps, ready to compose.
#[derive(Debug)]
pub(crate) struct SidePlan {
    lattices: Vec<(Lattice, u64)>,
    step: f64,
    tilts: Vec<Window>,
}

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
