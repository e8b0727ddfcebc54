//! What protects the heads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One defence, all of its lists expanded.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Defence {
    /// The head as trained.
    None,
    /// Differentially private training.
    DpSgd(DpSgd),
    /// The head's weights encrypted.
    Rhe(Rhe),
}

impl Defence {
    /// The defence's word in the config and in `results.csv`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::DpSgd(_) => "dp_sgd",
            Self::Rhe(_) => "rhe",
        }
    }
}

/// Differentially private SGD.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DpSgd {
    /// How strong.
    #[serde(flatten)]
    pub privacy: Privacy,
    /// The δ of (ε, δ).
    pub delta: Delta,
    /// Clipping norm C of an example's gradient, weight and bias together; none where `tuned`
    /// searches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// How a step's examples are drawn.
    pub sampling: Sampling,
    /// Which accountant turns noise into ε.
    pub accountant: Accountant,
    /// The search for the best clipping norm, learning rate and epochs on public data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Tuning>,
    /// Learning rate in place of the recipe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Epochs in place of the recipe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
}

/// How strong the protection is: asked for as ε or as noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// ε; the noise is calibrated to it.
    Epsilon(f64),
    /// Standard deviation of the noise over the clipping norm; ε follows.
    NoiseMultiplier(f64),
}

/// The δ of (ε, δ).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub enum Delta {
    /// N^-1.1 for a training set of N.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// A given value.
    #[serde(untagged)]
    Value(f64),
}

impl Delta {
    /// δ for a training set of `n` examples.
    pub fn value(self, n: usize) -> f64 {
        match self {
            Self::Auto => (n as f64).powf(-1.1),
            Self::Value(delta) => delta,
        }
    }
}

/// How a step's examples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// All examples in every step.
    Full,
    /// Each example with this probability, independently.
    Poisson(f64),
}

impl Sampling {
    /// Steps that make `epochs` expected passes over the training set.
    pub fn steps(self, epochs: usize) -> usize {
        match self {
            Self::Full => epochs,
            Self::Poisson(rate) => (epochs as f64 / rate).round() as usize,
        }
    }
}

/// Turns noise into ε.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Accountant {
    /// By the privacy loss's distribution: tight.
    #[default]
    Prv,
    /// By Rényi divergences: looser, fast.
    Rdp,
}

/// What `tuned` searches; every combination is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tuning {
    /// Clipping norms.
    pub clip: Vec<f64>,
    /// Learning rates.
    pub learning_rate: Vec<f64>,
    /// Epochs.
    pub epochs: Vec<usize>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            clip: vec![0.5, 1.0, 2.0, 4.0, 8.0],
            learning_rate: vec![0.003, 0.01, 0.03, 0.1],
            epochs: vec![8, 16, 32, 64],
        }
    }
}

/// Reverse homomorphic encryption of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rhe {
    /// Bits of a quantised weight, sign included.
    pub weight_bits: u32,
    /// Bits of a quantised feature's magnitude.
    pub feature_bits: u32,
}

impl Default for Rhe {
    fn default() -> Self {
        Self {
            weight_bits: 12,
            feature_bits: 8,
        }
    }
}
