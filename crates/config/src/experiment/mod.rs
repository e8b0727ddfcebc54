//! The checked experiment: plain data that can run as it stands.
//!
//! Every list is expanded to single values, every path and number is within its range, and
//! every combination that [`Experiment::cells`] returns makes sense. Serialised, an experiment
//! is itself a config that checks to the same experiment: that is `resolved.yaml`.

mod adversary;
mod attack;
mod backbone;
mod cell;
mod cryptotl;
mod data;
mod defence;
mod grid;
mod head;

pub use adversary::{Adversary, Assumed};
pub use attack::{
    Architecture, Attack, Distance, GradientForm, GradientInversion, Group, Labels, Membership,
    Property, Reconstructor, ScoreKind, Scores, Start, Then, Unmixing,
};
pub use backbone::{Backbone, ImportedArchitecture};
pub use cell::{Cell, Null, Release};
pub use cryptotl::{CkksSet, CryptoTl, Embedding, FineTuning, Polynomial};
pub use data::{Data, Shares, Task};
pub use datasets::{DatasetSpec, StrokeClasses, TextSpec, Topic};
pub use defence::{Accountant, Defence, Delta, DpSgd, Privacy, Rhe, Sampling, Tuning};
pub use head::{Activation, Head, Optimiser, Preset, Recipe};

use serde::{Serialize, Serializer};

/// One experiment: a name, a seed and what to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Experiment {
    /// Names the folder under the results; letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Every random draw of the run is keyed by this.
    pub seed: u64,
    /// What to do.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The two kinds of experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Kind {
    /// Train heads, release them, attack them.
    Heads(Box<Heads>),
    /// Encrypt the inputs instead: the CryptoTL protocol.
    CryptoTl {
        /// The protocol's settings.
        cryptotl: Box<CryptoTl>,
    },
}

/// Victims, what is released of them, and the attacks on that.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Heads {
    /// Where images or features come from and how they are shared out.
    pub data: Data,
    /// The frozen network, where `sweep.backbone` does not say.
    pub backbone: Backbone,
    /// The head, where `sweep.head` does not say.
    pub head: Head,
    /// What differs from the paper's training recipe.
    pub recipe: Recipe,
    /// What the adversary assumes, where `sweep.adversary` does not say.
    pub adversary: Adversary,
    /// Victims a cell.
    pub victims: usize,
    /// Null heads a cell: at least 5 000 resolve a false-positive rate of .1 %.
    pub nulls: usize,
    /// MSE at or under which a reconstruction counts as a success; none: the nearest-neighbour
    /// threshold of the dataset, published or measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
    /// The grids, whose union is run; not empty.
    #[serde(serialize_with = "one_or_list")]
    pub sweep: Vec<Sweep>,
}

/// The axes of the grid. Axes that may be empty are then not swept: the experiment's own value
/// (or the recipe's) holds for all cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// Training examples per class; not empty.
    pub shots: Vec<usize>,
    /// Defences; not empty.
    pub defence: Vec<Defence>,
    /// What the adversary gets to see. `rhe` gives `ciphertexts`, whatever is listed here.
    pub release: Vec<Release>,
    /// Attacks; not empty.
    pub attack: Vec<Attack>,
    /// Null hypotheses; not empty.
    pub null: Vec<Null>,
    /// Backbones, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backbone: Vec<Backbone>,
    /// Heads, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub head: Vec<Head>,
    /// Optimisers, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optimiser: Vec<Optimiser>,
    /// Epochs, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<usize>,
    /// Initial standard deviations, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub init_std: Vec<f64>,
    /// Learning rates, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning_rate: Vec<f64>,
    /// Weight decays, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weight_decay: Vec<f64>,
    /// Assumptions of the adversary, if swept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adversary: Vec<Adversary>,
}

/// One grid as itself, several as a list.
fn one_or_list<S: Serializer>(sweep: &[Sweep], serializer: S) -> Result<S::Ok, S::Error> {
    match sweep {
        [one] => one.serialize(serializer),
        many => many.serialize(serializer),
    }
}
