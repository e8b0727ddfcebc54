//! The config as written, before any check: what serde reads and what the JSON schema describes.

use schemars::JsonSchema;
use serde::Deserialize;
use spec::{Adversary, Backbone, HeadKind, Many, OneOrMany, Recipe, Tau};

use crate::experiment::{CryptoTl, Data, Sweep};

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
    pub head: Option<HeadKind>,
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
    pub sweep: Option<OneOrMany<Sweep<Many>>>,
    /// The CryptoTL protocol, in place of `data` and `sweep`.
    pub cryptotl: Option<CryptoTl<Many>>,
}

fn default_seed() -> u64 {
    2505
}
