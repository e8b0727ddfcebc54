//! The one error of this crate.

use std::path::PathBuf;

use thiserror::Error;

/// Why a report could not be written or read.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file could not be created, written, read or renamed.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// What was attempted, for example `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Polars could not build, write or parse a table.
    #[error("cannot {doing} {}: {why}", path.display())]
    Table {
        /// What was attempted.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What polars said.
        why: String,
    },
    /// A table lacks a column that its rows need.
    #[error(
        "cannot read {}: no column {column:?}\nhint: is it the right file? a {table} table starts with {first:?}", path.display()
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Name of the table.
        table: &'static str,
        /// First column of such a table.
        first: &'static str,
    },
    /// A cell does not hold what its column needs.
    #[error(
        "cannot read {}: row {row}, column {column:?} is {text:?}, expected {expected}", path.display()
    )]
    Cell {
        /// The file.
        path: PathBuf,
        /// Row number, the first below the header being 1.
        row: usize,
        /// The column.
        column: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        expected: &'static str,
    },
    /// A table that something should be held against holds nothing.
    #[error(
        "cannot hold anything against {}: it holds no rows\nhint: make a baseline of a finished run with `harness check RESULTS --baseline FILE --save`", path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Two rows of a table ask for the same.
    #[error(
        "cannot tell rows {} and {} of {} apart: both are {cell}\nhint: they differ in no column that says what was asked for; keep one of them, or run them as experiments of different names", rows.0, rows.1, path.display()
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// Row numbers, the first below the header being 1.
        rows: (usize, usize),
        /// What both ask for.
        cell: String,
    },
    /// Results with a failed cell cannot be a baseline.
    #[error(
        "cannot make {} a baseline: a cell failed ({cell}): {error}\nhint: mend the cell and run again; a baseline that failed would let every failure pass", path.display()
    )]
    FailedCell {
        /// The file.
        path: PathBuf,
        /// The cell.
        cell: String,
        /// Its error.
        error: String,
    },
    /// JUnit's XML could not be written.
    #[error("cannot write JUnit's XML: {why}")]
    Xml {
        /// What the writer said.
        why: String,
    },
    /// A drawing backend failed.
    #[error("cannot draw {name}: {why}")]
    Draw {
        /// Name of the figure.
        name: String,
        /// What the backend said.
        why: String,
    },
}
