//! Minus the log-posterior of a few heads' images, with its gradient.

use backbones::Backbone;
use burn::tensor::{Device, Tensor, TensorData};
use datasets::ImageShape;
use spec::Distance;
use transfer::Recipe;

use super::prior::ImagePrior;
use super::training::train;

/// Keeps the total variation smooth: differences below are taken as squares.
const SMOOTH: f64 = 1e-2;

/// What all heads share.
#[derive(Clone, Debug)]
pub(crate) struct Objective<'a> {
    /// On an autodiff device.
    pub backbone: &'a Backbone,
    pub device: &'a Device,
    pub prior: &'a ImagePrior,
    pub options: &'a spec::GradientInversion,
    pub recipe: &'a Recipe,
    pub classes: usize,
    pub shots: usize,
    /// Variance of a weight about the head that training from zero gives.
    pub noise: f64,
}

/// Heads that are inverted together: one pass through the backbone serves all of them.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    objective: Objective<'a>,
    heads: usize,
    /// heads × classes × (d + 1).
    target: Tensor<3>,
    /// heads·N × pixels.
    means: Tensor<2>,
    /// directions × pixels.
    directions: Tensor<2>,
}

impl<'a> Group<'a> {
    /// The heads of `weights` with the means (heads × N × pixels) of their images' laws.
    pub fn new(objective: Objective<'a>, weights: &[f32], means: &[f32]) -> Self {
        let n = objective.classes * objective.shots;
        let pixels = objective.prior.pixels;
        let heads = means.len() / (n * pixels);
        let width = weights.len() / (heads * objective.classes);
        let device = objective.device;
        let tensor = |values: &[f32], dims: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), dims), device)
        };
        let target = tensor(weights, [heads * objective.classes, width]);
        let prior = objective.prior;
        Self {
            heads,
            target: target.reshape([heads, objective.classes, width]),
            means: tensor(means, [heads * n, pixels]),
            directions: tensor(&prior.directions, [prior.len(), pixels]),
            objective,
        }
    }

    /// Coordinates of one head's images: N × directions.
    pub fn coordinates(&self) -> usize {
        self.objective.classes * self.objective.shots * self.objective.prior.len()
    }

    /// Value and gradient for every head at the coordinates `z` of all heads' images.
    pub fn evaluate(&self, z: &[f32]) -> Vec<(f64, Vec<f32>)> {
        let objective = &self.objective;
        let directions = objective.prior.len();
        let dims = [z.len() / directions, directions];
        let z = Tensor::<2>::from_data(TensorData::new(z.to_vec(), dims), objective.device)
            .require_grad();
        let values = self.values(z.clone());
        let gradients = values.clone().sum().backward();
        let slopes = match z.grad(&gradients) {
            Some(slopes) => host(slopes),
            None => vec![f32::NAN; self.heads * self.coordinates()],
        };
        let values = host(values.inner()).into_iter().map(f64::from);
        let slopes = slopes.chunks(self.coordinates()).map(<[f32]>::to_vec);
        values.zip(slopes).collect()
    }

    /// Images of all heads at `z`: heads × N × pixels, in [-1, 1].
    pub fn images(&self, z: &[f32]) -> Vec<f32> {
        let directions = self.objective.prior.len();
        let dims = [z.len() / directions, directions];
        let z = Tensor::<2>::from_data(TensorData::new(z.to_vec(), dims), self.objective.device);
        host(self.pixels(z).inner())
    }

    /// The bounds of pixels are inside the objective: most of an image lies on them.
    fn pixels(&self, z: Tensor<2>) -> Tensor<2> {
        (self.means.clone() + z.matmul(self.directions.clone())).clamp(-1.0, 1.0)
    }

    /// One value a head.
    fn values(&self, z: Tensor<2>) -> Tensor<1> {
        let objective = &self.objective;
        let options = objective.options;
        let n = objective.classes * objective.shots;
        let shape = objective.backbone.input_shape();
        let pixels = self.pixels(z.clone());
        let dims = [self.heads * n, shape.channels, shape.height, shape.width];
        let images: Tensor<4> = pixels.clone().reshape(dims);
        let features = objective.backbone.forward_features(images);
        let [_, width] = features.dims();
        let features = features.reshape([self.heads, n, width]);
        let made = train(
            features,
            objective.classes,
            objective.shots,
            objective.recipe,
        );
        let target = self.target.clone();
        let each = |squares: Tensor<3>| -> Tensor<1> {
            squares.sum_dim(2).sum_dim(1).reshape([self.heads])
        };
        let fit = match options.distance {
            Distance::Squared => each((made - target).square()) * (0.5 / objective.noise),
            Distance::Cosine => {
                let along = each(made.clone() * target.clone());
                let power = each(target.square());
                let norms = (each(made.square()) * power.clone()).sqrt() + 1e-20;
                ((along / norms).neg() + 1.0) * power * (1.0 / objective.noise)
            }
        };
        let law = z.square().sum_dim(1).reshape([self.heads, n]).sum_dim(1);
        let law = law.reshape([self.heads]) * (0.5 * options.prior);
        let mut value = fit + law;
        if options.total_variation > 0.0 {
            let variation = total_variation(pixels, shape).reshape([self.heads, n]);
            let variation = variation.sum_dim(1).reshape([self.heads]);
            value = value + variation * options.total_variation;
        }
        value
    }
}

/// Sum of the (smoothed) absolute differences of neighbouring pixels of every image `[n, pixels]`.
pub(crate) fn total_variation(pixels: Tensor<2>, shape: ImageShape) -> Tensor<1> {
    let [n, _] = pixels.dims();
    let (channels, height, width) = (shape.channels, shape.height, shape.width);
    let images: Tensor<4> = pixels.reshape([n, channels, height, width]);
    let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        images.clone().slice([0..n, 0..channels, rows, columns])
    };
    let size = |difference: Tensor<4>| -> Tensor<1> {
        let smooth = (difference.square() + SMOOTH * SMOOTH).sqrt() - SMOOTH;
        let [_, c, h, w] = smooth.dims();
        smooth.reshape([n, c * h * w]).sum_dim(1).reshape([n])
    };
    let down = part(1..height, 0..width) - part(0..height - 1, 0..width);
    let right = part(0..height, 1..width) - part(0..height, 0..width - 1);
    size(down) + size(right)
}

/// A tensor's values.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    // Everything here computes in f32; not a number marks what could not be read.
    let count = tensor.shape().num_elements();
    let values = tensor.into_data().try_into_vec();
    values.unwrap_or_else(|_| vec![f32::NAN; count])
}
