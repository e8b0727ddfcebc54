//! Dense layers: initial weights, and passes that make their own room.

use datasets::StreamKey;
use layers::Dense;
use rand::RngExt;

/// Weights uniform in ±1/√fan_in, PyTorch's default.
pub(crate) fn uniform(count: usize, fan_in: usize, key: &StreamKey) -> Vec<f32> {
    let bound = 1.0 / (fan_in as f32).sqrt();
    let mut rng = key.rng(0);
    (0..count)
        .map(|_| rng.random_range(-bound..bound))
        .collect()
}

/// A dense layer of PyTorch's default initial weights.
pub(crate) fn dense(inputs: usize, outputs: usize, key: &StreamKey) -> Dense {
    let weight = uniform(inputs * outputs, inputs, &key.child("weight"));
    let bias = uniform(outputs, inputs, &key.child("bias"));
    Dense::new(inputs, outputs, weight, bias)
}

/// Rows of `layer.inputs` to rows of `layer.outputs`.
pub(crate) fn forward(layer: &Dense, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len() / layer.inputs * layer.outputs];
    layer.forward(x, &mut y);
    y
}

/// The gradient of the input from that of the output.
pub(crate) fn backward(layer: &Dense, dy: &[f32]) -> Vec<f32> {
    let mut dx = vec![0.0; dy.len() / layer.outputs * layer.inputs];
    layer.backward(dy, &mut dx);
    dx
}

/// Gradients of the weights, as a layer of the same shape.
pub(crate) fn gradient(layer: &Dense, x: &[f32], dy: &[f32]) -> Dense {
    let mut weight = vec![0.0; layer.weight.len()];
    layer.weight_gradient(x, dy, 0..layer.outputs, &mut weight);
    Dense::new(layer.inputs, layer.outputs, weight, layer.bias_gradient(dy))
}
