//! Figures: pure functions from typed rows to scenes, one figure a file.

mod audit;
mod axis;
mod both_ways;
mod crossover;
mod epsilon;
mod factors;
mod grid;
mod histogram;
mod panel;
mod queries;
mod roc;
mod series;
mod sheet;
mod shots;
mod tradeoff;

pub use both_ways::figure as both_ways;
pub use grid::{GridPair, reconstruction_grid};
pub use histogram::{ScoreSample, histograms};

pub(crate) use axis::number;
pub(crate) use both_ways::{byte_size, system_name};
pub use series::defence_name;
pub(crate) use series::words;

use std::path::{Path, PathBuf};

use crate::error::ReportError;
use crate::export::{png::png, svg::svg};
use crate::files::write_atomically;
use crate::rows::{ResultRow, RocRow};
use crate::scene::Scene;

/// A picture with its name, title and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// File name without its ending.
    pub name: String,
    /// Title, as in the picture.
    pub title: String,
    /// What the reader sees and how to read it.
    pub caption: String,
    /// The picture.
    pub scene: Scene,
}

impl Figure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// If the backend fails.
    pub fn svg(&self) -> Result<String, ReportError> {
        svg(&self.name, &self.title, &self.scene)
    }

    /// The figure as a PNG file.
    ///
    /// # Errors
    /// If the backend or the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        png(&self.name, &self.scene)
    }

    /// Writes `name.svg` and `name.png` into the folder, which must exist.
    ///
    /// # Errors
    /// If drawing or writing fails.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 2], ReportError> {
        let at = |ending: &str| folder.join(format!("{}.{ending}", self.name));
        let paths = [at("svg"), at("png")];
        write_atomically(&paths[0], self.svg()?.as_bytes())?;
        write_atomically(&paths[1], &self.png()?)?;
        Ok(paths)
    }
}

/// Every figure that the rows hold the data for, in reading order. Failed rows are left out: they
/// have nothing to draw, and the page lists them.
pub fn figures(results: &[ResultRow], curves: &[RocRow]) -> Vec<Figure> {
    let rows: Vec<&ResultRow> = results.iter().filter(|row| !row.failed()).collect();
    let mut all = roc::figures(curves, &rows);
    all.extend(shots::figure(&rows));
    all.extend(epsilon::figures(&rows));
    let rest = [
        tradeoff::figure(&rows),
        crossover::figure(&rows),
        audit::figure(&rows),
        queries::figure(&rows),
        factors::figure(&rows),
    ];
    all.extend(rest.into_iter().flatten());
    all
}
