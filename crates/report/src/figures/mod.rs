//! Figures: pure functions from typed rows to scenes, one figure a file.

mod audit;
mod axis;
mod both_ways;
mod crossover;
mod epsilon;
mod factors;
mod grid;
mod histogram;
mod numbers;
mod panel;
mod queries;
mod roc;
mod series;
mod sheet;
mod shots;
mod tradeoff;

pub use grid::{GridPair, reconstruction_grid};
pub use histogram::ScoreSample;

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use crate::error::ReportError;
use crate::export::{png::png, svg::svg};
use crate::rows::{BothWaysRow, ResultRow, RocRow};
use crate::scene::Scene;
use crate::table::write_frame;
use crate::writing::write_atomically;
use sheet::Layout;

/// A picture with its name, title and what it means.
#[derive(Debug, Clone)]
pub struct Figure {
    /// File name without its ending.
    pub name: String,
    /// Title, as in the picture.
    pub title: String,
    /// What the reader sees and how to read it.
    pub caption: String,
    /// What it shows, for readers who cannot see it.
    pub alt: String,
    /// The picture.
    pub scene: Scene,
    /// The same for a phone's screen, where it is drawn otherwise there.
    pub narrow: Option<Scene>,
    /// The file of results that it is drawn from.
    pub source: &'static str,
    /// What is drawn, as typed columns.
    pub(crate) numbers: DataFrame,
}

/// Draws a figure for both layouts.
fn laid_out(draw: impl Fn(Layout) -> Option<Figure>) -> Option<Figure> {
    let narrow = draw(Layout::Narrow)?.scene;
    Some(Figure {
        narrow: Some(narrow),
        ..draw(Layout::Wide)?
    })
}

impl Figure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// If the backend fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg(&self.name, &self.title, &self.alt, &self.scene)
    }

    /// The figure for a phone's screen as an SVG document; `None` where it has no such form.
    ///
    /// # Errors
    /// If the backend fails.
    pub fn narrow_svg(&self) -> Result<Option<String>, ReportError> {
        let narrow = self.narrow.as_ref();
        narrow
            .map(|scene| svg(&self.name, &self.title, &self.alt, scene))
            .transpose()
    }

    /// The figure as a PNG file.
    ///
    /// # Errors
    /// If the backend or the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        png(&self.name, &self.scene)
    }

    /// Writes `name.svg`, `name.png` and, with what is drawn, `name.csv` into the folder, which must
    /// exist.
    ///
    /// # Errors
    /// If drawing or writing fails.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 3], ReportError> {
        let paths = ["svg", "png", "csv"].map(|ending| folder.join(self.file(ending)));
        write_atomically(&paths[0], self.svg()?.as_bytes())?;
        write_atomically(&paths[1], &self.png()?)?;
        write_frame(&paths[2], &self.numbers)?;
        Ok(paths)
    }

    /// Its file of this ending.
    pub fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.name)
    }
}

/// Every figure that the rows hold the data for, in reading order. Failed rows are left out: they
/// have nothing to draw, and the page lists them.
pub fn figures(results: &[ResultRow], curves: &[RocRow]) -> Vec<Figure> {
    let rows: Vec<&ResultRow> = results.iter().filter(|row| !row.failed()).collect();
    // One figure a question: what differs beside is a facet of it.
    let all = [
        laid_out(|layout| tradeoff::figure(&rows, layout)),
        laid_out(|layout| roc::figure(curves, &rows, layout)),
        laid_out(|layout| shots::figure(&rows, layout)),
        laid_out(|layout| epsilon::figure(&rows, layout)),
        laid_out(|layout| crossover::figure(&rows, layout)),
        laid_out(|layout| audit::figure(&rows, layout)),
        laid_out(|layout| queries::figure(&rows, layout)),
        laid_out(|layout| factors::figure(&rows, layout)),
    ];
    all.into_iter().flatten().collect()
}

/// One task with its inputs encrypted and with its head encrypted; `None` where there are no rows.
pub fn both_ways(rows: &[BothWaysRow]) -> Option<Figure> {
    laid_out(|layout| both_ways::figure(rows, layout))
}

/// One panel a sample; `None` if no sample has positive scores on both sides.
pub fn histograms(samples: &[ScoreSample]) -> Option<Figure> {
    laid_out(|layout| histogram::figure(samples, layout))
}
