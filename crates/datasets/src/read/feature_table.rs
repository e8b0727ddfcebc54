//! A table of features with their labels, and its columns that are no features.

use std::path::Path;

use super::files;
use crate::{DatasetError, Reading};

/// Largest file of features that is read.
pub(super) const MOST_BYTES: u64 = 16 << 30;
/// Rows from which on a column that counts them, or repeats the labels, is no accident.
const TELLING_ROWS: usize = 8;

/// Width, values row by row, labels.
pub(super) type Rows = (usize, Vec<f32>, Vec<u32>);

/// Reads a CSV: a header, a column `label`, every other column a feature.
///
/// # Errors
/// A field that is no number, a fractional label, a column without a name or with another one's, a
/// column that counts the rows or repeats the labels.
pub(super) fn read_table(path: &Path, reading: &mut Reading) -> Result<Rows, DatasetError> {
    let text = files::read_text(path, MOST_BYTES, reading)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken =
        |row: usize, reason: String| DatasetError::format(path, format!("row {row}"), reason);
    let header = reader
        .headers()
        .map_err(|error| broken(0, error.to_string()))?
        .clone();
    let label_at = header
        .iter()
        .position(is_label)
        .ok_or_else(|| broken(0, "the header has no column `label`".into()))?;
    check_names(path, &header)?;
    let width = header.len() - 1;
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| broken(row + 1, error.to_string()))?;
        for (at, field) in record.iter().enumerate() {
            let field = field.trim();
            let unfit = |what: &str| {
                let name = &header[at];
                broken(row + 1, format!("column `{name}`: `{field}` is {what}"))
            };
            let number: f64 = field.parse().map_err(|_| match field {
                "" => broken(row + 1, format!("column `{}` is empty", &header[at])),
                _ => unfit("no number"),
            })?;
            if at == label_at {
                let whole = number.fract() == 0.0 && (0.0..f64::from(u32::MAX)).contains(&number);
                if !whole {
                    return Err(unfit("no whole number from 0 on"));
                }
                labels.push(number as u32);
            } else {
                // Read anew: rounding twice may differ by a unit in the last place.
                let value: f32 = field.parse().map_err(|_| unfit("no number"))?;
                if !value.is_finite() {
                    return Err(unfit("not a finite number"));
                }
                values.push(value);
            }
        }
    }
    let names: Vec<&str> = header
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != label_at)
        .map(|(_, name)| name)
        .collect();
    check_columns(path, &names, &values, &labels)?;
    Ok((width, values, labels))
}

fn is_label(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("label")
}

/// # Errors
/// If a column has no name, or one that another has.
fn check_names(path: &Path, header: &csv::StringRecord) -> Result<(), DatasetError> {
    let fail = |reason: String| Err(DatasetError::format(path, "the header", reason));
    let mut known = std::collections::HashMap::new();
    for (at, name) in header.iter().enumerate() {
        let plain = name.trim().to_lowercase();
        if plain.is_empty() || plain.starts_with("unnamed:") {
            return fail(format!(
                "column {} of {} (`{name}`) has no name: an index that pandas wrote is no \
                 feature\nhint: `to_csv(…, index=False)`, or name the column",
                at + 1,
                header.len()
            ));
        }
        if let Some(first) = known.insert(plain, at) {
            return fail(format!(
                "columns {} and {} are both called `{name}`\nhint: remove or rename one",
                first + 1,
                at + 1
            ));
        }
    }
    Ok(())
}

/// # Errors
/// If a column counts the rows, from 0 or from 1, or is equal to the labels.
fn check_columns(
    path: &Path,
    names: &[&str],
    values: &[f32],
    labels: &[u32],
) -> Result<(), DatasetError> {
    let width = names.len();
    if labels.len() < TELLING_ROWS {
        return Ok(());
    }
    for (at, name) in names.iter().enumerate() {
        let column = || values.iter().skip(at).step_by(width);
        let counts = |from: usize| {
            let mut rows = column().zip(from..);
            rows.all(|(value, row)| *value == row as f32)
        };
        let what = if counts(0) || counts(1) {
            "counts the rows: an index is no feature"
        } else if column()
            .zip(labels)
            .all(|(value, label)| *value == *label as f32)
            && labels.iter().any(|label| *label != labels[0])
        {
            "repeats the labels: the answer is no feature"
        } else {
            continue;
        };
        return Err(DatasetError::format(
            path,
            format!("column `{name}`"),
            format!("{what}\nhint: remove the column"),
        ));
    }
    Ok(())
}
