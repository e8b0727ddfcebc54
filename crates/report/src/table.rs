//! Tables through polars: written whole, read back exactly.

use std::fs::File;
use std::path::Path;

use polars::prelude::{
    Column, CsvParseOptions, CsvReadOptions, CsvWriter, DataFrame, SerReader, SerWriter,
};

use crate::error::ReportError;
use crate::files::write_atomically;
use crate::row::Row;
use crate::rows::{ResultRow, RocRow, TimingRow};

/// Writes rows as CSV under a temporary name that is renamed once whole.
///
/// The bytes depend on the rows alone. Numbers are the shortest decimals that read back as the same
/// number; what is undefined is an empty cell, and so is a number that is none (NaN, infinite).
///
/// # Errors
/// If polars or the file system refuses.
pub fn write_csv<R: Row>(path: &Path, rows: &[R]) -> Result<(), ReportError> {
    let failed = |doing| {
        move |error: polars::prelude::PolarsError| ReportError::Table {
            doing,
            path: path.to_owned(),
            why: error.to_string(),
        }
    };
    let mut columns: Vec<Vec<Option<String>>> = R::COLUMNS
        .iter()
        .map(|_| Vec::with_capacity(rows.len()))
        .collect();
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row.cells()) {
            column.push(cell);
        }
    }
    let columns: Vec<Column> = R::COLUMNS
        .iter()
        .zip(columns)
        .map(|((name, _), cells)| Column::new((*name).into(), cells))
        .collect();
    let mut frame = DataFrame::new(rows.len(), columns).map_err(failed("lay out"))?;
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes)
        .finish(&mut frame)
        .map_err(failed("write"))?;
    write_atomically(path, &bytes)
}

/// Reads rows from CSV. Columns are found by name: others are passed over, and one that may be
/// undefined may be absent, so that older files stay readable.
///
/// # Errors
/// If the file cannot be read, lacks a column, or a cell does not hold what its column needs; the
/// error names row and column.
pub fn read_csv<R: Row>(path: &Path) -> Result<Vec<R>, ReportError> {
    let refused = |why: String| ReportError::Table {
        doing: "read",
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(|source| ReportError::File {
        doing: "open",
        path: path.to_owned(),
        source,
    })?;
    // Every column as text: what a cell means is the row type's business, not inference's.
    let frame = CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(Some(0))
        .with_parse_options(CsvParseOptions::default().with_missing_is_null(true))
        .into_reader_with_file_handle(file)
        .finish()
        .map_err(|error| refused(error.to_string()))?;
    let mut columns = Vec::with_capacity(R::COLUMNS.len());
    for (name, optional) in R::COLUMNS {
        match frame.column(name) {
            Ok(column) => {
                let text = column.str().map_err(|error| refused(error.to_string()))?;
                columns.push(Some(text));
            }
            Err(_) if *optional => columns.push(None),
            Err(_) => {
                let (column, table, first) = (*name, R::TABLE, R::COLUMNS[0].0);
                return Err(ReportError::MissingColumn {
                    path: path.to_owned(),
                    column,
                    table,
                    first,
                });
            }
        }
    }
    (0..frame.height())
        .map(|row| {
            let cells: Vec<Option<&str>> = columns
                .iter()
                .map(|column| column.and_then(|text| text.get(row)))
                .collect();
            R::from_cells(&cells).map_err(|(column, unreadable)| ReportError::Cell {
                path: path.to_owned(),
                row: row + 1,
                column: R::COLUMNS[column].0,
                text: cells[column].unwrap_or_default().to_owned(),
                expected: unreadable.expected,
            })
        })
        .collect()
}

/// Writes `results.csv`. A number that is none is emptied and named in the row's `error`, unless
/// that tells of a failure already.
///
/// # Errors
/// As [`write_csv`].
pub fn write_results_csv(path: &Path, rows: &[ResultRow]) -> Result<(), ReportError> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        let spoilt = row.clean();
        if !spoilt.is_empty() && row.error.is_empty() {
            row.error = format!("not a finite number: {}", spoilt.join(", "));
        }
    }
    write_csv(path, &rows)
}

/// Reads `results.csv`.
///
/// # Errors
/// As [`read_csv`].
pub fn read_results_csv(path: &Path) -> Result<Vec<ResultRow>, ReportError> {
    read_csv(path)
}

/// Writes `roc.csv`.
///
/// # Errors
/// As [`write_csv`].
pub fn write_roc_csv(path: &Path, rows: &[RocRow]) -> Result<(), ReportError> {
    write_csv(path, rows)
}

/// Writes `timings.csv`.
///
/// # Errors
/// As [`write_csv`].
pub fn write_timings_csv(path: &Path, rows: &[TimingRow]) -> Result<(), ReportError> {
    write_csv(path, rows)
}
