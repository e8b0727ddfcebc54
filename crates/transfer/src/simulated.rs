//! Training as an adversary simulates it who knows the examples' products: from W₀ = 0, with the noise
//! and the sampling of DP-SGD left at their means.

use pulp::Simd;

use crate::lanes::{Kernel, LANES, Lanes, dispatch};
use crate::loss::{clip_factor, column_squares, scale_columns, softmax_residual};
use crate::matrix::Matrix;
use crate::products::{Combine, add_with};
use crate::recipe::Recipe;

/// A (K × N, row-major) of the head W = A F that the recipe leaves of N examples, class by class as
/// many, from their products with one another (N × N, the bias's constant included): plain descent,
/// A ← (1 − ηλ) A − η s (P − Y), s = 1/N; under DP-SGD examples are scaled by their clipping factors
/// and s is the sampling rate over its divisor.
pub fn simulated_span(gram: &[f32], classes: usize, shots: usize, recipe: &Recipe) -> Vec<f32> {
    let n = classes * shots;
    let mut matrix = Matrix::default();
    matrix.resize(n, n);
    let mut norms = Matrix::default();
    norms.resize(1, n);
    for (i, row) in gram.chunks_exact(n).enumerate() {
        matrix.copy_row(i, row, 0.0);
        norms.row_mut(0)[i] = row[i];
    }
    let (mut targets, mut outputs, mut span) =
        (Matrix::default(), Matrix::default(), Matrix::default());
    targets.resize(classes, n);
    outputs.resize(classes, n);
    span.resize(classes, n);
    for class in 0..classes {
        targets.row_mut(class)[class * shots..(class + 1) * shots].fill(1.0);
    }
    let share = recipe.dp.map_or(1.0 / n as f64, |dp| {
        dp.sampling.rate() / dp.sampling.divisor(n) as f64
    });
    dispatch(Training {
        gram: &matrix,
        norms: &norms,
        targets: &targets,
        outputs: &mut outputs,
        span: &mut span,
        all: &vec![[1.0; LANES]; n.div_ceil(LANES)],
        keep: 1.0 - recipe.learning_rate * recipe.weight_decay,
        rate: recipe.learning_rate * share as f32,
        clip: recipe.dp.map(|dp| dp.clip),
        steps: recipe.steps,
    });
    let mut out = vec![0.0; classes * n];
    span.write(&mut out);
    out
}

struct Training<'a> {
    gram: &'a Matrix,
    /// ‖f‖² of each example.
    norms: &'a Matrix,
    targets: &'a Matrix,
    outputs: &'a mut Matrix,
    span: &'a mut Matrix,
    /// Every example is in the batch.
    all: &'a [[f32; LANES]],
    keep: f32,
    rate: f32,
    clip: Option<f32>,
    steps: usize,
}

impl Kernel for Training<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let z = self.outputs;
        for _ in 0..self.steps {
            lanes.call(Combine {
                out: &mut *z,
                scale: 0.0,
                a: &*self.span,
                f: self.gram,
            });
            for b in 0..self.all.len() {
                softmax_residual(lanes, z, self.targets, b);
                if let Some(clip) = self.clip {
                    let norm = lanes.load(&self.norms.vectors(0)[b]);
                    let square = lanes.mul(column_squares(lanes, z, b), norm);
                    let factor = clip_factor(lanes, self.all, b, clip, square);
                    scale_columns(lanes, z, b, factor);
                }
            }
            add_with(lanes, self.span, self.keep, z, -self.rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::DpSgd;
    use spec::Sampling;

    /// The same in double precision, example by example.
    fn by_definition(gram: &[f32], classes: usize, shots: usize, recipe: &Recipe) -> Vec<f64> {
        let n = classes * shots;
        let mut span = vec![0.0; classes * n];
        let share = recipe.dp.map_or(1.0 / n as f64, |dp| {
            dp.sampling.rate() / dp.sampling.divisor(n) as f64
        });
        let (eta, lambda) = (
            f64::from(recipe.learning_rate),
            f64::from(recipe.weight_decay),
        );
        for _ in 0..recipe.steps {
            let before = span.clone();
            for i in 0..n {
                let logit = |k: usize| -> f64 {
                    (0..n)
                        .map(|j| before[k * n + j] * f64::from(gram[j * n + i]))
                        .sum()
                };
                let powers: Vec<f64> = (0..classes).map(|k| logit(k).exp()).collect();
                let total: f64 = powers.iter().sum();
                let slope = |k: usize| powers[k] / total - f64::from(u8::from(i / shots == k));
                let square: f64 = (0..classes).map(|k| slope(k).powi(2)).sum();
                let norm = (square * f64::from(gram[i * n + i])).sqrt();
                let factor = recipe
                    .dp
                    .map_or(1.0, |dp| (f64::from(dp.clip) / (norm + 1e-6)).min(1.0));
                for k in 0..classes {
                    span[k * n + i] =
                        (1.0 - eta * lambda) * before[k * n + i] - eta * share * factor * slope(k);
                }
            }
        }
        span
    }

    #[test]
    fn it_is_training_by_definition() {
        let (classes, shots, width) = (3, 7, 5);
        let n = classes * shots;
        let features: Vec<f32> = (0..n * width).map(|i| (i as f32 * 0.7).sin()).collect();
        let row = |i: usize| &features[i * width..(i + 1) * width];
        let mut gram = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                let product: f32 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
                gram[i * n + j] = 1.0 + product;
            }
        }
        let plain = Recipe {
            steps: 40,
            learning_rate: 0.2,
            weight_decay: 0.01,
            ..Recipe::mnist(shots)
        };
        let dp = DpSgd {
            clip: 0.8,
            noise_multiplier: 1.0,
            sampling: Sampling::Poisson(0.3),
        };
        for recipe in [
            plain,
            Recipe {
                dp: Some(dp),
                ..plain
            },
        ] {
            let found = simulated_span(&gram, classes, shots, &recipe);
            let right = by_definition(&gram, classes, shots, &recipe);
            for (found, right) in found.iter().zip(right) {
                assert!((f64::from(*found) - right).abs() < 1e-5, "{found} {right}");
            }
        }
    }
}
