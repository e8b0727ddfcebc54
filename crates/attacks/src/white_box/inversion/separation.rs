//! The examples of a batch, taken apart by what ReLU leaves of a linear layer's gradient.
//!
//! The gradient of a linear layer's weights is G = Σ_b δ_b x_bᵀ over the b examples of a step, and that
//! of its biases Σ_b δ_b: rank b, but any basis of its column space would do. The right one is known by
//! its zeros (SPEAR, Dimitrov et al., NeurIPS 2024, arXiv:2403.03945): ReLU makes δ_b zero wherever a
//! unit is off. With G = L R, δ_b = L q_b; b − 1 rows of L whose units are off for example b fix q_b up
//! to its length, and rows that are not leave a direction with hardly a zero. So rows are drawn until
//! every example's direction has come up several times; the biases give the lengths.

use faer::prelude::*;
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
const FINE: f64 = 2e-4;
/// Share of the rows that must be zero for a direction to be looked at.
const SPARSE: f64 = 0.1;
/// Rows that are looked at first.
const FIRST: usize = 64;
/// Directions whose cosine is above are one.
const SAME: f64 = 0.999;
/// How often a direction must come up: one that mixes two examples needs one certain row, and hardly
/// does so twice.
const HITS: usize = 3;
/// Most draws of rows.
const DRAWS: usize = 1_000_000;
/// Pivots below this share of the first leave more than one direction open.
const PIVOT: f64 = 1e-5;
/// Share of the biases' gradient that the lengths may leave.
const LEFT: f64 = 0.02;

/// What a linear layer's gradient says of each example, up to the step's scale.
#[derive(Debug, Clone)]
pub(super) struct Separated {
    /// Slopes of the loss with respect to the layer's output: units × examples.
    pub slopes: Mat<f64>,
    /// The layer's inputs: examples × inputs.
    pub inputs: Mat<f64>,
}

/// Takes the gradient `weights` (units × inputs), with that of the `biases`, apart into `count` examples,
/// in no order.
///
/// # Errors
/// If it is of fewer or more examples, or they cannot be told apart.
pub(super) fn separate(
    weights: MatRef<'_, f64>,
    biases: &[f64],
    count: usize,
    mut rng: ChaCha8Rng,
) -> Result<Separated, AttackError> {
    let basis = Basis::new(weights, count, &mut rng)?;
    let directions = basis.directions(count, &mut rng)?;
    let slopes = product(basis.left.as_ref(), directions.as_ref());
    // Lengths: the slopes add up to the biases' gradient.
    let biases = Mat::from_fn(biases.len(), 1, |i, _| biases[i]);
    let lengths = least_squares(slopes.as_ref(), biases.as_ref())?;
    let rest = &biases - product(slopes.as_ref(), lengths.as_ref());
    if !(rest.norm_l2() <= LEFT * biases.norm_l2()) {
        return Err(apart(
            "the biases' gradient is not the sum of what was found",
        ));
    }
    let mut slopes = Mat::from_fn(slopes.nrows(), count, |i, b| {
        slopes[(i, b)] * lengths[(b, 0)]
    });
    for b in 0..count {
        let least = FINE * root_mean_square((0..slopes.nrows()).map(|i| slopes[(i, b)]));
        for i in 0..slopes.nrows() {
            if slopes[(i, b)].abs() < least {
                slopes[(i, b)] = 0.0;
            }
        }
    }
    let inputs = least_squares(slopes.as_ref(), weights)?;
    Ok(Separated { slopes, inputs })
}

fn apart(reason: &str) -> AttackError {
    AttackError::Singular {
        attack: "gradient_inversion",
        reason: format!("the examples of the batch cannot be told apart: {reason}"),
    }
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    (values.map(|it| it * it).sum::<f64>() / count).sqrt()
}

/// argmin |A x − y|², by the normal equations: A is well conditioned and has few columns.
fn least_squares(a: MatRef<'_, f64>, y: MatRef<'_, f64>) -> Result<Mat<f64>, AttackError> {
    let gram = product(a.transpose(), a);
    let factor = gram.llt(Side::Lower);
    let factor = factor.map_err(|_| apart("two of them have the same slopes"))?;
    Ok(factor.solve(product(a.transpose(), y)))
}

/// An orthonormal basis of the column space, its rows that are not nothing first.
struct Basis {
    /// Units × examples.
    left: Mat<f64>,
    /// Rows that are not nothing, in no order.
    rows: Vec<usize>,
}

impl Basis {
    /// By a random sketch (Halko, Martinsson and Tropp 2011) with one power iteration.
    fn new(
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

    /// The directions of all examples, a column each.
    fn directions(&self, count: usize, rng: &mut ChaCha8Rng) -> Result<Mat<f64>, AttackError> {
        if count == 1 {
            return Ok(Mat::from_fn(1, 1, |_, _| 1.0));
        }
        if self.rows.len() < 2 * count {
            return Err(apart("too few units of the first linear layer moved"));
        }
        let mut found: Vec<Found> = Vec::new();
        for _ in 0..DRAWS {
            let Some(direction) = self.draw(count, rng) else {
                continue;
            };
            let Some(direction) = self.refine(direction) else {
                continue;
            };
            match found.iter_mut().find(|it| it.is(&direction)) {
                Some(known) => known.hits += 1,
                None => found.push(Found::new(self, direction)),
            }
            if let Some(all) = chosen(&found, count) {
                return Ok(all);
            }
        }
        Err(apart("too few of the units are off"))
    }

    /// The direction that count − 1 rows at random leave; none where they leave more than one, or one
    /// with hardly a zero.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Option<Vec<f64>> {
        let mut picked: Vec<usize> = Vec::with_capacity(count - 1);
        while picked.len() < count - 1 {
            let row = self.rows[rng.random_range(0..self.rows.len())];
            if !picked.contains(&row) {
                picked.push(row);
            }
        }
        let direction = null_vector(&self.left, &picked)?;
        let first = &self.rows[..FIRST.min(self.rows.len())];
        let zeros = self.zeros(&direction, first, ROUGH).count();
        (zeros as f64 >= SPARSE * first.len() as f64).then_some(direction)
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
            if (zeros.len() as f64) < SPARSE * self.rows.len() as f64 {
                return None;
            }
            let n = direction.len();
            let rows = Mat::from_fn(zeros.len(), n, |i, k| self.left[(zeros[i], k)]);
            let gram = product(rows.transpose(), rows.as_ref());
            let eigen = gram.self_adjoint_eigen(Side::Lower).ok()?;
            direction = (0..n).map(|k| eigen.U()[(k, 0)]).collect();
        }
        Some(direction)
    }
}

/// A direction that came up, of length 1.
struct Found {
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

/// The sparsest independent directions of those that came up often, once there are `count`.
fn chosen(found: &[Found], count: usize) -> Option<Mat<f64>> {
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
            return Some(Mat::from_fn(count, count, |k, b| picked[b].direction[k]));
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Slopes of which about half are zero, and inputs that are not negative.
    fn batch(count: usize, rng: &mut ChaCha8Rng) -> (Mat<f64>, Mat<f64>) {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let slopes = Mat::from_fn(160, count, |_, _| match normal() < 0.0 {
            true => 0.0,
            false => normal(),
        });
        let inputs = Mat::from_fn(count, 90, |_, _| normal().max(0.0));
        (slopes, inputs)
    }

    fn sums(slopes: &Mat<f64>) -> Vec<f64> {
        let row = |i: usize| (0..slopes.ncols()).map(|b| slopes[(i, b)]).sum();
        (0..slopes.nrows()).map(row).collect()
    }

    /// As single precision keeps it.
    fn single(matrix: &Mat<f64>) -> Mat<f64> {
        Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| {
            f64::from(matrix[(i, j)] as f32)
        })
    }

    #[test]
    fn sparse_slopes_take_a_batch_apart() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for count in [1, 2, 5, 8] {
            let (slopes, inputs) = batch(count, &mut rng);
            let gradient = single(&product(slopes.as_ref(), inputs.as_ref()));
            let seed = ChaCha8Rng::seed_from_u64(4);
            let found = separate(gradient.as_ref(), &sums(&slopes), count, seed).unwrap();
            for b in 0..count {
                // In no order: the nearest one is the example itself.
                let error = |other: usize| {
                    let row = inputs.row(b) - found.inputs.row(other);
                    row.norm_l2() / inputs.row(b).norm_l2()
                };
                let least = (0..count).map(error).fold(f64::INFINITY, f64::min);
                assert!(least < 1e-4, "example {b} of {count}: {least}");
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_is_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (slopes, inputs) = batch(3, &mut rng);
        let gradient = product(slopes.as_ref(), inputs.as_ref());
        let refused = |count: usize, biases: &[f64]| {
            let seed = ChaCha8Rng::seed_from_u64(6);
            let found = separate(gradient.as_ref(), biases, count, seed);
            found.map(|_| ()).unwrap_err().to_string()
        };
        let biases = sums(&slopes);
        assert!(refused(2, &biases).contains("there are more"));
        assert!(refused(4, &biases).contains("there are fewer"));
        let other: Vec<f64> = (0..160).map(|i| f64::from(i % 7) - 3.0).collect();
        assert!(
            refused(3, &other).contains("not the sum"),
            "{}",
            refused(3, &other)
        );
    }
}
