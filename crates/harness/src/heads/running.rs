//! Cells measured one after another, with what neighbouring cells share.

use super::measure::measure;
use super::outcome::Outcome;
use super::prior::{LastPrior, LastRevealed};
use super::shadows;
use super::stages::Grid;
use crate::corpus::Corpus;
use crate::error::HarnessError;
use crate::stages::{Made, Postcard, Stages};

/// A grid under way.
pub struct Running<'a> {
    grid: &'a Grid<'a>,
    prior: LastPrior,
    revealed: LastRevealed,
    corpus: Option<Corpus>,
}

impl<'a> Running<'a> {
    /// Starts with nothing in memory.
    pub fn new(grid: &'a Grid<'a>) -> Self {
        Self {
            grid,
            prior: LastPrior::default(),
            revealed: LastRevealed::default(),
            corpus: None,
        }
    }

    /// What the cell `at` measures: from the cache where it is there.
    ///
    /// # Errors
    /// If a stage cannot be made.
    pub fn outcome(
        &mut self,
        at: usize,
        stages: &mut Stages<'_>,
    ) -> Result<Made<Outcome>, HarnessError> {
        let grid = self.grid;
        let own = &grid.stages[at];
        stages.get_or_make(own.outcome, &Postcard, |stages| {
            if self
                .corpus
                .as_ref()
                .is_some_and(|it| it.stages != own.corpus)
            {
                // The old one goes first: two sets of images and features do not share memory.
                self.corpus = None;
            }
            let corpus = match self.corpus.take() {
                Some(corpus) => corpus,
                None => self.prepare(at, stages)?,
            };
            let corpus = self.corpus.insert(corpus);
            corpus.split.check(grid.cells[at].shots)?;
            measure(grid, at, corpus, (&self.prior, &self.revealed), stages)
        })
    }

    fn prepare(&self, at: usize, stages: &mut Stages<'_>) -> Result<Corpus, HarnessError> {
        let Grid {
            context,
            experiment,
            heads,
            ..
        } = self.grid;
        let (cell, own) = (&self.grid.cells[at], &self.grid.stages[at]);
        let mut corpus = Corpus::prepare(
            context,
            experiment.seed,
            &heads.data,
            &cell.backbone,
            &own.corpus,
            stages,
        )?;
        corpus.shadows = shadows::load(self.grid, cell, &corpus)?;
        Ok(corpus)
    }
}
