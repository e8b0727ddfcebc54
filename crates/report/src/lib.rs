//! Result rows as CSV, figures and one HTML page.
//!
//! Everything is made of typed rows: [`ResultRow`], [`RocRow`], [`TimingRow`]. Tables are written
//! by [`write_csv`] and read back by [`read_csv`]; [`figures`] turns rows into pictures, each a list
//! of shapes that is exported as SVG and PNG; [`write_html`] makes one page of it all; [`compare`]
//! holds a run against a saved baseline.

mod compare;
mod error;
mod export;
mod figures;
mod files;
mod html;
mod row;
mod rows;
mod scene;
mod style;
mod table;

pub use compare::{Finding, Gate, Measure, Verdict, compare};
pub use error::ReportError;
pub use figures::{
    Figure, GridPair, ScoreSample, both_ways, defence_name, figures, histograms,
    reconstruction_grid,
};
pub use html::{Page, render as render_html, write_html};
pub use row::{Row, Unreadable, Value};
pub use rows::{BothWaysRow, ResultRow, RocRow, TimingRow};
pub use scene::{Raster, Scene};
pub use table::{
    read_csv, read_results_csv, write_csv, write_results_csv, write_roc_csv, write_timings_csv,
};
