//! A fully connected layer: y = W x + b.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rand::RngExt;
use rayon::prelude::*;

use super::adam::{AdamState, AdamStep};

/// Output rows of a weight matrix that are updated together.
const BLOCK: usize = 128;

/// Weights `[outputs, inputs]` row-major and biases, with Adam's running means.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    state: Option<Box<State>>,
}

#[derive(Clone, Debug)]
struct State {
    weight_mean: Vec<f32>,
    weight_square: Vec<f32>,
    bias_mean: Vec<f32>,
    bias_square: Vec<f32>,
    gradient: Vec<f32>,
}

impl Dense {
    /// Uniform weights of variance `gain / inputs`, zero biases.
    pub fn random(inputs: usize, outputs: usize, gain: f32, rng: &mut impl rand::Rng) -> Self {
        let bound = (3.0 * gain / inputs as f32).sqrt();
        let weights = (0..inputs * outputs)
            .map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound)
            .collect();
        Self::new(inputs, outputs, weights, vec![0.0; outputs])
    }

    pub fn new(inputs: usize, outputs: usize, weights: Vec<f32>, bias: Vec<f32>) -> Self {
        Self {
            inputs,
            outputs,
            weights,
            bias,
            state: None,
        }
    }

    /// The layer of all inputs but the last, which are `fixed`.
    pub fn with_last_inputs_fixed(&self, fixed: &[f32]) -> Self {
        let kept = self.inputs - fixed.len();
        let mut weights = Vec::with_capacity(kept * self.outputs);
        let mut bias = self.bias.clone();
        for (row, bias) in self.weights.chunks(self.inputs).zip(&mut bias) {
            weights.extend_from_slice(&row[..kept]);
            let products = row[kept..].iter().zip(fixed).map(|(w, x)| w * x);
            *bias += products.sum::<f32>();
        }
        Self::new(kept, self.outputs, weights, bias)
    }

    fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.weights, self.outputs, self.inputs)
    }

    /// `y = x Wᵀ + b` for `n` rows of `x`.
    pub fn forward(&self, x: &[f32], n: usize, y: &mut [f32]) {
        for row in y.chunks_mut(self.outputs) {
            row.copy_from_slice(&self.bias);
        }
        matmul(
            MatMut::from_row_major_slice_mut(y, n, self.outputs),
            Accum::Add,
            MatRef::from_row_major_slice(x, n, self.inputs),
            self.matrix().transpose(),
            1.0,
            Par::Seq,
        );
    }

    /// Gradient with respect to `x`: `dx = dy W`.
    pub fn backward(&self, dy: &[f32], n: usize, dx: &mut [f32]) {
        matmul(
            MatMut::from_row_major_slice_mut(dx, n, self.inputs),
            Accum::Replace,
            MatRef::from_row_major_slice(dy, n, self.outputs),
            self.matrix(),
            1.0,
            Par::Seq,
        );
    }

    /// Adam's update with the gradient `dyᵀ x` summed over `n` rows.
    pub fn update(&mut self, x: &[f32], dy: &[f32], n: usize, step: AdamStep) {
        self.update_weights(x, dy, n, step);
        let mut sums = vec![0.0; self.outputs];
        for row in dy.chunks(self.outputs) {
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += value);
        }
        self.update_bias(&sums, step);
    }

    /// The weights' part of [`Dense::update`].
    pub fn update_weights(&mut self, x: &[f32], dy: &[f32], n: usize, step: AdamStep) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let x = MatRef::from_row_major_slice(x, n, inputs);
        let dy = MatRef::from_row_major_slice(dy, n, outputs);
        let size = BLOCK * inputs;
        let state = self
            .state
            .get_or_insert_with(|| Box::new(State::new(inputs, outputs)));
        let weights = self.weights.par_chunks_mut(size);
        let means = state.weight_mean.par_chunks_mut(size);
        let squares = state.weight_square.par_chunks_mut(size);
        let gradients = state.gradient.par_chunks_mut(size);
        (weights, means, squares, gradients)
            .into_par_iter()
            .enumerate()
            .for_each(|(block, (weights, mean, square, gradient))| {
                let rows = weights.len() / inputs;
                matmul(
                    MatMut::from_row_major_slice_mut(gradient, rows, inputs),
                    Accum::Replace,
                    dy.subcols(block * BLOCK, rows).transpose(),
                    x,
                    1.0,
                    Par::Seq,
                );
                step.apply(weights, gradient, &mut AdamState { mean, square });
            });
    }

    /// The biases' part of [`Dense::update`], from their gradient.
    pub fn update_bias(&mut self, gradient: &[f32], step: AdamStep) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let state = self
            .state
            .get_or_insert_with(|| Box::new(State::new(inputs, outputs)));
        let mut means = AdamState {
            mean: &mut state.bias_mean,
            square: &mut state.bias_square,
        };
        step.apply(&mut self.bias, gradient, &mut means);
    }
}

impl State {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self {
            weight_mean: vec![0.0; inputs * outputs],
            weight_square: vec![0.0; inputs * outputs],
            bias_mean: vec![0.0; outputs],
            bias_square: vec![0.0; outputs],
            gradient: vec![0.0; inputs * outputs],
        }
    }
}
