//! The training of a linear head as a differentiable function of its examples' features.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use transfer::Recipe;

/// The head (classes × (d + 1), bias last) that `recipe` makes from zero initial weights on
/// features `[N, d]`, of which the first `shots` are class 0's, the next class 1's, and so on.
pub(crate) fn train(
    features: Tensor<2>,
    classes: usize,
    shots: usize,
    recipe: &Recipe,
) -> Tensor<2> {
    let device = features.device();
    let n = classes * shots;
    let ones = Tensor::ones([n, 1], &device);
    let examples = Tensor::cat(vec![features, ones], 1);
    let gram = examples.clone().matmul(examples.clone().transpose());
    let targets = targets(classes, shots, &device);
    let keep = 1.0 - recipe.learning_rate * recipe.weight_decay;
    let rate = recipe.learning_rate / n as f32;
    let mut span: Tensor<2> = Tensor::zeros([classes, n], &device);
    let mut logits: Tensor<2> = Tensor::zeros([classes, n], &device);
    for _ in 0..recipe.steps {
        let slope = softmax(logits, 0) - targets.clone();
        span = span * keep - slope * rate;
        logits = span.clone().matmul(gram.clone());
    }
    span.matmul(examples)
}

/// One-hot labels, classes × N.
fn targets(classes: usize, shots: usize, device: &Device) -> Tensor<2> {
    let n = classes * shots;
    let mut values = vec![0.0_f32; classes * n];
    for example in 0..n {
        values[example / shots * n + example] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [classes, n]), device)
}
