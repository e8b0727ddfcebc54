//! The head and its training recipe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The classifier trained on features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Head {
    /// One dense layer.
    #[default]
    Linear,
    /// One hidden layer.
    Mlp {
        /// Hidden units.
        hidden: usize,
        /// What follows the hidden layer.
        #[serde(default)]
        activation: Activation,
    },
}

/// Activation of a hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(0, x).
    #[default]
    Relu,
    /// x².
    Square,
}

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

/// The paper's recipes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// By target and head: CelebA's for faces, CIFAR-10's for natural images, else MNIST's;
    /// the binary ones for heads with a hidden layer.
    #[default]
    Auto,
    /// MNIST's ten-class heads.
    Mnist,
    /// CIFAR-10's ten-class heads.
    Cifar,
    /// Binary heads on MNIST (odd, even).
    BinaryMnist,
    /// Binary heads on CIFAR-10 (vehicles).
    BinaryCifar,
    /// Binary heads on CelebA (one identity).
    Celeba,
}

/// Rule of the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Gradient descent.
    #[default]
    Sgd,
    /// Adam.
    Adam,
}

impl Optimiser {
    /// The optimiser's word in the config and in `results.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
        }
    }
}
