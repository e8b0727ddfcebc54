//! `harness show --figures`: what kept tables say, drawn again.

use std::path::{Path, PathBuf};

use report::{ResultRow, Row};

use super::tables::read;
use crate::error::HarnessError;
use crate::exit::Exit;
use crate::failure::Failure;

/// Draws all figures that the rows of these runs hold the data for into `into`; what is drawn are the
/// rows of all runs together, so that a sweep measured in parts gives one figure. Only a run itself
/// keeps what ROC curves, histograms and grids of images need.
///
/// # Errors
/// If a table is missing or damaged, two rows ask for the same, the rows hold the data for no figure, a
/// table of results would be written over, or a figure cannot be written.
pub(super) fn figures(runs: &[PathBuf], into: &Path) -> Result<String, Failure> {
    let tables: Vec<_> = runs
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let rows = report::together(&tables).map_err(|error| Failure::new(&error, Exit::Data))?;
    let figures = report::figures(&rows, &[]);
    if figures.is_empty() {
        let message = "the rows of these tables hold the data for no figure: it takes cells that differ in \
                       shots, in epsilon or in their defence";
        return Err(Failure::new(&message, Exit::Data));
    }
    // A figure keeps its numbers as `shots.csv` or the like; finished results of that name stay.
    let csv = figures.iter().map(|figure| into.join(figure.file("csv")));
    // Damaged ones too: no figure's numbers begin with the first column of results.
    let first = ResultRow::COLUMNS[0].name.as_bytes();
    let results = |path: &PathBuf| std::fs::read(path).is_ok_and(|it| it.starts_with(first));
    if let Some(kept) = csv.into_iter().find(results) {
        let message = format!(
            "{}: this is a table of results; figures go elsewhere, as to `--figures drawn`",
            kept.display()
        );
        return Err(Failure::new(&message, Exit::Usage));
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
