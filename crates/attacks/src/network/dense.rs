//! A fully connected layer that Adam trains.

use layers::{AdamStep, Moments};
use rand::RngExt;
use rayon::prelude::*;

/// Output rows of a weight matrix that are updated together.
const BLOCK: usize = 128;

/// A dense layer with Adam's running means.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    pub layer: layers::Dense,
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
            layer: layers::Dense::new(inputs, outputs, weights, bias),
            state: None,
        }
    }

    /// The layer of all inputs but the last, which are `fixed`.
    pub fn with_last_inputs_fixed(&self, fixed: &[f32]) -> Self {
        let layer = &self.layer;
        let kept = layer.inputs - fixed.len();
        let mut weights = Vec::with_capacity(kept * layer.outputs);
        let mut bias = layer.bias.clone();
        for (row, bias) in layer.weight.chunks(layer.inputs).zip(&mut bias) {
            weights.extend_from_slice(&row[..kept]);
            let products = row[kept..].iter().zip(fixed).map(|(w, x)| w * x);
            *bias += products.sum::<f32>();
        }
        Self::new(kept, layer.outputs, weights, bias)
    }

    /// Adam's update with the gradient `dyᵀ x` summed over the rows.
    pub fn update(&mut self, x: &[f32], dy: &[f32], step: AdamStep) {
        self.update_weights(x, dy, step);
        let sums = self.layer.bias_gradient(dy);
        self.update_bias(&sums, step);
    }

    /// The weights' part of [`Dense::update`]: gradient and step of a block in one pass.
    pub fn update_weights(&mut self, x: &[f32], dy: &[f32], step: AdamStep) {
        let (inputs, outputs) = (self.layer.inputs, self.layer.outputs);
        let size = BLOCK * inputs;
        let state = self
            .state
            .get_or_insert_with(|| Box::new(State::new(inputs, outputs)));
        let mut weight = std::mem::take(&mut self.layer.weight);
        let layer = &self.layer;
        let weights = weight.par_chunks_mut(size);
        let means = state.weight_mean.par_chunks_mut(size);
        let squares = state.weight_square.par_chunks_mut(size);
        let gradients = state.gradient.par_chunks_mut(size);
        (weights, means, squares, gradients)
            .into_par_iter()
            .enumerate()
            .for_each(|(block, (weights, mean, square, gradient))| {
                let first = block * BLOCK;
                layer.weight_gradient(x, dy, first..first + weights.len() / inputs, gradient);
                step.apply(weights, gradient, Moments { mean, square });
            });
        self.layer.weight = weight;
    }

    /// The biases' part of [`Dense::update`], from their gradient.
    pub fn update_bias(&mut self, gradient: &[f32], step: AdamStep) {
        let (inputs, outputs) = (self.layer.inputs, self.layer.outputs);
        let state = self
            .state
            .get_or_insert_with(|| Box::new(State::new(inputs, outputs)));
        let means = Moments {
            mean: &mut state.bias_mean,
            square: &mut state.bias_square,
        };
        step.apply(&mut self.layer.bias, gradient, means);
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
