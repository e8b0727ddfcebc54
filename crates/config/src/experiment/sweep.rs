//! The grid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spec::{
    Adversary, Arity, Attack, Backbone, Defence, HeadKind, Null, One, OneOrMany, Optimiser, Release,
};

use super::listed;

/// The axes of the grid; each takes one value or a list. Where an axis is empty, the experiment's own
/// value (or the recipe's) holds for all cells. `Sweep<Many>` is a grid as written, whose attacks and
/// defences may hold lists of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "Sweep", bound = "")]
pub struct Sweep<A: Arity = One> {
    /// Training examples per class.
    #[serde(deserialize_with = "listed::given")]
    #[schemars(with = "OneOrMany<usize>")]
    pub shots: Vec<usize>,
    /// What protects the heads (default `none`).
    #[serde(default, deserialize_with = "listed::some")]
    #[schemars(with = "Option<OneOrMany<Defence<A>>>")]
    pub defence: Vec<Defence<A>>,
    /// What the adversary gets to see (default: what each attack needs). `rhe` gives
    /// `ciphertexts` in place of `weights` and `scores`; `labels` where its owner reveals classes to
    /// whoever asks; and `known_secret`, the control: ciphertexts with their key.
    #[serde(default, deserialize_with = "listed::some")]
    #[schemars(with = "Option<OneOrMany<Release>>")]
    pub release: Vec<Release>,
    /// The attacks (default `unmixing`).
    #[serde(default, deserialize_with = "listed::some")]
    #[schemars(with = "Option<OneOrMany<Attack<A>>>")]
    pub attack: Vec<Attack<A>>,
    /// What an attack is compared with (default `independent`).
    #[serde(default, deserialize_with = "listed::some")]
    #[schemars(with = "Option<OneOrMany<Null>>")]
    pub null: Vec<Null>,
    /// Backbones, in place of the experiment's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<Backbone>>")]
    pub backbone: Vec<Backbone>,
    /// Heads, in place of the experiment's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<HeadKind>>")]
    pub head: Vec<HeadKind>,
    /// Optimisers, in place of the recipe's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<Optimiser>>")]
    pub optimiser: Vec<Optimiser>,
    /// Epochs, in place of the recipe's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<usize>>")]
    pub epochs: Vec<usize>,
    /// Standard deviations of the initial weights, in place of the recipe's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<f64>>")]
    pub init_std: Vec<f64>,
    /// Learning rates, in place of the recipe's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<f64>>")]
    pub learning_rate: Vec<f64>,
    /// Weight decays, in place of the recipe's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<f64>>")]
    pub weight_decay: Vec<f64>,
    /// Assumptions of the adversary, in place of the experiment's.
    #[serde(
        default,
        deserialize_with = "listed::some",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Option<OneOrMany<Adversary>>")]
    pub adversary: Vec<Adversary>,
}
