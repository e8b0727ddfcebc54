//! Experiments on CryptoTL.

use report::BothWaysRow;

use super::cells::{Cells, Finished, Measuring};
use crate::cryptotl::{Running, TextGrid};
use crate::error::HarnessError;
use crate::rows::Measured;
use crate::stages::{Graph, StageId, Stages};

/// Training-set sizes under kinds of fine-tuning, and the same task both ways round.
pub struct TextCells<'a> {
    grid: TextGrid<'a>,
}

impl<'a> TextCells<'a> {
    /// The cells of a grid.
    pub fn new(grid: TextGrid<'a>) -> Self {
        Self { grid }
    }
}

impl Cells for TextCells<'_> {
    fn graph(&self) -> &Graph {
        &self.grid.graph
    }

    fn into_graph(self: Box<Self>) -> Graph {
        self.grid.graph
    }

    fn goals(&self) -> Vec<StageId> {
        self.grid.goals()
    }

    fn label(&self, cell: usize) -> String {
        self.grid.label(cell)
    }

    fn failed(&self, cell: usize, error: &str) -> Measured {
        self.grid.failed(cell, error)
    }

    fn start(&self) -> Box<dyn Measuring + '_> {
        Box::new(MeasuringTexts(Running::new(&self.grid)))
    }
}

struct MeasuringTexts<'a>(Running<'a>);

impl Measuring for MeasuringTexts<'_> {
    fn measure(&mut self, cell: usize, stages: &mut Stages<'_>) -> Result<Finished, HarnessError> {
        let (measured, cached) = self.0.measure(cell, stages)?;
        Ok(Finished { measured, cached })
    }

    fn both_ways(&self, measured: &[Measured]) -> Vec<BothWaysRow> {
        self.0.both_ways(measured)
    }
}
