//! The CryptoTL experiment: encrypted inputs, weights in the clear.

use datasets::TextSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use spec::{Arity, CkksSet, Embedding, FineTuning, One, OneOrMany, Polynomial};

use super::listed;

/// Train a lower network on the source texts, send encrypted target texts through it, fine-tune
/// the upper network in the clear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "CryptoTl", bound = "")]
pub struct CryptoTl<A: Arity = One> {
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
    #[serde(deserialize_with = "listed::given")]
    #[schemars(with = "OneOrMany<usize>")]
    pub sizes: Vec<usize>,
    /// Fine-tuning without DP (`none`) and with.
    #[serde(default, deserialize_with = "listed::some")]
    #[schemars(with = "Option<OneOrMany<FineTuning<A>>>")]
    pub dp: Vec<FineTuning<A>>,
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
    /// Whether RHE does the same task beside it: who is protected from whom, at which cost.
    #[serde(default)]
    pub both_ways: bool,
    /// Victims of the attacks on the fine-tuned upper network; 0: no attack.
    #[serde(default)]
    pub victims: usize,
}

impl<A: Arity> CryptoTl<A> {
    /// How texts become vectors: as told, else what suits the target.
    pub fn embedding(&self) -> Embedding {
        self.embedding.unwrap_or(match self.target {
            TextSpec::Embeddings { .. } => Embedding::Precomputed,
            _ => Embedding::Hashing {
                width: Embedding::HASHED,
            },
        })
    }
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
