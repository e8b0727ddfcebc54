//! One head trained twice: by a fast path and plainly, with the same draws.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::super::*;
use crate::draws::Draws;
use crate::matrix::Matrix;
use crate::{Sampling, reference};

/// Everything a run draws, fixed beforehand.
pub(super) struct Fixed {
    pub(super) initial: Vec<f32>,
    /// Pass by pass.
    orders: Vec<Vec<usize>>,
    /// Step by step, one value an example.
    pub(super) batches: Vec<Vec<bool>>,
    /// Step by step, one value a weight.
    pub(super) noise: Vec<Vec<f64>>,
    /// Rows F̃_i.
    examples: Vec<Vec<f64>>,
    first: [usize; 2],
    /// What noise of each step amounts to in the final weights, before the learning rate's sign.
    responses: Vec<f64>,
    step: usize,
}

/// By following noise of one step alone, in one direction that no example has a part in.
fn responses(recipe: &Recipe) -> Vec<f64> {
    let (rate, decay) = (recipe.learning_rate, recipe.weight_decay);
    let of_step = |noisy: usize| {
        let (mut velocity, mut weight) = (0.0, 0.0);
        for step in 0..recipe.steps {
            let gradient = f64::from(decay) * weight + f64::from(step == noisy);
            velocity = f64::from(recipe.momentum) * velocity + gradient;
            weight -= f64::from(rate) * velocity;
        }
        -weight / f64::from(rate)
    };
    (0..recipe.steps).map(of_step).collect()
}

impl Fixed {
    pub(super) fn new(
        shape: &HeadShape,
        recipe: &Recipe,
        data: &FeatureSet,
        members: &[u32],
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(99);
        let mut initial = Vec::new();
        for (rows, cols) in layers(shape) {
            for i in 0..rows * cols {
                let normal: f32 = StandardNormal.sample(&mut rng);
                let bias = i % cols == cols - 1;
                initial.push(if bias { 0.0 } else { normal * recipe.init_std });
            }
        }
        let n = members.len();
        let mut order: Vec<usize> = (0..n).collect();
        let orders: Vec<Vec<usize>> = (0..recipe.steps)
            .map(|_| {
                order.shuffle(&mut rng);
                order.clone()
            })
            .collect();
        let mut batches: Vec<Vec<bool>> = Vec::new();
        if let Some(size) = recipe.batch {
            for batch in orders.iter().flat_map(|order| order.chunks(size)) {
                batches.push((0..n).map(|example| batch.contains(&example)).collect());
            }
        }
        let mut noise = Vec::new();
        if let Some(dp) = recipe.dp {
            for _ in 0..recipe.steps {
                let mut in_batch = || match dp.sampling {
                    Sampling::Full => true,
                    Sampling::Poisson(rate) => rng.random_bool(rate),
                };
                batches.push(members.iter().map(|_| in_batch()).collect());
                let normal = (&mut rng).sample_iter(StandardNormal);
                noise.push(normal.take(shape.weight_len()).collect());
            }
        }
        let with_one = |&member: &u32| {
            let row = data.row(member as usize).iter().map(|&x| x.into());
            row.chain([1.0]).collect()
        };
        Self {
            initial,
            orders,
            batches,
            noise,
            examples: members.iter().map(with_one).collect(),
            first: layers(shape)[0].into(),
            responses: match recipe.dp {
                Some(_) => responses(recipe),
                None => Vec::new(),
            },
            step: 0,
        }
    }

    /// The orthonormal basis that Gram-Schmidt makes of the examples `pivots`.
    fn basis(&self, pivots: &[usize]) -> Vec<Vec<f64>> {
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for &pivot in pivots {
            let mut row = self.examples[pivot].clone();
            for _ in 0..2 {
                for done in &basis {
                    let along = dot(&row, done);
                    row.iter_mut().zip(done).for_each(|(x, q)| *x -= along * q);
                }
            }
            let norm = dot(&row, &row).sqrt();
            basis.push(row.iter().map(|x| x / norm).collect());
        }
        basis
    }
}

fn layers(shape: &HeadShape) -> Vec<(usize, usize)> {
    let mut layers = vec![(shape.first_rows(), shape.features + 1)];
    if shape.second_len() > 0 {
        layers.push((shape.outputs(), shape.first_rows() + 1));
    }
    layers
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// For the plain path.
impl reference::Randomness for &Fixed {
    fn batch(&mut self, step: usize, n: usize) -> Vec<bool> {
        let batch = self.batches.get(step).cloned();
        batch.unwrap_or_else(|| vec![true; n])
    }

    fn noise(&mut self, step: usize, out: &mut [f64]) {
        out.copy_from_slice(&self.noise[step]);
    }
}

/// For the fast paths: `span` tells which.
pub(super) struct Fast<'a> {
    pub(super) fixed: &'a mut Fixed,
    pub(super) span: bool,
    pub(super) layer: usize,
}

impl Draws for Fast<'_> {
    fn initial(&mut self, weights: &mut Matrix) {
        let start = if self.layer == 0 {
            0
        } else {
            self.fixed.first.iter().product()
        };
        self.layer += 1;
        let cols = weights.cols();
        for row in 0..weights.rows() {
            let from = &self.fixed.initial[start + row * cols..][..cols];
            weights.row_mut(row)[..cols].copy_from_slice(from);
        }
    }

    fn batch(&mut self, examples: &mut [f32]) {
        for (to, &from) in examples
            .iter_mut()
            .zip(&self.fixed.batches[self.fixed.step])
        {
            *to = f32::from(from);
        }
        if !self.span {
            self.fixed.step += 1;
        }
    }

    fn order(&mut self, examples: &mut [usize]) {
        examples.copy_from_slice(&self.fixed.orders[self.fixed.step]);
        self.fixed.step += 1;
    }

    fn span_noise(&mut self, pivots: &[usize], out: &mut Matrix) {
        let noise = &self.fixed.noise[self.fixed.step];
        for (j, q) in self.fixed.basis(pivots).iter().enumerate() {
            for row in 0..out.rows() {
                out.row_mut(row)[j] = dot(&noise[row * q.len()..][..q.len()], q) as f32;
            }
        }
        self.fixed.step += 1;
    }

    fn noise(&mut self, out: &mut Matrix) {
        let [rows, cols] = self.fixed.first;
        let first = out.rows() == rows && out.cols() == cols;
        let start = if first { 0 } else { rows * cols };
        let whole: Vec<f64> = if self.span && first {
            // The remainder: what the steps' noise adds up to, at unit scale. The sum is negated
            // because training scales the steps' noise by minus the learning rate.
            let mut sum = vec![0.0; rows * cols];
            let mut square = 0.0;
            for (noise, response) in self.fixed.noise.iter().zip(&self.fixed.responses) {
                sum.iter_mut()
                    .zip(noise)
                    .for_each(|(sum, noise)| *sum -= response * noise);
                square += response * response;
            }
            sum.iter().map(|sum| sum / f64::sqrt(square)).collect()
        } else {
            // Direct training counts a step when it asks for the batch, the span when it asks for
            // its noise, after the second layer's.
            let step = self.fixed.step - usize::from(!self.span);
            self.fixed.noise[step][start..].to_vec()
        };
        let cols = out.cols();
        for row in 0..out.rows() {
            for (to, from) in out.row_mut(row)[..cols]
                .iter_mut()
                .zip(&whole[row * cols..])
            {
                *to = *from as f32;
            }
        }
    }
}

/// Trains the same head fast and plainly and returns the largest difference of two weights, as a
/// share of the largest change of a weight. Gradient descent is fast both ways.
pub(super) fn difference(
    shape: HeadShape,
    recipe: Recipe,
    data: &FeatureSet,
    members: &[u32],
) -> f64 {
    let by = |span| difference_by(span, shape, recipe, data, members);
    match recipe.optimiser {
        Optimiser::Sgd => f64::max(by(true), by(false)),
        _ => by(false),
    }
}

fn difference_by(
    span: bool,
    shape: HeadShape,
    recipe: Recipe,
    data: &FeatureSet,
    members: &[u32],
) -> f64 {
    recipe.check(&shape).unwrap();
    let mut fixed = Fixed::new(&shape, &recipe, data, members);
    let plain = reference::run(&shape, &recipe, data, members, &fixed.initial, &mut &fixed);
    let initial = fixed.initial.clone();
    let mut out = vec![0.0; shape.weight_len()];
    let mut draws = Fast {
        fixed: &mut fixed,
        span,
        layer: 0,
    };
    let out_slice = &mut out[..];
    if span {
        Span::default().train(&shape, &recipe, data, members, &mut draws, out_slice);
    } else {
        Direct::default().train(&shape, &recipe, data, members, &mut draws, out_slice);
    }
    let largest =
        |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |a, b| f64::max(a, b.abs()));
    let change = largest(&mut plain.iter().zip(&initial).map(|(w, &i)| w - f64::from(i)));
    assert!(change > 1e-4, "training moved no weight: {change}");
    largest(&mut plain.iter().zip(&out).map(|(w, &o)| w - f64::from(o))) / change
}
