//! Result rows as CSV, figures and one HTML page.
//!
//! Everything is made of typed rows: [`ResultRow`], [`RocRow`], [`TimingRow`]. A [`Table`] holds
//! them as typed columns, which are written as CSV and read back; [`figures`] turns rows into
//! pictures, each a list of shapes that is exported as SVG and PNG; [`write_html`] makes one page of
//! it all; [`compare`] holds a run against a saved baseline; [`show`] lays runs side by side.

mod answer;
mod columns;
mod digits;
mod error;
mod export;
mod figures;
mod gate;
mod groups;
mod html;
mod phrases;
mod reference;
mod row;
mod rows;
mod scene;
mod seeds;
mod show;
mod strongest;
mod style;
mod table;
mod text_table;
mod words;
mod writing;

pub use answer::headline;
pub use error::ReportError;
pub use figures::{
    Figure, GridPair, ScoreSample, both_ways, figures, histograms, reconstruction_grid,
};
pub use gate::{
    Finding, Format, Gate, Measure, Outcome, Verdict, check_baseline, compare, save_baseline,
    together,
};
pub use html::{
    AuditPage, AuditRecord, AuditTarget, Gallery, Page, Tone, render as render_html, write_audit,
    write_html,
};
pub use phrases::cell_label;
pub use reference::columns_reference;
pub use row::{Kind, Row, Spec, Unfit, Value};
pub use rows::{BothWaysRow, ClassRow, PairRow, ResultRow, RocRow, TimingRow};
pub use scene::{Raster, Scene};
pub use seeds::show_seeds;
pub use show::{Look, show, show_difference};
pub use table::{
    Table, read_csv, read_results_csv, write_csv, write_results_csv, write_roc_csv,
    write_timings_csv,
};
pub use words::defence_name;
