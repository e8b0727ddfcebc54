//! Cells measured one after another, with what they share.

use report::BothWaysRow;

use super::both_ways;
use super::grid::TextGrid;
use super::outcome::BothWays;
use super::row;
use super::tasks::Tasks;
use super::tune;
use crate::error::HarnessError;
use crate::rows::Measured;
use crate::stages::{Postcard, Stages};

/// A grid under way.
pub struct Running<'a> {
    grid: &'a TextGrid<'a>,
    tasks: Option<Tasks>,
    both_ways: Option<BothWays>,
}

impl<'a> Running<'a> {
    /// Starts with nothing in memory.
    pub fn new(grid: &'a TextGrid<'a>) -> Self {
        Self {
            grid,
            tasks: None,
            both_ways: None,
        }
    }

    /// The row at `at`, and whether it came from the cache.
    ///
    /// # Errors
    /// If a stage cannot be made.
    pub fn measure(
        &mut self,
        at: usize,
        stages: &mut Stages<'_>,
    ) -> Result<(Measured, bool), HarnessError> {
        let grid = self.grid;
        let Some(cell) = grid.cells.get(at) else {
            return self.encrypted_head(stages);
        };
        let made = stages.get_or_make(cell.id, &Postcard, |stages| {
            let tasks = self.tasks(stages)?;
            tune::cell(grid, tasks, cell.size, cell.tuning)
        })?;
        let mut row = row::described(grid.experiment, grid.wanted, cell.size, cell.tuning);
        row.commit = made.commit;
        let key = &grid.graph.node(cell.id).key;
        let measured = row::measured(row, made.product, key, grid.experiment.seed)?;
        Ok((measured, made.cached))
    }

    /// RHE's row, on the same task.
    fn encrypted_head(
        &mut self,
        stages: &mut Stages<'_>,
    ) -> Result<(Measured, bool), HarnessError> {
        let grid = self.grid;
        let id = grid.both_ways.ok_or_else(|| HarnessError::Setting {
            place: "cryptotl.both_ways".into(),
            reason: "no such cell".into(),
        })?;
        let made = stages.get_or_make(id, &Postcard, |stages| {
            let tasks = self.tasks(stages)?;
            both_ways::compare(grid, tasks)
        })?;
        let mut row = row::described_encrypted(grid.experiment, grid.wanted, made.product.shots);
        row.commit = made.commit;
        let measured = row::measured_encrypted(row, &made.product, grid.experiment.seed)?;
        self.both_ways = Some(made.product);
        Ok((measured, made.cached))
    }

    /// Both systems side by side, where both were measured without fault; `measured` are the rows so far.
    pub fn both_ways(&self, measured: &[Measured]) -> Vec<BothWaysRow> {
        let whole = measured.iter().all(|cell| cell.row.error.is_empty());
        match &self.both_ways {
            Some(both) if whole => both_ways::rows(both, measured),
            _ => Vec::new(),
        }
    }

    fn tasks(&mut self, stages: &mut Stages<'_>) -> Result<&Tasks, HarnessError> {
        let tasks = match self.tasks.take() {
            Some(tasks) => tasks,
            None => Tasks::new(self.grid, stages)?,
        };
        Ok(self.tasks.insert(tasks))
    }
}
