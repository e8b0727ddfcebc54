//! Experiments of every kind, as plans and runs see them.

mod cells;
mod cryptotl;
mod heads;

pub use cells::{Cells, Finished, Measuring};

use config::experiment::{Experiment, Heads, Kind};

use crate::context::Context;
use crate::corpus::preflight;
use crate::cryptotl::TextGrid;
use crate::error::HarnessError;
use crate::heads::Grid;

/// Declares the cells and stages of an experiment.
///
/// # Errors
/// If data that they are named by is missing.
pub fn declare<'a>(
    context: &'a Context,
    experiment: &'a Experiment,
) -> Result<Box<dyn Cells + 'a>, HarnessError> {
    match &experiment.kind {
        Kind::Heads(heads) => of_heads(context, experiment, heads),
        Kind::Audit(audit) => of_heads(context, experiment, &audit.heads),
        Kind::CryptoTl { cryptotl } => {
            let grid = TextGrid::new(context, experiment, cryptotl)?;
            Ok(Box::new(cryptotl::TextCells::new(grid)))
        }
    }
}

fn of_heads<'a>(
    context: &'a Context,
    experiment: &'a Experiment,
    heads: &'a Heads,
) -> Result<Box<dyn Cells + 'a>, HarnessError> {
    // What cannot work is refused before anything is planned or written.
    preflight(context, experiment, heads)?;
    let grid = Grid::new(context, experiment, heads)?;
    Ok(Box::new(heads::HeadCells::new(grid)))
}
