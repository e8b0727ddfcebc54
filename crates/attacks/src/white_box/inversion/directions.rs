//! Directions in the column space of a gradient that leave many of its rows at zero: those of single
//! examples, for [`separation`](super::separation).

use faer::{Mat, MatRef, Side};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::convolution::product;
use crate::AttackError;

/// Columns of the sketch beyond the examples: they show whether there are more.
const MORE: usize = 4;
/// Share of the largest singular value that rounding alone does not reach.
const ROUNDING: f64 = 1e-5;
/// Entries below this share of a direction's root mean square are zeros: where the direction is that of a
/// few rows, and where it is that of all its zeros.
const ROUGH: f64 = 2e-3;
pub(super) const FINE: f64 = 2e-4;
/// Share of the rows that must be zero for a direction to be looked at, and how many more than were drawn
/// to make it.
const SPARSE: f64 = 0.05;
const MORE_ZEROS: usize = 2;
/// Rows that are looked at first.
const FIRST: usize = 64;
/// Directions whose cosine is above are one.
const SAME: f64 = 0.999;
/// How often a direction must come up: one that mixes two examples needs one certain row, and hardly
/// does so twice.
const HITS: usize = 2;
/// Draws for a direction with more zeros, and the most rows in one that are not among its zeros.
const CLIMBS: usize = 60;
const STRAYS: usize = 3;
/// Pivots below this share of the first leave more than one direction open.
const PIVOT: f64 = 1e-5;
/// An orthonormal basis of the column space, its rows that are not nothing first.
pub(super) struct Basis {
    /// Units × examples.
    pub left: Mat<f64>,
    /// Rows that are not nothing, in no order.
    pub rows: Vec<usize>,
}

impl Basis {
    /// By a random sketch (Halko, Martinsson and Tropp 2011) with one power iteration.
    pub fn new(
        weights: MatRef<'_, f64>,
        count: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, AttackError> {
        let columns = (count + MORE).min(weights.nrows()).min(weights.ncols());
        let mut normals = StandardNormal.sample_iter(&mut *rng);
        let sketch = Mat::from_fn(weights.ncols(), columns, |_, _| {
            normals.next().unwrap_or_default()
        });
        let range = |sketch: MatRef<'_, f64>| product(weights, sketch).qr().compute_thin_Q();
        let first = range(sketch.as_ref());
        let again = product(weights.transpose(), first.as_ref());
        let range = range(again.as_ref());
        let small = product(range.transpose(), weights);
        let gram = product(small.as_ref(), small.transpose());
        let eigen = gram.self_adjoint_eigen(Side::Lower);
        let eigen = eigen.map_err(|_| apart("their gradient has no singular values"))?;
        // Eigenvalues ascend.
        let value = |from_last: usize| eigen.S()[columns - 1 - from_last].max(0.0).sqrt();
        let clear = |from_last: usize| value(from_last) > ROUNDING * value(0);
        if count > columns || !clear(count - 1) {
            return Err(apart("there are fewer"));
        }
        if count < columns && clear(count) {
            return Err(apart("there are more"));
        }
        let leading = Mat::from_fn(columns, count, |i, k| eigen.U()[(i, columns - 1 - k)]);
        let left = product(range.as_ref(), leading.as_ref());
        let power = |i: usize| (0..count).map(|k| left[(i, k)].powi(2)).sum::<f64>();
        let least = FINE.powi(2) * count as f64 / left.nrows().max(1) as f64;
        let mut rows: Vec<usize> = (0..left.nrows()).filter(|&i| power(i) > least).collect();
        for at in (1..rows.len()).rev() {
            rows.swap(at, rng.random_range(0..=at));
        }
        Ok(Self { left, rows })
    }

    /// Draws rows once and adds the direction that they leave to those `found`, if it is one.
    pub fn look_for(&self, count: usize, found: &mut Vec<Found>, rng: &mut ChaCha8Rng) {
        let drawn = self.draw(count, rng);
        let climbed = drawn.map(|it| self.climb(it, count, rng));
        let Some(direction) = climbed.and_then(|it| self.refine(it)) else {
            return;
        };
        match found.iter_mut().find(|it| it.is(&direction)) {
            Some(known) => known.hits += 1,
            None => found.push(Found::new(self, direction)),
        }
    }

    /// The direction that count − 1 rows at random leave; none where they leave more than one, or one
    /// with hardly a zero.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Option<Vec<f64>> {
        let mut picked: Vec<usize> = Vec::with_capacity(count - 1);
        pick(&self.rows, count - 1, &mut picked, rng);
        let direction = null_vector(&self.left, &picked)?;
        let first = &self.rows[..FIRST.min(self.rows.len())];
        let zeros = self.zeros(&direction, first, ROUGH).count();
        (zeros as f64 >= SPARSE * first.len() as f64).then_some(direction)
    }

    /// A direction with as many zeros as can be found from this one: most rows are drawn among its zeros,
    /// a few among all.
    fn climb(&self, mut direction: Vec<f64>, count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut zeros: Vec<usize> = self.zeros(&direction, &self.rows, ROUGH).collect();
        // With no more of its own zeros than of others every climb would end at the same direction.
        let most = STRAYS.min((count - 1) / 2);
        let mut left = if most > 0 { CLIMBS } else { 0 };
        let mut picked = Vec::with_capacity(count - 1);
        while left > 0 && zeros.len() >= count {
            left -= 1;
            let strays = rng.random_range(1..=most);
            picked.clear();
            pick(&zeros, count - 1 - strays, &mut picked, rng);
            pick(&self.rows, count - 1, &mut picked, rng);
            let Some(next) = null_vector(&self.left, &picked) else {
                continue;
            };
            let more: Vec<usize> = self.zeros(&next, &self.rows, ROUGH).collect();
            if more.len() > zeros.len() {
                (direction, zeros, left) = (next, more, CLIMBS);
            }
        }
        direction
    }

    /// The rows among `rows` at which L q is nothing, up to this share.
    fn zeros<'a>(
        &'a self,
        direction: &'a [f64],
        rows: &'a [usize],
        share: f64,
    ) -> impl Iterator<Item = usize> + 'a {
        // L has orthonormal columns: the root mean square of L q is that of q.
        let power: f64 = direction.iter().map(|q| q * q).sum();
        let least = share * (power / self.left.nrows() as f64).sqrt();
        let value = move |row: usize| -> f64 {
            let terms = direction.iter().enumerate();
            terms.map(|(k, q)| self.left[(row, k)] * q).sum()
        };
        rows.iter()
            .copied()
            .filter(move |&row| value(row).abs() < least)
    }

    /// The direction that all its zeros agree on: the last eigenvector of their Gram matrix.
    fn refine(&self, mut direction: Vec<f64>) -> Option<Vec<f64>> {
        for share in [ROUGH, FINE] {
            let zeros: Vec<usize> = self.zeros(&direction, &self.rows, share).collect();
            let n = direction.len();
            let least = (SPARSE * self.rows.len() as f64) as usize;
            if zeros.len() < least.max(n - 1 + MORE_ZEROS) {
                return None;
            }
            let rows = Mat::from_fn(zeros.len(), n, |i, k| self.left[(zeros[i], k)]);
            let gram = product(rows.transpose(), rows.as_ref());
            let eigen = gram.self_adjoint_eigen(Side::Lower).ok()?;
            direction = (0..n).map(|k| eigen.U()[(k, 0)]).collect();
        }
        Some(direction)
    }
}

/// Adds rows of `among`, each once, until there are `count` in `picked`.
fn pick(among: &[usize], count: usize, picked: &mut Vec<usize>, rng: &mut ChaCha8Rng) {
    while picked.len() < count {
        let row = among[rng.random_range(0..among.len())];
        if !picked.contains(&row) {
            picked.push(row);
        }
    }
}

/// A direction that came up, of length 1.
pub(super) struct Found {
    direction: Vec<f64>,
    zeros: usize,
    hits: usize,
}

impl Found {
    fn new(basis: &Basis, direction: Vec<f64>) -> Self {
        Self {
            zeros: basis.zeros(&direction, &basis.rows, FINE).count(),
            direction,
            hits: 1,
        }
    }

    fn is(&self, other: &[f64]) -> bool {
        let cosine: f64 = self.direction.iter().zip(other).map(|(a, b)| a * b).sum();
        cosine.abs() > SAME
    }
}

/// The sparsest independent directions of those that came up often, once there are `count`; one a column.
pub(super) fn chosen(found: &[Found], count: usize) -> Option<Mat<f64>> {
    let mut often: Vec<&Found> = found.iter().filter(|it| it.hits >= HITS).collect();
    if often.len() < count {
        return None;
    }
    often.sort_by_key(|it| std::cmp::Reverse(it.zeros));
    let mut picked: Vec<&Found> = Vec::with_capacity(count);
    // What of each is new beside those that are picked (Gram and Schmidt).
    let mut new: Vec<Vec<f64>> = Vec::with_capacity(count);
    for it in often {
        let mut rest = it.direction.clone();
        for known in &new {
            let along: f64 = rest.iter().zip(known).map(|(a, b)| a * b).sum();
            rest.iter_mut()
                .zip(known)
                .for_each(|(a, b)| *a -= along * b);
        }
        let length = rest.iter().map(|a| a * a).sum::<f64>().sqrt();
        if length > 1e-3 {
            rest.iter_mut().for_each(|a| *a /= length);
            new.push(rest);
            picked.push(it);
        }
        if picked.len() == count {
            let length = it.direction.len();
            return Some(Mat::from_fn(length, count, |k, b| picked[b].direction[k]));
        }
    }
    None
}

/// A vector of length 1 that all columns of `known`, one fewer than it has rows, are orthogonal to.
pub(super) fn orthogonal(known: MatRef<'_, f64>) -> Option<Vec<f64>> {
    let rows: Vec<usize> = (0..known.ncols()).collect();
    null_vector(&known.transpose().to_owned(), &rows)
}

/// A vector that the `rows` of `matrix`, one fewer than it has columns, are all orthogonal to, by
/// elimination with full pivoting; none where they do not leave one alone.
fn null_vector(matrix: &Mat<f64>, rows: &[usize]) -> Option<Vec<f64>> {
    let (n, columns) = (rows.len(), matrix.ncols());
    let mut a: Vec<Vec<f64>> = rows
        .iter()
        .map(|&row| (0..columns).map(|k| matrix[(row, k)]).collect())
        .collect();
    let mut order: Vec<usize> = (0..columns).collect();
    let mut first = 0.0;
    for step in 0..n {
        let (mut best, mut at) = (0.0, (step, step));
        for (i, row) in a.iter().enumerate().skip(step) {
            for (k, value) in row.iter().enumerate().skip(step) {
                if value.abs() > best {
                    (best, at) = (value.abs(), (i, k));
                }
            }
        }
        if step == 0 {
            first = best;
        }
        if !(best > PIVOT * first) {
            return None;
        }
        a.swap(step, at.0);
        order.swap(step, at.1);
        a.iter_mut().for_each(|row| row.swap(step, at.1));
        let (above, below) = a.split_at_mut(step + 1);
        let pivot = &above[step];
        for row in below {
            let share = row[step] / pivot[step];
            for k in step..columns {
                row[k] -= share * pivot[k];
            }
        }
    }
    // The last unknown is free: 1.
    let mut solution = vec![0.0; columns];
    solution[columns - 1] = 1.0;
    for step in (0..n).rev() {
        let sum: f64 = (step + 1..columns).map(|k| a[step][k] * solution[k]).sum();
        solution[step] = -sum / a[step][step];
    }
    let length = solution.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut out = vec![0.0; columns];
    for (k, value) in order.into_iter().zip(solution) {
        out[k] = value / length;
    }
    Some(out)
}

/// Why a batch is left as it is.
pub(super) fn apart(reason: &str) -> AttackError {
    AttackError::Singular {
        attack: "gradient_inversion",
        reason: format!("the examples of the batch cannot be told apart: {reason}"),
    }
}
