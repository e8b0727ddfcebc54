//! Inversion of a trained linear head.

use backbones::Backbone;
use burn::tensor::{Device, Tensor, TensorData};
use datasets::ImageShape;
use rand::RngExt;
use rayon::prelude::*;
use transfer::{HeadKind, Optimiser, Recipe};

use super::adam::PixelAdam;
use super::training::train;
use crate::error::option;
use crate::{AttackError, Cost, Unmixing, WhiteBox, World};

/// What the optimisation minimises between the head and the head that the images would make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Mean squared difference in units of the initial weights' variance: the likelihood.
    #[default]
    Squared,
    /// One minus the cosine.
    Cosine,
}

/// How to invert.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct InversionOptions {
    /// Steps of Adam on the images.
    pub steps: usize,
    /// Adam's step size in pixel units; it falls linearly to zero.
    pub learning_rate: f32,
    /// What is minimised.
    pub distance: Distance,
    /// Weight of the total variation (mean absolute difference of neighbouring pixels).
    pub total_variation: f32,
    /// Weight of the mean squared distance to the start: how far the start is trusted.
    pub anchor: f32,
}

impl Default for InversionOptions {
    fn default() -> Self {
        Self {
            steps: 60,
            learning_rate: 0.02,
            distance: Distance::Squared,
            total_variation: 0.1,
            anchor: 1.0,
        }
    }
}

/// The attack: everything it needs to invert heads of one world.
#[derive(Clone, Debug)]
pub struct GradientInversion {
    backbone: Backbone,
    /// Where images start; noise without it.
    start: Option<Unmixing>,
    options: InversionOptions,
    recipe: Recipe,
    classes: usize,
    shots: usize,
    device: Device,
    seed: datasets::StreamKey,
}

impl GradientInversion {
    /// An attack on linear heads that plain gradient descent trained. Images start at what `start`
    /// reconstructs (every image of a class alike, with a little noise), or at noise.
    pub fn new(
        world: &World<'_>,
        backbone: &Backbone,
        start: Option<Unmixing>,
        options: InversionOptions,
    ) -> Result<Self, AttackError> {
        if world.shape.kind != HeadKind::Linear || world.recipe.optimiser != Optimiser::Sgd {
            return Err(AttackError::Unsuited {
                attack: "gradient_inversion",
                head: "a head with a hidden layer or trained by Adam".into(),
                hint: "use the reconstructor",
            });
        }
        if !(options.learning_rate > 0.0 && options.learning_rate.is_finite()) {
            let value = options.learning_rate;
            return Err(option("learning_rate", value, "positive and finite"));
        }
        for (name, value) in [
            ("total_variation", options.total_variation),
            ("anchor", options.anchor),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(option(name, value, "finite and not negative"));
            }
        }
        let device = backbones::device().autodiff();
        Ok(Self {
            backbone: backbone.on(&device),
            start,
            options,
            recipe: world.assumed[0],
            classes: world.shape.classes,
            shots: world.shots,
            device,
            seed: world.key.child("gradient_inversion"),
        })
    }

    /// All N images of one head, class by class, and the objective after each step.
    pub fn invert(&self, head: &[f32]) -> (Vec<f32>, Vec<f64>) {
        let shape = self.backbone.input_shape();
        let start = self.starting_images(head, shape.len());
        let mut images = start.clone();
        let mut adam = PixelAdam::new(images.len());
        let target = self.tensor2(head.to_vec(), self.classes);
        let mut objectives = Vec::with_capacity(self.options.steps);
        for step in 0..self.options.steps {
            let pixels = self.images(images.clone(), shape).require_grad();
            let objective = self.objective(pixels.clone(), &target, &start, shape);
            objectives.push(f64::from(host(objective.clone().inner())[0]));
            let gradients = objective.backward();
            let Some(gradient) = pixels.grad(&gradients) else {
                break;
            };
            let left = 1.0 - step as f32 / self.options.steps as f32;
            adam.step(&mut images, &host(gradient), self.options.learning_rate * left);
        }
        (images, objectives)
    }

    fn objective(
        &self,
        pixels: Tensor<4>,
        target: &Tensor<2>,
        start: &[f32],
        shape: ImageShape,
    ) -> Tensor<1> {
        let features = self.backbone.forward_features(pixels.clone());
        let made = train(features, self.classes, self.shots, &self.recipe);
        let fit = match self.options.distance {
            Distance::Squared => {
                let variance = self.recipe.init_std.powi(2).max(1e-12);
                (made - target.clone()).square().mean() / variance
            }
            Distance::Cosine => {
                let product = (made.clone() * target.clone()).sum();
                let norms = (made.square().sum() * target.clone().square().sum()).sqrt();
                product.div(norms).neg() + 1.0
            }
        };
        let anchor = self.images(start.to_vec(), shape);
        let drift = (pixels.clone() - anchor).square().mean();
        fit + total_variation(pixels) * self.options.total_variation + drift * self.options.anchor
    }

    /// Where the optimisation starts: N images.
    fn starting_images(&self, head: &[f32], pixels: usize) -> Vec<f32> {
        let mut rng = self.seed.rng(0);
        let mut noise = |scale: f32| scale * (2.0 * rng.random::<f32>() - 1.0);
        match &self.start {
            None => (0..self.classes * self.shots * pixels).map(|_| noise(0.5)).collect(),
            Some(unmixing) => {
                let scale = if self.shots > 1 { 0.1 } else { 0.0 };
                let classes = unmixing.reconstruct(head, 1);
                let each = classes.chunks(pixels).flat_map(|image| vec![image; self.shots]);
                each.flatten().map(|pixel| (pixel + noise(scale)).clamp(-1.0, 1.0)).collect()
            }
        }
    }

    fn images(&self, pixels: Vec<f32>, shape: ImageShape) -> Tensor<4> {
        let n = pixels.len() / shape.len();
        let dims = [n, shape.channels, shape.height, shape.width];
        Tensor::from_data(TensorData::new(pixels, dims), &self.device)
    }

    fn tensor2(&self, values: Vec<f32>, rows: usize) -> Tensor<2> {
        let columns = values.len() / rows;
        Tensor::from_data(TensorData::new(values, [rows, columns]), &self.device)
    }
}

impl WhiteBox for GradientInversion {
    /// The first image of each class; see [`GradientInversion::invert`] for all.
    fn reconstruct(&self, weights: &[f32], heads: usize) -> Vec<f32> {
        let pixels = self.backbone.input_shape().len();
        let each = weights.par_chunks(weights.len() / heads.max(1)).map(|head| {
            let (images, _) = self.invert(head);
            let firsts = images.chunks(pixels).step_by(self.shots);
            firsts.flatten().copied().collect::<Vec<f32>>()
        });
        each.collect::<Vec<_>>().concat()
    }

    fn targets(&self) -> usize {
        self.classes
    }

    fn cost(&self) -> Cost {
        Cost {
            samples: self.start.as_ref().map_or(0, |start| start.cost().samples),
            steps: self.options.steps as u64,
            queries: 0,
        }
    }
}

/// Mean absolute difference of neighbouring pixels.
pub(crate) fn total_variation(images: Tensor<4>) -> Tensor<1> {
    let [n, channels, height, width] = images.dims();
    let part = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        images.clone().slice([0..n, 0..channels, rows, columns])
    };
    let down = part(1..height, 0..width) - part(0..height - 1, 0..width);
    let right = part(0..height, 1..width) - part(0..height, 0..width - 1);
    down.abs().mean() + right.abs().mean()
}

/// A tensor's values.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().into_vec().expect("computed in f32")
}
