//! The examples of a batch, taken apart by what ReLU leaves of a linear layer's gradient.
//!
//! The gradient of a linear layer's weights is G = Σ_b δ_b x_bᵀ over the b examples of a step, and that
//! of its biases Σ_b δ_b: rank b, but any basis of its column space would do. The right one is known by
//! its zeros (SPEAR, Dimitrov et al., NeurIPS 2024, arXiv:2403.03945): ReLU makes δ_b zero wherever a
//! unit is off. With G = L R, δ_b = L q_b; b − 1 rows of L whose units are off for example b fix q_b up
//! to its length, and rows that are not leave a direction with hardly a zero. Rows at which several
//! examples are off are more often drawn together: they leave a mixture of those, with the zeros that
//! they share, from which rows drawn among its zeros lead to one with more. So rows are drawn until every
//! example's direction, or all but one, has come up again; the biases give the lengths, and the last one. What was
//! found is believed if the layer, given the inputs, is on where the slopes are not zero and off elsewhere.

use faer::prelude::*;
use faer::{Mat, MatRef, Side};
use rand_chacha::ChaCha8Rng;

use super::convolution::product;
use super::directions::{Basis, FINE, apart, chosen, orthogonal};
use crate::AttackError;

/// Most draws of rows, and most for each set of rows that there is.
const DRAWS: f64 = 500_000.0;
const AGAIN: f64 = 30.0;
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
        let all = || chosen(&found, count);
        // Where one comes up too seldom the sparsest of the others is a mixture.
        let but_one = || layer.last_direction(&basis, chosen(&found, count - 1)?.as_ref());
        let ways: [&dyn Fn() -> Option<Mat<f64>>; 2] = [&all, &but_one];
        for directions in ways.into_iter().filter_map(|way| way()) {
            match lengths(layer, &basis, directions) {
                Ok(separated) if layer.agrees(&separated) => return Ok(separated),
                Ok(_) => why = Some(apart("the layer is on where their slopes are zero")),
                Err(error) => why = Some(error),
            }
        }
    }
    Err(why.unwrap_or_else(|| apart("too few of the units are off")))
}

impl Layer<'_> {
    /// All directions, where all but one are `known` (examples × (examples − 1)). Beside the biases'
    /// gradient L c they fix the last example's input: with G = L R it is yᵀ R / yᵀ c, where y is
    /// orthogonal to all that are known. That tells which units are off for it, and its slopes L q,
    /// q = c − Σ s_i q_i, are zero there: linear equations for s.
    fn last_direction(&self, basis: &Basis, known: MatRef<'_, f64>) -> Option<Mat<f64>> {
        let count = known.nrows();
        let left = basis.left.as_ref();
        let y = orthogonal(known)?;
        let biases = Mat::from_fn(self.biases_gradient.len(), 1, |i, _| {
            self.biases_gradient[i]
        });
        let c = product(left.transpose(), biases.as_ref());
        let along: f64 = (0..count).map(|k| y[k] * c[(k, 0)]).sum();
        // x = Gᵀ L y / yᵀ c.
        let of_units = Mat::from_fn(left.nrows(), 1, |i, _| {
            (0..count).map(|k| left[(i, k)] * y[k]).sum::<f64>() / along
        });
        let input = product(self.weights_gradient.transpose(), of_units.as_ref());
        let sums = product(self.weights, input.as_ref());
        let off = basis.rows.iter().copied();
        let off: Vec<usize> = off
            .filter(|&i| sums[(i, 0)] + self.biases[i] <= 0.0)
            .collect();
        if off.len() < 2 * count {
            return None;
        }
        let rows = Mat::from_fn(off.len(), count, |i, k| left[(off[i], k)]);
        let equations = product(rows.as_ref(), known);
        let right = product(rows.as_ref(), c.as_ref());
        let shares = least_squares(equations.as_ref(), right.as_ref()).ok()?;
        let last = &c - product(known, shares.as_ref());
        let length = last.norm_l2();
        (length > 0.0).then(|| {
            Mat::from_fn(count, count, |k, b| match b + 1 < count {
                true => known[(k, b)],
                false => last[(k, 0)] / length,
            })
        })
    }

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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    const UNITS: usize = 160;

    /// A layer with its gradient at a batch, as single precision keeps it, and the batch.
    struct Made {
        weights: Mat<f64>,
        biases: Vec<f64>,
        gradient: Mat<f64>,
        biases_gradient: Vec<f64>,
        inputs: Mat<f64>,
        slopes: Mat<f64>,
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
            slopes,
        }
    }

    fn layer(made: &Made) -> Layer<'_> {
        Layer {
            weights: made.weights.as_ref(),
            biases: &made.biases,
            weights_gradient: made.gradient.as_ref(),
            biases_gradient: &made.biases_gradient,
        }
    }

    fn take_apart(made: &Made, count: usize) -> Result<Separated, AttackError> {
        separate(&layer(made), count, ChaCha8Rng::seed_from_u64(4))
    }

    #[test]
    fn all_directions_but_one_give_the_last() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for count in [2, 5, 8] {
            let made = made(count, &mut rng);
            let layer = layer(&made);
            let basis = Basis::new(made.gradient.as_ref(), count, &mut rng).unwrap();
            // δ = L q, and L is orthonormal.
            let own = product(basis.left.transpose(), made.slopes.as_ref());
            let last = own.col(count - 1);
            let known = own.as_ref().subcols(0, count - 1);
            let found = layer.last_direction(&basis, known).unwrap();
            let cosine = last.transpose() * found.col(count - 1) / last.norm_l2();
            assert!(cosine.abs() > 1.0 - 1e-6, "{count}: {cosine}");
            // Those of another batch say nothing of this one's last example.
            let other = product(
                basis.left.transpose(),
                self::made(count, &mut rng).slopes.as_ref(),
            );
            let wrong = layer.last_direction(&basis, other.as_ref().subcols(0, count - 1));
            let taken = wrong.map(|it| lengths(&layer, &basis, it));
            assert!(
                !taken.is_some_and(|it| it.is_ok_and(|it| layer.agrees(&it))),
                "{count}"
            );
        }
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
