//! Experiments on heads.

use report::PairRow;

use super::cells::{Cells, Finished, Measuring};
use crate::error::HarnessError;
use crate::heads::{Grid, Running};
use crate::names;
use crate::pairs;
use crate::rows::{self, Measured};
use crate::stages::{Graph, StageId, Stages};

/// A grid of cells.
pub struct HeadCells<'a> {
    grid: Grid<'a>,
}

impl<'a> HeadCells<'a> {
    /// The cells of a grid.
    pub fn new(grid: Grid<'a>) -> Self {
        Self { grid }
    }
}

impl Cells for HeadCells<'_> {
    fn graph(&self) -> &Graph {
        &self.grid.graph
    }

    fn into_graph(self: Box<Self>) -> Graph {
        self.grid.graph
    }

    fn goals(&self) -> Vec<StageId> {
        let stages = self.grid.stages.iter();
        stages.map(|stages| stages.outcome).collect()
    }

    fn label(&self, cell: usize) -> String {
        let cell = &self.grid.cells[cell];
        names::listed([
            names::count(cell.shots, "shot"),
            names::defence(cell),
            names::attack(&cell.attack),
            self.grid.in_full.of(cell).whole(),
        ])
    }

    fn failed(&self, cell: usize, error: &str) -> Measured {
        rows::failed(&self.grid, cell, error)
    }

    fn start(&self) -> Box<dyn Measuring + '_> {
        Box::new(MeasuringHeads {
            cells: self,
            running: Running::new(&self.grid),
        })
    }
}

struct MeasuringHeads<'a> {
    cells: &'a HeadCells<'a>,
    running: Running<'a>,
}

impl Measuring for MeasuringHeads<'_> {
    fn measure(&mut self, cell: usize, stages: &mut Stages<'_>) -> Result<Finished, HarnessError> {
        let made = self.running.outcome(cell, stages)?;
        Ok(Finished {
            measured: rows::measured(&self.cells.grid, cell, made.product, &made.commit)?,
            cached: made.cached,
        })
    }

    fn pairs(&self, measured: &[Measured]) -> Result<Vec<PairRow>, HarnessError> {
        let grid = &self.cells.grid;
        pairs::rows(&grid.cells, measured, grid.experiment.seed)
    }
}
