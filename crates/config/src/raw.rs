//! The config as written, before any check: what serde reads and what the JSON schema describes.

use std::path::PathBuf;

use datasets::DatasetSpec;
use schemars::JsonSchema;
use serde::Deserialize;
use spec::{Adversary, Attack, Backbone, HeadKind, Many, OneOrMany, Recipe, Tau};

use crate::experiment::{CryptoTl, Data, Sweep};

/// An experiment: `data` and `sweep` (train heads, release them, attack them), or `cryptotl`
/// (the CryptoTL protocol). Or an audit of one head: `data` and `shots`, of which `harness audit` says
/// whether the head may be released.
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
    /// Shadow heads made elsewhere, a safetensors file: `weights` [S, ...] or `weight` [S, K, d] and
    /// `bias` [S, K], and `members` [S, N], the rows of `data.target` (then of `data.public`) that each
    /// was trained on, all of them public. Every attack is fitted to them, for recipes that are not
    /// known here; `recipe` still trains the victims.
    pub shadows: Option<PathBuf>,
    /// Victims a cell (default 500).
    pub victims: Option<usize>,
    /// Null heads a cell (default 5 000, which resolve a false-positive rate of .1 %).
    pub nulls: Option<usize>,
    /// MSE at or under which a reconstruction counts as a success.
    pub tau: Option<Tau>,
    /// The grid: every combination that makes sense is a cell. A list of grids is their union.
    pub sweep: Option<OneOrMany<Sweep<Many>>>,
    /// Of an audit: training examples per class of the head that is audited.
    pub shots: Option<usize>,
    /// Of an audit: the reconstruction that is tried, `unmixing` (the default) or `reconstructor`.
    pub attack: Option<Attack<Many>>,
    /// Of an audit: the strengths of DP-SGD that the head is compared with (default 5, 20 and 80).
    pub epsilon: Option<OneOrMany<f64>>,
    /// Of an audit: the owner's training set, which the adversary does not see. Without it the attack
    /// is run and nothing is checked.
    pub private: Option<DatasetSpec>,
    /// The CryptoTL protocol, in place of `data` and `sweep`.
    pub cryptotl: Option<CryptoTl<Many>>,
}

fn default_seed() -> u64 {
    2505
}
