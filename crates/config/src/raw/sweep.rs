//! The grid as written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Adversary, Attack, Defence};
use crate::document::OneOrMany;
use crate::experiment::{Backbone, Head, Null, Optimiser, Release};

/// The axes of the grid; each takes one value or a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Training examples per class.
    pub shots: OneOrMany<usize>,
    /// What protects the heads (default `none`).
    pub defence: Option<OneOrMany<Defence>>,
    /// What the adversary gets to see (default: what each attack needs). `rhe` gives
    /// `ciphertexts` in place of whatever is listed.
    pub release: Option<OneOrMany<Release>>,
    /// The attacks (default `unmixing`).
    pub attack: Option<OneOrMany<Attack>>,
    /// What an attack is compared with (default `independent`).
    pub null: Option<OneOrMany<Null>>,
    /// Backbones, in place of the experiment's.
    pub backbone: Option<OneOrMany<Backbone>>,
    /// Heads, in place of the experiment's.
    pub head: Option<OneOrMany<Head>>,
    /// Optimisers, in place of the recipe's.
    pub optimiser: Option<OneOrMany<Optimiser>>,
    /// Epochs, in place of the recipe's.
    pub epochs: Option<OneOrMany<usize>>,
    /// Standard deviations of the initial weights, in place of the recipe's.
    pub init_std: Option<OneOrMany<f64>>,
    /// Learning rates, in place of the recipe's.
    pub learning_rate: Option<OneOrMany<f64>>,
    /// Weight decays, in place of the recipe's.
    pub weight_decay: Option<OneOrMany<f64>>,
    /// Assumptions of the adversary, in place of the experiment's.
    pub adversary: Option<OneOrMany<Adversary>>,
}
