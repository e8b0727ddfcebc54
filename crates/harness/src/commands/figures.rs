//! `harness show --figures`: what kept tables say, drawn again.

use std::path::{Path, PathBuf};

use super::tables::read;
use crate::error::HarnessError;
use crate::exit::Exit;
use crate::failure::Failure;

/// Draws all figures that the rows of these runs hold the data for into `into`; what is drawn are the
/// rows of all runs together, so that a sweep measured in parts gives one figure. Only a run itself
/// keeps what ROC curves, histograms and grids of images need.
///
/// # Errors
/// If a table is missing or damaged, the rows hold the data for no figure, or one cannot be written.
pub(super) fn figures(runs: &[PathBuf], into: &Path) -> Result<String, Failure> {
    let mut rows = Vec::new();
    for path in runs {
        let table = read(path)?;
        rows.extend(
            table
                .rows()
                .map_err(|error| Failure::new(&error, Exit::Data))?,
        );
    }
    let figures = report::figures(&rows, &[]);
    if figures.is_empty() {
        let message = "the rows of these tables hold the data for no figure: it takes cells that differ in \
                       shots, in epsilon or in their defence";
        return Err(Failure::new(&message, Exit::Data));
    }
    std::fs::create_dir_all(into).map_err(|source| HarnessError::File {
        action: "make the folder",
        path: into.to_owned(),
        source,
    })?;
    let mut said = Vec::new();
    for figure in figures {
        let paths = figure.write(into).map_err(HarnessError::from)?;
        said.extend(paths.map(|path| path.display().to_string()));
    }
    Ok(said.join("\n"))
}
