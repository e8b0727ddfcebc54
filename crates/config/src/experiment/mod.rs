//! The checked experiment: plain data that can run as it stands.
//!
//! Every list is expanded to single values, every path and number is within its range, and
//! every combination that [`Experiment::cells`] returns makes sense. Serialised, an experiment
//! is itself a config that checks to the same experiment: that is `resolved.yaml`.

mod audit;
mod cell;
mod cryptotl;
mod data;
mod grid;
mod listed;
mod sweep;

pub use audit::Audit;
pub use cell::Cell;
pub use cryptotl::CryptoTl;
pub use data::{Data, Shares, Task};
pub use datasets::{DatasetSpec, StrokeClasses, TextSpec, Topic};
pub use spec::{
    Accountant, Activation, Adversary, Architecture, Assumed, Attack, AttackKind, Backbone,
    CkksSet, Defence, DefenceKind, Delta, Distance, DpSgd, Embedding, FineTuning, GradientForm,
    GradientInversion, Group, HeadKind as Head, ImportedArchitecture, Labels, Membership, Null,
    Optimiser, Polynomial, Preset, Privacy, Property, Recipe, Reconstructor, Release, Rhe,
    Sampling, ScoreKind, Scores, Start, Then, Tuning, Unmixing,
};
pub use sweep::Sweep;

use std::path::PathBuf;

use serde::Serialize;

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

/// The kinds of experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Kind {
    /// Train heads, release them, attack them.
    Heads(Box<Heads>),
    /// Attack one given head, and heads like it.
    Audit(Box<Audit>),
    /// Encrypt the inputs instead: the CryptoTL protocol.
    CryptoTl {
        /// The protocol's settings.
        cryptotl: Box<CryptoTl>,
    },
}

impl Experiment {
    /// The heads that are trained and attacked; none in a CryptoTL experiment.
    pub fn heads(&self) -> Option<&Heads> {
        match &self.kind {
            Kind::Heads(heads) => Some(heads),
            Kind::Audit(audit) => Some(&audit.heads),
            Kind::CryptoTl { .. } => None,
        }
    }
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
    /// Shadow heads made elsewhere, in place of those by `adversary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadows: Option<PathBuf>,
    /// Victims a cell.
    pub victims: usize,
    /// Null heads a cell: at least 5 000 resolve a false-positive rate of .1 %.
    pub nulls: usize,
    /// MSE at or under which a reconstruction counts as a success; none: the nearest-neighbour
    /// threshold of the dataset, published or measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
    /// The grids, whose union is run; not empty.
    #[serde(serialize_with = "listed::shortly")]
    pub sweep: Vec<Sweep>,
}
