//! The config as written, before any check: what serde reads and what the JSON schema describes.

mod attack;
mod cryptotl;
mod defence;
mod sweep;
mod words;

pub use attack::{
    Attack, GradientInversion, Labels, Membership, Property, Reconstructor, Scores, Then, Unmixing,
};
pub use cryptotl::{CryptoTl, FineTuning};
pub use defence::{Defence, DpSgd, Tuned};
pub use sweep::Sweep;
pub use words::{Adversary, Tau};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::OneOrMany;
use crate::experiment::{Backbone, DatasetSpec, Head, Recipe, Shares, Task};

/// An experiment: `data` and `sweep` (train heads, release them, attack them), or `cryptotl`
/// (the CryptoTL protocol).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Names the folder under the results: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Every random draw is keyed by this.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Where images or features come from.
    pub data: Option<Data>,
    /// The frozen network; the default is a small VGG pre-trained on `data.source`.
    pub backbone: Option<Backbone>,
    /// The classifier trained on features.
    pub head: Option<Head>,
    /// What differs from the paper's training recipe.
    pub recipe: Option<Recipe>,
    /// What the adversary assumes about the recipe; the default is to know it.
    pub adversary: Option<Adversary>,
    /// Victims a cell (default 500).
    pub victims: Option<usize>,
    /// Null heads a cell (default 5 000, which resolve a false-positive rate of .1 %).
    pub nulls: Option<usize>,
    /// MSE at or under which a reconstruction counts as a success.
    pub tau: Option<Tau>,
    /// The grid: every combination that makes sense is a cell. A list of grids is their union.
    pub sweep: Option<OneOrMany<Sweep>>,
    /// The CryptoTL protocol, in place of `data` and `sweep`.
    pub cryptotl: Option<CryptoTl>,
}

/// Where images or features come from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Pre-trains the backbone.
    pub source: Option<DatasetSpec>,
    /// Split into a public part (the adversary's), a private part (the victims') and a test part.
    pub target: DatasetSpec,
    /// Data of the adversary in place of the target's public part.
    pub public: Option<DatasetSpec>,
    /// What the head tells apart.
    #[serde(default)]
    pub task: Task,
    /// Parts of the target; they sum to 1.
    #[serde(default)]
    pub shares: Shares,
}

fn default_seed() -> u64 {
    2505
}
