//! What every kind of experiment is to a plan and a run: cells, each with a stage that measures it.

use report::{BothWaysRow, PairRow};

use crate::error::HarnessError;
use crate::rows::Measured;
use crate::stages::{Graph, StageId, Stages};

/// An experiment whose cells and stages are declared.
pub trait Cells {
    /// Its stages.
    fn graph(&self) -> &Graph;

    /// Its stages, when nothing else is asked of it.
    fn into_graph(self: Box<Self>) -> Graph;

    /// For each cell, in the order of their rows, the stage that measures it.
    fn goals(&self) -> Vec<StageId>;

    /// A cell in a few words.
    fn label(&self, cell: usize) -> String;

    /// The row of a cell that failed: what it is, and why it failed.
    fn failed(&self, cell: usize, error: &str) -> Measured;

    /// Begins to measure.
    fn start(&self) -> Box<dyn Measuring + '_>;
}

/// An experiment that is being measured.
pub trait Measuring {
    /// A cell's row, from the cache where it is there; cells are measured in their order, but some may be
    /// left out.
    ///
    /// # Errors
    /// If the cell, or what it is made from, fails.
    fn measure(&mut self, cell: usize, stages: &mut Stages<'_>) -> Result<Finished, HarnessError>;

    /// The same task with inputs encrypted and with the head encrypted, where both were measured;
    /// `measured` are all rows.
    fn both_ways(&self, measured: &[Measured]) -> Vec<BothWaysRow> {
        let _ = measured;
        Vec::new()
    }

    /// Attacks on the same victims against one another; `measured` are all rows.
    ///
    /// # Errors
    /// If their scores cannot be compared.
    fn pairs(&self, measured: &[Measured]) -> Result<Vec<PairRow>, HarnessError> {
        let _ = measured;
        Ok(Vec::new())
    }
}

/// A cell that is measured.
pub struct Finished {
    /// Its row.
    pub measured: Measured,
    /// Whether it came from the cache.
    pub cached: bool,
}
