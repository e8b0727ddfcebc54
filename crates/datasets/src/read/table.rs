//! Tables that give each picture a label.

use std::path::Path;

use super::files;
use crate::{DatasetError, Reading};

/// Largest table that is read.
const MOST_BYTES: u64 = 1 << 30;

/// One column of a table, by the name of the picture.
#[derive(Debug)]
pub(super) struct Column {
    pub names: Vec<String>,
    /// The class of each; none where the cell is empty.
    pub labels: Vec<Option<u32>>,
    pub classes: usize,
}

/// Reads `column` of a CSV or of one of CelebA's text files.
pub(super) fn read_column(
    path: &Path,
    column: &str,
    reading: &mut Reading,
) -> Result<Column, DatasetError> {
    let text = files::read_text(path, MOST_BYTES, reading)?;
    let first = files::lines(&text).next().unwrap_or_default();
    let (names, values) = if first.contains(',') {
        from_csv(path, &text, column)?
    } else if first.trim().parse::<usize>().is_ok() {
        from_attributes(path, &text, column)?
    } else {
        from_identities(path, &text, column)?
    };
    if names.is_empty() {
        return Err(DatasetError::format(
            path,
            "the end",
            "no row below the header",
        ));
    }
    let given: Vec<&String> = values.iter().filter(|value| !value.is_empty()).collect();
    let (numbers, classes) = number(&given);
    let mut numbers = numbers.into_iter();
    let labels = values
        .iter()
        .map(|value| {
            if value.is_empty() {
                None
            } else {
                numbers.next()
            }
        })
        .collect();
    if classes < 2 {
        return Err(DatasetError::format(
            path,
            format!("column `{column}`"),
            format!(
                "all {} values are the same, there is nothing to tell apart",
                given.len()
            ),
        ));
    }
    Ok(Column {
        names,
        labels,
        classes,
    })
}

type NamesAndValues = (Vec<String>, Vec<String>);

fn from_csv(path: &Path, text: &str, column: &str) -> Result<NamesAndValues, DatasetError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken = |row: usize, error: csv::Error| {
        DatasetError::format(
            path,
            format!("row {row}"),
            format!("not a CSV row: {error}"),
        )
    };
    let header = reader.headers().map_err(|error| broken(0, error))?.clone();
    let at = find(path, header.iter().skip(1), column)? + 1;
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| broken(row + 1, error))?;
        names.push(record[0].trim().to_owned());
        values.push(record[at].trim().to_owned());
    }
    Ok((names, values))
}

/// `list_attr_celeba.txt`: the number of rows, the names of the attributes, then the rows.
fn from_attributes(path: &Path, text: &str, column: &str) -> Result<NamesAndValues, DatasetError> {
    let mut lines = files::lines(text);
    let announced: usize = lines
        .next()
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or_default();
    let header: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let at = find(path, header.iter().copied(), column)?;
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (row, line) in lines.enumerate() {
        let mut fields = line.split_whitespace();
        match (fields.next(), fields.nth(at)) {
            (Some(name), Some(value)) => {
                names.push(name.to_owned());
                values.push(value.to_owned());
            }
            (None, _) => {}
            _ => {
                return Err(DatasetError::format(
                    path,
                    format!("line {}", row + 3),
                    format!("has no field for `{column}`"),
                ));
            }
        }
    }
    if names.len() != announced {
        return Err(DatasetError::format(
            path,
            "line 1",
            format!("announces {announced} rows, {} are there", names.len()),
        ));
    }
    Ok((names, values))
}

/// `identity_CelebA.txt`: picture and identity on each line.
fn from_identities(path: &Path, text: &str, column: &str) -> Result<NamesAndValues, DatasetError> {
    find(path, ["identity"].into_iter(), column)?;
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (row, line) in files::lines(text).enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            [] => {}
            [name, value] => {
                names.push(name.to_owned());
                values.push(value.to_owned());
            }
            _ => {
                return Err(DatasetError::format(
                    path,
                    format!("line {}", row + 1),
                    "is neither a CSV row nor `PICTURE IDENTITY`",
                ));
            }
        }
    }
    Ok((names, values))
}

/// The position of `column`; capitals do not matter.
fn find<'a>(
    path: &Path,
    columns: impl Iterator<Item = &'a str> + Clone,
    column: &str,
) -> Result<usize, DatasetError> {
    let mut found = columns
        .clone()
        .enumerate()
        .filter(|(_, name)| name.trim().eq_ignore_ascii_case(column));
    let reason = match (found.next(), found.next()) {
        (Some((at, _)), None) => return Ok(at),
        (Some(_), Some(_)) => {
            format!("several columns are called `{column}`\nhint: rename all but one")
        }
        (None, _) => {
            let known: Vec<&str> = columns.collect();
            format!("no column `{column}`\nhint: there are {}", known.join(", "))
        }
    };
    Err(DatasetError::format(path, "the header", reason))
}

/// Numbers values in ascending order: as integers where all are, else as text.
fn number(values: &[&String]) -> (Vec<u32>, usize) {
    let integers: Option<Vec<i64>> = values.iter().map(|value| value.parse().ok()).collect();
    fn ranks<T: Ord>(values: &[T]) -> (Vec<u32>, usize) {
        let mut classes: Vec<&T> = values.iter().collect();
        classes.sort_unstable();
        classes.dedup();
        let rank = |value: &T| classes.partition_point(|class| *class < value) as u32;
        (values.iter().map(rank).collect(), classes.len())
    }
    match integers {
        Some(integers) => ranks(&integers),
        None => ranks(values),
    }
}
