//! Tables: typed columns that are written whole and read back exactly.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use polars::prelude::{
    Column, CsvParseOptions, CsvReadOptions, CsvWriter, DataFrame, DataType, NamedFrom,
    PolarsError, SerReader, SerWriter, Series, StringChunked,
};

use crate::error::ReportError;
use crate::row::{Kind, Row, Unfit};
use crate::rows::{ResultRow, RocRow, TimingRow};
use crate::writing::write_atomically;

/// A table of rows: one typed column for each field that it holds. A table that was read from an
/// older file may lack columns that can be undefined.
#[derive(Debug, Clone)]
pub struct Table<R> {
    frame: DataFrame,
    path: PathBuf,
    rows: PhantomData<R>,
}

impl<R: Row> Table<R> {
    /// The table of these rows.
    ///
    /// # Errors
    /// If polars refuses.
    pub fn from_rows(rows: &[R]) -> Result<Self, ReportError> {
        let path = PathBuf::from(format!("{}.csv", R::TABLE));
        let frame =
            DataFrame::new(rows.len(), R::columns(rows)).map_err(refused("lay out", &path))?;
        Ok(Self::from_frame(frame, path))
    }

    /// Reads a table from CSV. Columns are found by name: others are passed over, and one that may
    /// be undefined may be absent.
    ///
    /// # Errors
    /// If the file cannot be read, lacks a column, or a cell does not hold what its column needs;
    /// the error names row and column.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let frame = read_texts(path)?;
        let mut columns = Vec::with_capacity(R::COLUMNS.len());
        for spec in R::COLUMNS {
            let cell = |row: usize, text: Option<&str>| ReportError::Cell {
                path: path.to_owned(),
                row: row + 1,
                column: spec.name,
                text: text.unwrap_or_default().to_owned(),
                expected: spec.kind.expected(),
            };
            match frame.column(spec.name) {
                Ok(column) => {
                    let texts = column.str().map_err(refused("read", path))?;
                    let needed = !spec.optional && spec.kind != Kind::Text;
                    if let Some(row) = texts.iter().position(|text| needed && text.is_none()) {
                        return Err(cell(row, None));
                    }
                    let typed = typed(spec.name, spec.kind, texts);
                    columns.push(typed.map_err(|row| cell(row, texts.get(row)))?);
                }
                Err(_) if spec.optional => {}
                Err(_) => return Err(missing::<R>(path, spec.name)),
            }
        }
        let frame = DataFrame::new(frame.height(), columns).map_err(refused("lay out", path))?;
        Ok(Self::from_frame(frame, path.to_owned()))
    }

    /// The table in these columns, which are those of the row type.
    pub(crate) fn from_frame(frame: DataFrame, path: PathBuf) -> Self {
        Self {
            frame,
            path,
            rows: PhantomData,
        }
    }

    /// The rows.
    ///
    /// # Errors
    /// If the table does not hold them.
    pub fn rows(&self) -> Result<Vec<R>, ReportError> {
        R::from_frame(&self.frame).map_err(|unfit| match unfit {
            Unfit::Missing(column) => missing::<R>(&self.path, column),
            Unfit::Undefined(row, column) => ReportError::Cell {
                path: self.path.clone(),
                row: row + 1,
                column,
                text: String::new(),
                expected: "a value",
            },
            Unfit::Type(error) => refused("read", &self.path)(error),
        })
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Where the table was read from, or the name that it would have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The typed columns.
    pub(crate) fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// Writes the table as CSV under a temporary name that is renamed once whole.
    ///
    /// The bytes depend on the rows alone. Numbers are the shortest decimals that read back as the
    /// same number; what is undefined is an empty cell.
    ///
    /// # Errors
    /// If polars or the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        write_frame(path, &self.frame)
    }
}

/// Writes typed columns as CSV; see [`Table::write`].
pub(crate) fn write_frame(path: &Path, frame: &DataFrame) -> Result<(), ReportError> {
    write_atomically(path, &csv(frame).map_err(refused("write", path))?)
}

/// Typed columns as the bytes of a CSV file.
pub(crate) fn csv(frame: &DataFrame) -> Result<Vec<u8>, PolarsError> {
    // Polars would write 1e-5 as 0.00001; the form of a number must not change with a library.
    let columns: Vec<Column> = frame.columns().iter().map(decimal).collect();
    let mut frame = DataFrame::new(frame.height(), columns)?;
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).finish(&mut frame)?;
    Ok(bytes)
}

/// A column of numbers as the shortest decimals that read back as the same numbers; others as they
/// are.
fn decimal(column: &Column) -> Column {
    let Ok(numbers) = column.f64() else {
        return column.clone();
    };
    let texts = numbers
        .iter()
        .map(|number| number.map(|it| format!("{it:?}")));
    Series::new(column.name().clone(), texts.collect::<Vec<_>>()).into()
}

/// The columns of a CSV file as text: what a cell means is the row type's business, and a cell that
/// does not hold it must be named by its row.
fn read_texts(path: &Path) -> Result<DataFrame, ReportError> {
    let file = File::open(path).map_err(|source| ReportError::File {
        doing: "open",
        path: path.to_owned(),
        source,
    })?;
    CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(Some(0))
        .with_parse_options(CsvParseOptions::default().with_missing_is_null(true))
        .into_reader_with_file_handle(file)
        .finish()
        .map_err(refused("read", path))
}

/// Texts as a column of this kind, or the first row that does not hold it.
fn typed(name: &str, kind: Kind, texts: &StringChunked) -> Result<Column, usize> {
    fn parsed<T>(
        texts: &StringChunked,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, usize> {
        let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(&parse);
        let cells = texts.iter().map(filled).enumerate();
        cells
            .map(|(row, cell)| match cell {
                Some(None) => Err(row),
                Some(value) => Ok(value),
                None => Ok(None),
            })
            .collect()
    }
    let name = name.into();
    let series = match kind {
        Kind::Text => Series::new(name, parsed(texts, |text| Some(text.to_owned()))?),
        Kind::Count => Series::new(name, parsed(texts, |text| text.parse::<u64>().ok())?),
        Kind::Number => {
            let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
            Series::new(name, parsed(texts, finite)?)
        }
    };
    debug_assert_eq!(*series.dtype(), dtype(kind));
    Ok(series.into())
}

/// The type of a column of this kind.
pub(crate) fn dtype(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::String,
        Kind::Count => DataType::UInt64,
        Kind::Number => DataType::Float64,
    }
}

fn refused(doing: &'static str, path: &Path) -> impl FnOnce(PolarsError) -> ReportError {
    let path = path.to_owned();
    move |error| ReportError::Table {
        doing,
        path,
        why: error.to_string(),
    }
}

fn missing<R: Row>(path: &Path, column: &'static str) -> ReportError {
    ReportError::MissingColumn {
        path: path.to_owned(),
        column,
        table: R::TABLE,
        first: R::COLUMNS[0].name,
    }
}

/// Writes rows as CSV; see [`Table::write`].
///
/// # Errors
/// As [`Table::write`].
pub fn write_csv<R: Row>(path: &Path, rows: &[R]) -> Result<(), ReportError> {
    Table::from_rows(rows)?.write(path)
}

/// Reads rows from CSV; see [`Table::read`].
///
/// # Errors
/// As [`Table::read`].
pub fn read_csv<R: Row>(path: &Path) -> Result<Vec<R>, ReportError> {
    Table::read(path)?.rows()
}

/// Writes `results.csv`. A number that is none is emptied and named in the row's `error`, unless
/// that tells of a failure already.
///
/// # Errors
/// As [`Table::write`].
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
/// As [`Table::read`].
pub fn read_results_csv(path: &Path) -> Result<Vec<ResultRow>, ReportError> {
    read_csv(path)
}

/// Writes `roc.csv`.
///
/// # Errors
/// As [`Table::write`].
pub fn write_roc_csv(path: &Path, rows: &[RocRow]) -> Result<(), ReportError> {
    write_csv(path, rows)
}

/// Writes `timings.csv`.
///
/// # Errors
/// As [`Table::write`].
pub fn write_timings_csv(path: &Path, rows: &[TimingRow]) -> Result<(), ReportError> {
    write_csv(path, rows)
}
