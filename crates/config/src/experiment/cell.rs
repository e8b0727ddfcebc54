//! One combination of the sweep.

use datasets::{Content, DatasetSpec};
use serde::Serialize;
use spec::{Adversary, Attack, Backbone, Defence, HeadKind, Null, Preset, Recipe, Release};

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

impl Cell {
    /// The paper's recipe that the cell's starts from: the one it names, else by what the target
    /// shows and by the head.
    pub fn preset(&self, target: &DatasetSpec) -> Preset {
        if self.recipe.preset != Preset::Auto {
            return self.recipe.preset;
        }
        let content = target.describe().images.map(|images| images.content);
        match (content, self.head) {
            (Some(Content::Faces), _) => Preset::Celeba,
            (Some(Content::Photographs), HeadKind::Linear | HeadKind::Adapter { .. }) => {
                Preset::Cifar
            }
            (Some(Content::Photographs), HeadKind::Mlp { .. }) => Preset::BinaryCifar,
            (Some(Content::Drawn) | None, HeadKind::Linear | HeadKind::Adapter { .. }) => {
                Preset::Mnist
            }
            (Some(Content::Drawn) | None, HeadKind::Mlp { .. }) => Preset::BinaryMnist,
        }
    }
}
