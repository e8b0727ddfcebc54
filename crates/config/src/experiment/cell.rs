//! One combination of the sweep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Adversary, Attack, Backbone, Defence, Head, Recipe};

/// One combination of the sweep: one row of `results.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The frozen network.
    pub backbone: Backbone,
    /// The classifier.
    pub head: Head,
    /// How it is trained, the sweep's values put in.
    pub recipe: Recipe,
    /// What the adversary believes about that.
    pub adversary: Adversary,
    /// Training examples per class.
    pub shots: usize,
    /// What protects the head.
    pub defence: Defence,
    /// What the adversary gets to see.
    pub release: Release,
    /// The attack.
    pub attack: Attack,
    /// What it is compared with.
    pub null: Null,
}

/// What the adversary gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// The head's weights.
    Weights,
    /// Scores of images of the adversary's choice.
    Scores,
    /// Labels of images of the adversary's choice.
    Labels,
    /// The encrypted head and its encrypted outputs.
    Ciphertexts,
}

/// What an attack is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Null {
    /// A head trained on another set.
    #[default]
    Independent,
    /// Weights drawn from the shadow heads' mean and covariance: the paper's.
    Gaussian,
    /// The same set with the target replaced: the neighbour of DP.
    ReplaceOne,
}

impl Release {
    /// The release's word in the config and in `results.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Scores => "scores",
            Self::Labels => "labels",
            Self::Ciphertexts => "ciphertexts",
        }
    }
}

impl Null {
    /// The null's word in the config and in `results.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::Gaussian => "gaussian",
            Self::ReplaceOne => "replace_one",
        }
    }
}
