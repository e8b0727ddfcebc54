//! One combination of the sweep.

use serde::Serialize;
use spec::{Adversary, Attack, Backbone, Defence, HeadKind, Null, Recipe, Release};

/// One combination of the sweep: one row of `results.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The frozen network.
    pub backbone: Backbone,
    /// The classifier.
    pub head: HeadKind,
    /// How it is trained, the sweep's values put in.
    pub recipe: Recipe,
    /// What the adversary believes about that.
    pub adversary: Adversary,
    /// Training examples per class.
    pub shots: usize,
    /// What protects the head.
    pub defence: Defence,
    /// What the adversary gets to see.
    pub release: Release,
    /// The attack.
    pub attack: Attack,
    /// What it is compared with.
    pub null: Null,
}
