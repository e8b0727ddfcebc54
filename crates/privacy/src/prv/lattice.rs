//! One step's loss on a lattice.

use super::cell::Cell;
use crate::law::Law;
use crate::moments::golden_section;

/// The step's loss in cells [t, t + h) with t = `offset` + kh and k = `first` + i, and the split
/// of each cell's P-mass between its ends that keeps both masses: `left[i] + right[i]` = P(cell),
/// `left[i]` + e^(−h)·`right[i]` = eᵗ·Q(cell).
#[derive(Debug)]
pub(crate) struct Lattice {
    step: f64,
    offset: f64,
    first: i64,
    left: Vec<f64>,
    right: Vec<f64>,
    /// How wrong each cell's mass may be, and how much of it may be at its wrong end.
    doubts: Vec<(f64, f64)>,
}

/// Masses on lattice points `first`, `first` + 1, … (loss = `offset` + index × step).
#[derive(Debug)]
pub(crate) struct Masses {
    pub offset: f64,
    pub first: i64,
    pub values: Vec<f64>,
    /// How wrong each value may be, and how much of it may be off by one point.
    pub doubts: Vec<(f64, f64)>,
}

/// One of the two ways onto a lattice: [`Lattice::spread`] or [`Lattice::merged`].
pub(crate) type Rounding = fn(&Lattice) -> Masses;

/// Merging hands an error of a cell's split on to the cells after it, towards the largest one, and
/// damps it as fast as masses grow: to those of about its own mass, of which there are fewer than
/// this.
const PASSED_ON: f64 = 256.0;

impl Lattice {
    /// Bins the loss of `law` over the outputs of `span` with lattice step h. `for_merging` places
    /// the lattice so that [`Lattice::merged`] is tight, which takes a search.
    pub fn new(law: &Law, span: (f64, f64), step: f64, for_merging: bool) -> Self {
        let losses = (law.loss(span.0), law.loss(span.1));
        let offset = if for_merging {
            best_offset(law, losses, step)
        } else {
            flat_offset(law, step)
        };
        Self::binned(law, step, offset, losses)
    }

    /// The cells that cover losses from `low` to `high`.
    fn binned(law: &Law, step: f64, offset: f64, (low, high): (f64, f64)) -> Self {
        // The end cells take whatever lies beyond.
        let reach = 2.0 + 40.0 * law.sigma;
        let edge = |k: i64| law.output(offset + k as f64 * step).clamp(-reach, reach);
        let first = ((low - offset) / step).floor() as i64;
        let last = ((high - offset) / step).ceil() as i64;
        let cells = (last - first).max(1) as usize;
        let mut lattice = Self {
            step,
            offset,
            first,
            left: Vec::with_capacity(cells),
            right: Vec::with_capacity(cells),
            doubts: Vec::with_capacity(cells),
        };
        let mut from = edge(first);
        for k in first..first + cells as i64 {
            let to = edge(k + 1);
            let cell = Cell::new(law, from, to, offset + k as f64 * step, step);
            lattice.left.push(cell.left);
            lattice.right.push(cell.right);
            lattice.doubts.push((cell.doubt, cell.astray));
            from = to;
        }
        lattice
    }

    /// The largest loss on the lattice, without its sign.
    pub fn widest_loss(&self) -> f64 {
        let at = |k: i64| (self.offset + k as f64 * self.step).abs();
        at(self.first).max(at(self.first + self.left.len() as i64))
    }

    /// Every outcome split between its lattice neighbours: an upper bound.
    pub fn spread(&self) -> Masses {
        let mut values = vec![0.0; self.left.len() + 1];
        for (i, (l, r)) in self.left.iter().zip(&self.right).enumerate() {
            values[i] += l;
            values[i + 1] += r;
        }
        Masses {
            offset: self.offset,
            first: self.first,
            values,
            doubts: self.doubts_of_points(1.0),
        }
    }

    /// Outcomes merged until their joint loss is a lattice point: a lower bound.
    pub fn merged(&self) -> Masses {
        Masses {
            offset: self.offset,
            first: self.first,
            values: merge(self, (0.0, 0.0)).values,
            doubts: self.doubts_of_points(PASSED_ON),
        }
    }

    /// A point's doubt is that of the cells on both sides of it.
    fn doubts_of_points(&self, passed_on: f64) -> Vec<(f64, f64)> {
        let mut doubts = vec![(0.0, 0.0); self.left.len() + 1];
        for (i, (doubt, astray)) in self.doubts.iter().enumerate() {
            for point in &mut doubts[i..i + 2] {
                point.0 += doubt;
                point.1 += passed_on * astray;
            }
        }
        doubts
    }

    fn mass(&self, i: usize) -> f64 {
        self.left[i] + self.right[i]
    }
}

/// Merged masses, and the P-mass that was dropped for them.
struct Merged {
    values: Vec<f64>,
    lost: f64,
}

impl Merged {
    /// Puts `share` of cell i onto the point below it by dropping P-mass.
    fn round_down(&mut self, lattice: &Lattice, i: usize, share: f64) {
        let shrink = (-lattice.step).exp();
        self.values[i] += share * (lattice.left[i] + lattice.right[i] * shrink);
        self.lost += share * lattice.right[i] * (1.0 - shrink);
    }
}

/// Merges the cells around each lattice point.
///
/// Point k takes the share 1 − β_{k−1} of the cell below it and β_k of the cell above. Their joint
/// likelihood ratio is that of the point when β_k = (1 − β_{k−1})·e^h·left_{k−1}/right_k. The
/// recursion damps errors while masses grow and amplifies them while they fall, so it runs from
/// both ends to the largest cell. What finds no partner is rounded down to the point below it by
/// dropping P-mass, which only lowers the bound. `outside` are the shares of the first and the last
/// cell that points outside have taken.
fn merge(lattice: &Lattice, outside: (f64, f64)) -> Merged {
    let (left, right) = (&lattice.left, &lattice.right);
    let cells = left.len();
    let (grow, shrink) = (lattice.step.exp(), (-lattice.step).exp());
    let mut merged = Merged {
        values: vec![0.0; cells + 1],
        lost: 0.0,
    };
    let peak = (0..cells)
        .max_by(|&a, &b| lattice.mass(a).total_cmp(&lattice.mass(b)))
        .unwrap_or(0);

    // From below: `used` is the share of cell i that point i has taken.
    let mut used = outside.0;
    for i in 1..=peak {
        let left_over = 1.0 - used;
        let wanted = left_over * grow * left[i - 1];
        if wanted <= right[i] {
            used = if wanted > 0.0 { wanted / right[i] } else { 0.0 };
            merged.values[i] += left_over * lattice.mass(i - 1) + used * lattice.mass(i);
        } else {
            let share = right[i] / (grow * left[i - 1]);
            merged.values[i] += share * lattice.mass(i - 1) + lattice.mass(i);
            merged.round_down(lattice, i - 1, left_over - share);
            used = 1.0;
        }
    }
    let from_below = used;

    // From above: `used` is the share of cell i − 1 that point i has taken.
    used = outside.1;
    let mut pending = 0.0;
    for i in (peak + 1..cells).rev() {
        let left_over = 1.0 - used;
        let wanted = left_over * shrink * right[i];
        if wanted <= left[i - 1] {
            used = if wanted > 0.0 {
                wanted / left[i - 1]
            } else {
                0.0
            };
            pending = left_over * lattice.mass(i) + used * lattice.mass(i - 1);
        } else {
            let share = left[i - 1] / (shrink * right[i]);
            pending = share * lattice.mass(i) + lattice.mass(i - 1);
            merged.round_down(lattice, i, left_over - share);
            used = 1.0;
        }
        merged.values[i] += pending;
    }
    let from_above = if peak + 1 < cells { used } else { 0.0 };

    if from_below + from_above <= 1.0 {
        merged.round_down(lattice, peak, 1.0 - from_below - from_above);
    } else {
        // The peak cell is promised twice: the point above gives back its part of the excess, and
        // with it the share of the cell above that loses its partner.
        let excess = 1.0 - (1.0 - from_below) / from_above;
        merged.values[peak + 1] -= pending * excess;
        let above = pending - from_above * lattice.mass(peak);
        let share = above / lattice.mass(peak + 1).max(f64::MIN_POSITIVE);
        merged.round_down(lattice, peak + 1, share * excess);
    }
    merged
}

/// The joint loss of the outputs whose loss is within h/2 of that of output 0.
fn flat_offset(law: &Law, step: f64) -> f64 {
    let flat = law.loss(0.0);
    let (ln_p, ln_q) = law.ln_masses(law.output(flat - step / 2.0), law.output(flat + step / 2.0));
    let joint = ln_p - ln_q;
    if joint.is_finite() { joint } else { flat }
}

/// The offset with which merging drops least. It matters where the loss is nearly flat in the
/// output, because neither output has the record: under little sampling most of the mass lies in
/// a sliver with a sharp edge, perhaps thinner than h, and a lattice point must balance it.
fn best_offset(law: &Law, (lowest, highest): (f64, f64), step: f64) -> f64 {
    /// Cells on each side of the sliver that take part in the search.
    const NEAR: f64 = 160.0;
    /// Offsets tried before the best of them is refined.
    const TRIED: i32 = 16;
    /// Golden-section steps of the refinement.
    const REFINED: usize = 28;

    let start = flat_offset(law, step);
    let (low, high) = (
        lowest.max(start - NEAR * step),
        highest.min(start + NEAR * step),
    );
    // An end within the law takes part in a neighbour's balance, an end of the law does not.
    let share = |cut: bool| if cut { 0.5 } else { 0.0 };
    let outside = (share(low > lowest), share(high < highest));
    let lost = |offset: f64| merge(&Lattice::binned(law, step, offset, (low, high)), outside).lost;

    let spacing = step / f64::from(TRIED);
    let best = (-TRIED / 2..TRIED / 2)
        .map(|i| start + spacing * f64::from(i))
        .min_by(|&a, &b| lost(a).total_cmp(&lost(b)))
        .unwrap_or(start);
    golden_section(best - spacing, best + spacing, REFINED, lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Side;
    use crate::moments::LossNodes;

    /// H_α(P‖Q) of masses on a lattice.
    fn divergence(masses: &Masses, step: f64, epsilon: f64) -> f64 {
        (masses.first..)
            .zip(&masses.values)
            .map(|(k, m)| {
                let loss = masses.offset + k as f64 * step;
                m * (-(epsilon - loss).exp_m1()).max(0.0)
            })
            .sum()
    }

    #[test]
    fn bounds_enclose_the_exact_divergence_of_one_step() {
        for side in [Side::Remove, Side::Add, Side::Replace] {
            for (sigma, rate) in [(0.3, 0.01), (0.8, 0.5), (1.0, 1.0), (5.0, 0.1), (2.0, 1e-3)] {
                let law = Law { sigma, rate, side };
                let span = law.span(1e-30);
                let spread = LossNodes::new(&law, span).tilt(0.0).variance.sqrt();
                for per_deviation in [3.0, 40.0] {
                    let step = spread / per_deviation;
                    let lattice = Lattice::new(&law, span, step, true);
                    let (above, below) = (lattice.spread(), lattice.merged());
                    assert!(below.values.iter().all(|&v| v >= 0.0));
                    for i in -30..30 {
                        let epsilon = f64::from(i) * 0.13 * spread;
                        let x = law.output(epsilon);
                        let (p, q) = law.ln_masses(x, f64::INFINITY);
                        let exact = p.exp() - (q + epsilon).exp();
                        let low = divergence(&below, step, epsilon);
                        let high = divergence(&above, step, epsilon);
                        let hair = 1e-13;
                        assert!(
                            low <= exact + hair && exact <= high + hair,
                            "{law:?}, step {step}, ε {epsilon}: {low} ≤ {exact} ≤ {high}"
                        );
                        // Second order: a step of a fortieth of a deviation costs little.
                        if per_deviation > 10.0 {
                            assert!(
                                high - low < 2e-3 * spread.max(exact),
                                "{law:?}, ε {epsilon}: {low} to {high}, spread {spread}"
                            );
                        }
                    }
                }
            }
        }
    }
}
