//! Experiments of every kind, as plans and runs see them.

mod cells;
mod cryptotl;
mod heads;

pub use cells::{Cells, Finished, Measuring};

use config::experiment::{Experiment, Kind};

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
    Ok(match &experiment.kind {
        Kind::Heads(heads) => {
            // What cannot work is refused before anything is planned or written.
            preflight(context, experiment, heads)?;
            Box::new(heads::HeadCells::new(Grid::new(
                context, experiment, heads,
            )?))
        }
        Kind::CryptoTl { cryptotl } => Box::new(cryptotl::TextCells::new(TextGrid::new(
            context, experiment, cryptotl,
        )?)),
    })
}
