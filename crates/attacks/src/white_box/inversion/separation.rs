//! The examples of a batch, taken apart by what ReLU leaves of a linear layer's gradient.
//!
//! The gradient of a linear layer's weights is G = Σ_b δ_b x_bᵀ over the b examples of a step, and that
//! of its biases Σ_b δ_b: rank b, but any basis of its column space would do. The right one is known by
//! its zeros (SPEAR, Dimitrov et al., NeurIPS 2024, arXiv:2403.03945): ReLU makes δ_b zero wherever a
//! unit is off. With G = L R, δ_b = L q_b; b − 1 rows of L whose units are off for example b fix q_b up
//! to its length, and rows that are not leave a direction with hardly a zero. Rows at which several
//! examples are off are more often drawn together: they leave a mixture of those, with the zeros that
//! they share, from which rows drawn among its zeros lead to one with more. So rows are drawn until every
//! example's direction has come up again; the biases give the lengths. What was found is
//! believed if the layer, given the inputs, is on where the slopes are not zero and off elsewhere.

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
/// Most draws of rows, and most for each set of rows that there is.
const DRAWS: f64 = 500_000.0;
const AGAIN: f64 = 30.0;
/// Pivots below this share of the first leave more than one direction open.
const PIVOT: f64 = 1e-5;
/// Share of the biases' gradient that the lengths may leave.
const LEFT: f64 = 0.02;
/// Share of the units that moved at which on and off must agree with the slopes.
const AGREE: f64 = 0.95;
/// Draws before what was found is looked at first, then twice as many each time.
const LOOK: usize = 500;

/// What a linear layer's gradient says of each example, up to the step's scale.
#[derive(Debug, Clone)]
pub(super) struct Separated {
    /// Slopes of the loss with respect to the layer's output: units × examples.
    pub slopes: Mat<f64>,
    /// The layer's inputs: examples × inputs.
    pub inputs: Mat<f64>,
}

/// A linear layer with the gradient of its weights (units × inputs) and biases.
pub(super) struct Layer<'a> {
    pub weights: MatRef<'a, f64>,
    pub biases: &'a [f64],
    pub weights_gradient: MatRef<'a, f64>,
    pub biases_gradient: &'a [f64],
}

/// Takes the gradient of a layer apart into `count` examples, in no order.
///
/// # Errors
/// If it is of fewer or more examples, or they cannot be told apart.
pub(super) fn separate(
    layer: &Layer<'_>,
    count: usize,
    mut rng: ChaCha8Rng,
) -> Result<Separated, AttackError> {
    let basis = Basis::new(layer.weights_gradient, count, &mut rng)?;
    if count == 1 {
        return lengths(layer, &basis, Mat::from_fn(1, 1, |_, _| 1.0));
    }
    if basis.rows.len() < 2 * count {
        return Err(apart("too few units of the first linear layer moved"));
    }
    let sets = (0..count - 1).fold(1.0, |sets, at| {
        sets * (basis.rows.len() - at) as f64 / (at + 1) as f64
    });
    let most = (AGAIN * sets).min(DRAWS) as usize;
    let (mut found, mut look, mut why) = (Vec::new(), LOOK.min(most), None);
    for drawn in 1..=most {
        basis.look_for(count, &mut found, &mut rng);
        if drawn < look {
            continue;
        }
        look = (2 * look).min(most);
        let Some(directions) = chosen(&found, count) else {
            continue;
        };
        match lengths(layer, &basis, directions) {
            Ok(separated) if layer.agrees(&separated) => return Ok(separated),
            Ok(_) => why = Some(apart("the layer is on where their slopes are zero")),
            Err(error) => why = Some(error),
        }
    }
    Err(why.unwrap_or_else(|| apart("too few of the units are off")))
}

impl Layer<'_> {
    /// Whether the layer is on exactly where an example's slopes are not zero, for all of them.
    fn agrees(&self, found: &Separated) -> bool {
        let sums = product(self.weights, found.inputs.transpose());
        let moved: Vec<usize> = (0..self.biases.len())
            .filter(|&i| (0..found.slopes.ncols()).any(|b| found.slopes[(i, b)] != 0.0))
            .collect();
        (0..found.slopes.ncols()).all(|b| {
            let agree = |&&i: &&usize| {
                (sums[(i, b)] + self.biases[i] > 0.0) == (found.slopes[(i, b)] != 0.0)
            };
            moved.iter().filter(agree).count() as f64 >= AGREE * moved.len() as f64
        })
    }
}

/// The examples of these directions: slopes of their right lengths, and the inputs that follow.
fn lengths(
    layer: &Layer<'_>,
    basis: &Basis,
    directions: Mat<f64>,
) -> Result<Separated, AttackError> {
    let count = directions.ncols();
    let slopes = product(basis.left.as_ref(), directions.as_ref());
    // Lengths: the slopes add up to the biases' gradient.
    let biases = layer.biases_gradient;
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
    let inputs = least_squares(slopes.as_ref(), layer.weights_gradient)?;
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

    /// Draws rows once and adds the direction that they leave to those `found`, if it is one.
    fn look_for(&self, count: usize, found: &mut Vec<Found>, rng: &mut ChaCha8Rng) {
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

    const UNITS: usize = 160;

    /// A layer with its gradient at a batch, as single precision keeps it, and the batch.
    struct Made {
        weights: Mat<f64>,
        biases: Vec<f64>,
        gradient: Mat<f64>,
        biases_gradient: Vec<f64>,
        inputs: Mat<f64>,
    }

    fn made(count: usize, rng: &mut ChaCha8Rng) -> Made {
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let inputs = Mat::from_fn(count, 90, |_, _| normal().max(0.0));
        let weights = Mat::from_fn(UNITS, 90, |_, _| normal());
        let biases: Vec<f64> = (0..UNITS).map(|_| normal()).collect();
        let sums = product(weights.as_ref(), inputs.transpose());
        let slopes = Mat::from_fn(UNITS, count, |i, b| match sums[(i, b)] + biases[i] > 0.0 {
            true => normal(),
            false => 0.0,
        });
        let exact = product(slopes.as_ref(), inputs.as_ref());
        let gradient = Mat::from_fn(UNITS, 90, |i, j| f64::from(exact[(i, j)] as f32));
        let sum = |i: usize| (0..count).map(|b| slopes[(i, b)]).sum();
        Made {
            weights,
            biases,
            gradient,
            biases_gradient: (0..UNITS).map(sum).collect(),
            inputs,
        }
    }

    fn take_apart(made: &Made, count: usize) -> Result<Separated, AttackError> {
        let layer = Layer {
            weights: made.weights.as_ref(),
            biases: &made.biases,
            weights_gradient: made.gradient.as_ref(),
            biases_gradient: &made.biases_gradient,
        };
        separate(&layer, count, ChaCha8Rng::seed_from_u64(4))
    }

    #[test]
    fn sparse_slopes_take_a_batch_apart() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for count in [1, 2, 5, 8] {
            let made = made(count, &mut rng);
            let found = take_apart(&made, count).unwrap();
            for b in 0..count {
                // In no order: the nearest one is the example itself.
                let error = |other: usize| {
                    let row = made.inputs.row(b) - found.inputs.row(other);
                    row.norm_l2() / made.inputs.row(b).norm_l2()
                };
                let least = (0..count).map(error).fold(f64::INFINITY, f64::min);
                assert!(least < 1e-4, "example {b} of {count}: {least}");
            }
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_is_refused() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let made = made(3, &mut rng);
        let refused = |made: &Made, count: usize| {
            let found = take_apart(made, count);
            found.map(|_| ()).unwrap_err().to_string()
        };
        assert!(refused(&made, 2).contains("there are more"));
        assert!(refused(&made, 4).contains("there are fewer"));
        let biases = (0..UNITS).map(|i| (i % 7) as f64 - 3.0).collect();
        let other = Made {
            biases_gradient: biases,
            ..made
        };
        let said = refused(&other, 3);
        assert!(said.contains("not the sum"), "{said}");
        let other = Made {
            biases: vec![-1e6; UNITS],
            ..self::made(3, &mut ChaCha8Rng::seed_from_u64(5))
        };
        let said = refused(&other, 3);
        assert!(said.contains("the layer is on where"), "{said}");
    }
}
