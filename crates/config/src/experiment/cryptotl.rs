//! The CryptoTL experiment: encrypted inputs, weights in the clear.

use datasets::TextSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DpSgd;

/// Train a lower network on the source texts, send encrypted target texts through it, fine-tune
/// the upper network in the clear.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CryptoTl {
    /// Texts that train the lower network.
    pub source: TextSpec,
    /// Texts whose few examples fine-tune the upper network.
    pub target: TextSpec,
    /// How texts become vectors.
    pub embedding: Embedding,
    /// Activation of the lower network.
    pub activation: Polynomial,
    /// CKKS parameters.
    pub parameters: CkksSet,
    /// Target training-set sizes; each is a row, times each entry of `dp`.
    pub sizes: Vec<usize>,
    /// Fine-tuning without DP (none) and with.
    pub dp: Vec<FineTuning>,
    /// Repetitions with other examples, for the intervals.
    pub folds: usize,
    /// Passes over the source texts.
    pub source_epochs: usize,
    /// Most passes over the target examples; early stopping may take fewer.
    pub epochs: usize,
    /// Test texts sent through encrypted; the others go through in the clear.
    pub encrypted: usize,
    /// Whether RHE does the same task beside it: who is protected from whom, at which cost.
    pub both_ways: bool,
    /// Victims of the attacks on the fine-tuned upper network; 0: no attack.
    pub victims: usize,
}

/// Fine-tuning plain or private.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FineTuning {
    /// Without DP.
    None,
    /// With DP-SGD.
    DpSgd(DpSgd),
}

/// How texts become vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Embedding {
    /// Hashed word and character n-grams.
    Hashing {
        /// Length of a vector.
        width: usize,
    },
    /// They are vectors already.
    Precomputed,
}

/// Polynomial that stands for an activation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polynomial {
    /// The paper's cubic.
    #[default]
    Cubic,
    /// x².
    Square,
}

/// CKKS parameter sets; both hold 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CkksSet {
    /// Ring degree 8 192.
    #[default]
    Fast,
    /// Ring degree 16 384.
    Accurate,
}
