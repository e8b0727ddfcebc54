//! The training of linear heads as a differentiable function of their examples' features.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use transfer::Recipe;

/// The heads (heads × classes × (d + 1), bias last) that `recipe` makes from zero initial weights
/// on features `[heads, N, d]`, of which the first `shots` of a head are class 0's, the next class
/// 1's, and so on. Under DP-SGD: the mean over its batches and its noise, with every example's
/// gradient clipped.
pub(crate) fn train(
    features: Tensor<3>,
    classes: usize,
    shots: usize,
    recipe: &Recipe,
) -> Tensor<3> {
    let device = features.device();
    let [heads, n, _] = features.dims();
    let ones = Tensor::ones([heads, n, 1], &device);
    let examples = Tensor::cat(vec![features, ones], 2);
    let gram = examples.clone().matmul(examples.clone().swap_dims(1, 2));
    let targets = targets(heads, classes, shots, &device);
    let norms = recipe.dp.map(|_| {
        (examples.clone().square().sum_dim(2))
            .sqrt()
            .swap_dims(1, 2)
    });
    let keep = 1.0 - recipe.learning_rate * recipe.weight_decay;
    // With Poisson sampling an example is in a share q of the steps and weighs 1/⌊qN⌋ there.
    let weight = recipe.dp.map_or(1.0 / n as f64, |dp| {
        dp.sampling.rate() / dp.sampling.divisor(n).max(1) as f64
    });
    let rate = f64::from(recipe.learning_rate) * weight;
    let mut span: Tensor<3> = Tensor::zeros([heads, classes, n], &device);
    let mut logits: Tensor<3> = Tensor::zeros([heads, classes, n], &device);
    for step in 0..recipe.steps {
        let mut slope = softmax(logits.clone(), 1) - targets.clone();
        if let (Some(dp), Some(norms)) = (recipe.dp, &norms) {
            let lengths = slope.clone().square().sum_dim(1).sqrt() * norms.clone() + 1e-6;
            slope = slope * (lengths.recip() * dp.clip).clamp_max(1.0);
        }
        span = span * keep - slope * rate;
        if step + 1 < recipe.steps {
            logits = span.clone().matmul(gram.clone());
        }
    }
    span.matmul(examples)
}

/// One-hot labels, heads × classes × N.
fn targets(heads: usize, classes: usize, shots: usize, device: &Device) -> Tensor<3> {
    let n = classes * shots;
    let mut values = vec![0.0_f32; classes * n];
    for example in 0..n {
        values[example / shots * n + example] = 1.0;
    }
    let data = TensorData::new(values.repeat(heads), [heads, classes, n]);
    Tensor::from_data(data, device)
}
