//! The CryptoTL experiment as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::DpSgd;
use crate::document::OneOrMany;
use crate::experiment::{CkksSet, Embedding, Polynomial, TextSpec};

/// Train a lower network on the source texts, send encrypted target texts through it, fine-tune
/// the upper network in the clear.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CryptoTl {
    /// Texts that train the lower network.
    pub source: TextSpec,
    /// Texts whose few examples fine-tune the upper network.
    pub target: TextSpec,
    /// How texts become vectors (default: hashing, 768 wide; `precomputed` for embeddings).
    pub embedding: Option<Embedding>,
    /// Activation of the lower network.
    #[serde(default)]
    pub activation: Polynomial,
    /// CKKS parameters.
    #[serde(default)]
    pub parameters: CkksSet,
    /// Target training-set sizes; each is a row, times each entry of `dp`.
    pub sizes: OneOrMany<usize>,
    /// Fine-tuning without DP (`none`) and with.
    pub dp: Option<OneOrMany<FineTuning>>,
    /// Repetitions with other examples, for the intervals.
    #[serde(default = "defaults::folds")]
    pub folds: usize,
    /// Passes over the source texts.
    #[serde(default = "defaults::source_epochs")]
    pub source_epochs: usize,
    /// Most passes over the target examples; early stopping may take fewer.
    #[serde(default = "defaults::epochs")]
    pub epochs: usize,
    /// Test texts sent through encrypted; the others go through in the clear.
    #[serde(default = "defaults::encrypted")]
    pub encrypted: usize,
    /// Whether RHE does the same task beside it.
    #[serde(default)]
    pub both_ways: bool,
    /// Victims of the attacks on the fine-tuned upper network; 0: no attack.
    #[serde(default)]
    pub victims: usize,
}

/// Fine-tuning plain or private.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FineTuning {
    /// Without DP.
    None,
    /// With DP-SGD.
    DpSgd(Box<DpSgd>),
}

mod defaults {
    pub fn folds() -> usize {
        5
    }
    pub fn source_epochs() -> usize {
        10
    }
    pub fn epochs() -> usize {
        200
    }
    pub fn encrypted() -> usize {
        16
    }
}
