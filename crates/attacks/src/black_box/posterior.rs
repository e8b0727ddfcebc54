//! The posterior mean of a head given boundary equations.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular};
use faer::prelude::Solve;
use faer::{Accum, Mat, MatRef, Par, Side};

use super::HeadPrior;
use crate::AttackError;

/// Relative noise of the pinned component.
const PIN: f64 = 1e-4;
/// Smallest standard deviation of an equation's right-hand side, in logits.
const FLOOR: f64 = 1e-3;

/// A flip between two neighbouring points of a line: (w_a − w_b) · x̃ = 0 halfway between them.
#[derive(Clone, Debug)]
pub(super) struct Flip {
    /// Labels a and b before and after.
    pub classes: [usize; 2],
    /// Feature x halfway, with a constant 1 appended.
    pub point: Vec<f64>,
    /// Change of x̃ from the one neighbour to the other.
    pub change: Vec<f64>,
}

impl Flip {
    /// A flip between points of features `low` and `high`.
    pub fn new(classes: [usize; 2], low: &[f32], high: &[f32]) -> Self {
        let pairs = || low.iter().zip(high);
        let halfway = pairs().map(|(&a, &b)| 0.5 * (f64::from(a) + f64::from(b)));
        let change = pairs().map(|(&a, &b)| f64::from(b) - f64::from(a));
        Self {
            classes,
            point: halfway.chain([1.0]).collect(),
            change: change.chain([0.0]).collect(),
        }
    }

    /// How class row `row` of `rows` enters the margin: 1, −1 or not. A head of a single logit has
    /// class 1's row alone.
    fn sign(&self, row: usize, rows: usize) -> f64 {
        let class = if rows == 1 { 1 } else { row };
        let [a, b] = self.classes.map(|it| f64::from(u8::from(it == class)));
        a - b
    }

    /// The margin that `head` gives `x`: (w_a − w_b) · x.
    fn margin(&self, head: &[f64], x: &[f64], rows: usize) -> f64 {
        let of = |(row, weights): (usize, &[f64])| {
            let sign = self.sign(row, rows);
            if sign == 0.0 {
                return 0.0;
            }
            sign * weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
        };
        head.chunks(x.len()).enumerate().map(of).sum()
    }
}

/// The posterior mean given `flips`, by one solve of the size of the equations. `guess` is the
/// best estimate so far: it tells how much the margin changes from one neighbour to the other.
pub(super) fn posterior(
    prior: &HeadPrior,
    flips: &[Flip],
    guess: &[f64],
) -> Result<Vec<f64>, AttackError> {
    let (classes, width) = (prior.classes, prior.width);
    let (n, directions) = (flips.len(), prior.directions.ncols());
    let norm = prior.mean.iter().map(|w| w * w).sum::<f64>().sqrt();
    let norm = norm.max(f64::MIN_POSITIVE);
    let pin: Vec<f64> = prior.mean.iter().map(|w| w / norm).collect();

    // Rows of E B: each equation's view of the principal directions; the pin's last.
    let mut seen = Mat::<f64>::zeros(n + 1, directions);
    for class in 0..classes {
        let rows: Vec<usize> = (0..n)
            .filter(|&row| flips[row].sign(class, classes) != 0.0)
            .collect();
        let own = Mat::from_fn(rows.len(), width, |i, j| {
            let flip = &flips[rows[i]];
            flip.sign(class, classes) * flip.point[j]
        });
        let block = prior.directions.subrows(class * width, width);
        let mut product = Mat::<f64>::zeros(rows.len(), directions);
        matmul(&mut product, Accum::Replace, &own, block, 1.0, Par::Seq);
        for column in 0..directions {
            for (from, &row) in rows.iter().enumerate() {
                seen[(row, column)] += product[(from, column)];
            }
        }
    }
    let mut pinned = Mat::<f64>::zeros(1, directions);
    let pin_row = MatRef::from_row_major_slice(&pin, 1, classes * width);
    matmul(
        &mut pinned,
        Accum::Replace,
        pin_row,
        &prior.directions,
        1.0,
        Par::Seq,
    );
    seen.as_mut().row_mut(n).copy_from(pinned.row(0));

    // K = (E B)(E B)ᵀ + s² E Eᵀ + noise², its lower triangle.
    let rest = prior.rest * prior.rest;
    let mut system = gram(&seen);
    let points = Mat::from_fn(n, width, |i, j| flips[i].point[j]);
    let inner = gram(&points);
    let along: Vec<f64> = flips
        .iter()
        .map(|flip| flip.margin(&prior.mean, &flip.point, classes))
        .collect();
    for j in 0..n {
        for i in j..n {
            let overlap = (0..classes)
                .map(|row| flips[i].sign(row, classes) * flips[j].sign(row, classes))
                .sum::<f64>();
            system[(i, j)] += rest * overlap * inner[(i, j)];
        }
        system[(n, j)] += rest * along[j] / norm;
        // The margin is zero somewhere between the neighbours, uniformly.
        let change = flips[j].margin(guess, &flips[j].change, classes);
        let noise = (change.abs() / 12.0_f64.sqrt()).max(FLOOR);
        system[(j, j)] += noise * noise;
    }
    system[(n, n)] += rest + (PIN * norm).powi(2);

    // What the mean head leaves of each equation; nothing of the pin's.
    let right = Mat::from_fn(n + 1, 1, |i, _| along.get(i).map_or(0.0, |margin| -margin));
    let factor = system.llt(Side::Lower).map_err(|_| AttackError::Singular {
        attack: "label extraction",
        reason: format!("{n} boundary equations are not independent"),
    })?;
    let dual = factor.solve(&right);

    // w = μ + B (E B)ᵀ α + s² Eᵀ α.
    let mut coordinates = Mat::<f64>::zeros(directions, 1);
    matmul(
        &mut coordinates,
        Accum::Replace,
        seen.transpose(),
        &dual,
        1.0,
        Par::Seq,
    );
    let mut moved = Mat::<f64>::zeros(classes * width, 1);
    matmul(
        &mut moved,
        Accum::Replace,
        &prior.directions,
        &coordinates,
        1.0,
        Par::Seq,
    );
    let mut head: Vec<f64> = (0..classes * width)
        .map(|at| prior.mean[at] + moved[(at, 0)] + rest * dual[(n, 0)] * pin[at])
        .collect();
    for (i, flip) in flips.iter().enumerate() {
        for (row, weights) in head.chunks_mut(width).enumerate() {
            let step = rest * dual[(i, 0)] * flip.sign(row, classes);
            if step != 0.0 {
                let pairs = weights.iter_mut().zip(&flip.point);
                pairs.for_each(|(w, x)| *w += step * x);
            }
        }
    }
    Ok(head)
}

/// The lower triangle of X Xᵀ, on one thread: the same bits whatever the number of threads.
fn gram(x: &Mat<f64>) -> Mat<f64> {
    let mut out = Mat::<f64>::zeros(x.nrows(), x.nrows());
    triangular(
        &mut out,
        BlockStructure::TriangularLower,
        Accum::Replace,
        x,
        BlockStructure::Rectangular,
        x.transpose(),
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    out
}
