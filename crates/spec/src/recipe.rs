//! How heads are trained, as far as an experiment says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::word::words;

/// How a head is trained, as far as it differs from the paper; none is the paper's value for
/// the preset, the head and the shots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Whose recipe to start from.
    pub preset: Preset,
    /// Standard deviation of the initial weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_std: Option<f64>,
    /// Step size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// L2 penalty's factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Passes over the training set; a full-batch step is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Rule of the steps.
    pub optimiser: Optimiser,
    /// Weight of positive examples in a binary head's loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_weight: Option<f64>,
}

impl Recipe {
    /// Bounds of `init_std`.
    pub const INIT_STD: Real = Real::NOT_NEGATIVE;
    /// Bounds of `learning_rate`.
    pub const LEARNING_RATE: Real = Real::POSITIVE;
    /// Bounds of `weight_decay`.
    pub const WEIGHT_DECAY: Real = Real::NOT_NEGATIVE;
    /// Bounds of `epochs`.
    pub const EPOCHS: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `positive_weight`.
    pub const POSITIVE_WEIGHT: Real = Real::POSITIVE;
}

impl Options for Recipe {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        for (option, value, bounds) in [
            ("init_std", self.init_std, Self::INIT_STD),
            ("learning_rate", self.learning_rate, Self::LEARNING_RATE),
            ("weight_decay", self.weight_decay, Self::WEIGHT_DECAY),
            (
                "positive_weight",
                self.positive_weight,
                Self::POSITIVE_WEIGHT,
            ),
        ] {
            if let Some(value) = value {
                bounds.one(option, value, wrong);
            }
        }
        if let Some(epochs) = self.epochs {
            Self::EPOCHS.one("epochs", epochs, wrong);
        }
    }
}

words! {
    /// The paper's recipes.
    #[derive(Default)]
    pub enum Preset of "preset" {
        /// By target and head: CelebA's for faces, CIFAR-10's for natural images, else MNIST's;
        /// the binary ones for heads with a hidden layer.
        #[default]
        Auto = "auto",
        /// MNIST's ten-class heads.
        Mnist = "mnist",
        /// CIFAR-10's ten-class heads.
        Cifar = "cifar",
        /// Binary heads on MNIST (odd, even).
        BinaryMnist = "binary_mnist",
        /// Binary heads on CIFAR-10 (vehicles).
        BinaryCifar = "binary_cifar",
        /// Binary heads on CelebA (one identity).
        Celeba = "celeba",
    }
}

words! {
    /// The rule that turns gradients into steps.
    #[derive(Default)]
    pub enum Optimiser of "optimiser" {
        /// Gradient descent.
        #[default]
        Sgd = "sgd",
        /// Adam with β = (0.9, 0.999), ε = 1e-8 and weight decay as a part of the gradient, as
        /// `torch.optim.Adam`.
        Adam = "adam",
    }
}
