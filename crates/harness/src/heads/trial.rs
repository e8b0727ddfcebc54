//! A cell whose victims are trained: what attacks work on.

use attacks::World;
use config::experiment::{Cell, Heads};
use datasets::FeatureSet;
use transfer::ShadowBatch;

use super::encrypted::Encrypted;
use super::prior::LastPrior;
use super::stages::{CellStages, Grid};
use crate::corpus::Corpus;

/// A cell whose victims are trained.
pub struct Trial<'a> {
    /// The experiment's cells and stages.
    pub grid: &'a Grid<'a>,
    /// Data, features, backbone.
    pub corpus: &'a Corpus,
    /// The same as the attacks see it.
    pub world: &'a World<'a>,
    /// The cell.
    pub cell: &'a Cell,
    /// Its stages.
    pub stages: &'a CellStages,
    /// The victims' weights, before any release.
    pub victims: &'a ShadowBatch,
    /// What the last extraction believed before its first query.
    pub prior: &'a LastPrior,
    /// What accuracy and agreement are measured on.
    pub test: &'a FeatureSet,
    /// What queries are answered with, where the victims are encrypted.
    pub encrypted: Option<&'a Encrypted>,
}

impl Trial<'_> {
    /// The experiment.
    pub fn heads(&self) -> &Heads {
        self.grid.heads
    }
}
