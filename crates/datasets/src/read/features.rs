//! Features extracted elsewhere: `.safetensors`, `.npy`, `.csv`.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::feature_table::{MOST_BYTES, Rows, read_table};
use super::numbers::Kind;
use super::{files, npy};
use crate::error::place_of;
use crate::{DatasetError, FeatureSet, Reading};

/// Labels from this one on are taken for a slip.
const MOST_CLASSES: u32 = 1 << 20;
/// Missing labels that an error lists.
const LISTED: usize = 8;

/// Reads labelled feature vectors.
///
/// - `.safetensors`: tensors `features` (n x d; f16, bf16, f32 or f64) and `labels` (n integers);
/// - `.npy`: features (n x d), labels in `labels`, or else in the file beside it whose name ends
///   in `-labels.npy` instead of `.npy`;
/// - `.csv` (also `.csv.gz`): a header, a column `label`, every other column a feature.
///
/// The number of classes is the largest label plus one, and every class has an example.
///
/// # Errors
/// Another extension, a file that is cut off, tensors of the wrong name, type or shape, different
/// numbers of features and labels, a value that is not finite, labels that skip a class, features
/// that are all constant, a column of a table that is no feature.
pub fn read_features(
    path: &Path,
    labels: Option<&Path>,
    reading: &mut Reading,
) -> Result<FeatureSet, DatasetError> {
    let label_file = label_file(path, labels);
    let label_file = label_file.as_deref();
    let (width, values, labels) = match (Format::of(path), label_file) {
        (Some(Format::Safetensors), _) => read_safetensors(path, reading)?,
        (Some(Format::Npy), Some(labels)) => read_npy(path, labels, reading)?,
        (Some(Format::Csv), _) => read_table(path, reading)?,
        _ => {
            return Err(DatasetError::format(
                path,
                "the file's name",
                "features are read from .safetensors, .npy and .csv",
            ));
        }
    };
    if width > 0 && values.len() / width != labels.len() {
        return Err(DatasetError::format(
            path,
            "the labels",
            format!("{} labels for {} rows", labels.len(), values.len() / width),
        ));
    }
    let labels_in = label_file.unwrap_or(path);
    let broken = |reason: String| DatasetError::format(labels_in, "the labels", reason);
    let classes = count_classes(&labels).map_err(broken)?;
    let set = FeatureSet::new(width, values, labels, classes).map_err(|error| match error {
        DatasetError::NotFinite { row, column } => {
            DatasetError::format(path, cell(row, column), "not a finite number")
        }
        other => DatasetError::format(path, "the features", other.to_string()),
    })?;
    check_gaps(set.labels(), classes).map_err(broken)?;
    if set.len() > 1 && set.values().chunks(width).all(|row| row == set.row(0)) {
        let reason = format!(
            "each of the {width} columns is constant over all {} rows: there is nothing to learn \
             from",
            set.len()
        );
        return Err(DatasetError::format(path, "the features", reason));
    }
    Ok(set)
}

/// The file of the labels of an `.npy`; none for formats that hold their own.
pub(crate) fn label_file(path: &Path, told: Option<&Path>) -> Option<PathBuf> {
    (Format::of(path) == Some(Format::Npy)).then(|| match told {
        Some(told) => told.to_path_buf(),
        None => {
            let name = path.to_string_lossy();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            PathBuf::from(format!("{}-labels.npy", name.trim_end_matches(".npy")))
        }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Safetensors,
    Npy,
    Csv,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let name = path.to_string_lossy();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending {
            "safetensors" => Self::Safetensors,
            "npy" => Self::Npy,
            "csv" => Self::Csv,
            _ => return None,
        })
    }
}

/// A place in a table or an array, both from 0.
pub(super) fn cell(row: usize, column: usize) -> String {
    format!("row {row}, column {column} (both from 0)")
}

/// The largest label plus one.
fn count_classes(labels: &[u32]) -> Result<usize, String> {
    match labels.iter().copied().max() {
        None => Err("there are none".into()),
        Some(most) if most >= MOST_CLASSES => Err(format!(
            "{most} is not a plausible class number\nhint: number the classes from 0"
        )),
        Some(most) => Ok(most as usize + 1),
    }
}

/// Says which classes have no example.
fn check_gaps(labels: &[u32], classes: usize) -> Result<(), String> {
    let mut occurs = vec![false; classes];
    for &label in labels {
        occurs[label as usize] = true;
    }
    let missing = occurs.iter().enumerate().filter(|(_, occurs)| !**occurs);
    let missing: Vec<String> = missing.map(|(label, _)| label.to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let more = match missing.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let least = labels.iter().copied().min().unwrap_or(0);
    Err(format!(
        "they run from {least} to {}, but no row has label {}{more}\nhint: number the classes from \
         0 and leave none out",
        classes - 1,
        missing[..missing.len().min(LISTED)].join(", ")
    ))
}

/// Reads feature vectors without labels: an `.npy` of n x d floats, as (d, values row-major).
///
/// # Errors
/// Another type or shape, a file that is cut off, a value that is not finite.
pub fn read_matrix(path: &Path) -> Result<(usize, Vec<f32>), DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES, &mut Reading::default())?;
    let array = npy::parse(path, &bytes)?;
    let broken = |reason: String| DatasetError::format(path, "the array", reason);
    let [_, width] = *array.shape else {
        let found = npy::sides(&array.shape);
        return Err(broken(format!("shape {found} instead of n x d")));
    };
    let values = array.kind.floats(array.data).ok_or_else(|| {
        broken(format!(
            "numbers of type {}\nhint: save floats",
            array.kind.name()
        ))
    })?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(DatasetError::format(
            path,
            cell(at / width.max(1), at % width.max(1)),
            "not a finite number",
        )),
        None => Ok((width, values)),
    }
}

fn read_safetensors(path: &Path, reading: &mut Reading) -> Result<Rows, DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES, reading)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| {
        DatasetError::format(
            path,
            "the header",
            format!("not a whole safetensors file ({error})\nhint: save it again"),
        )
    })?;
    let tensor = |name: &str| {
        tensors.tensor(name).map_err(|_| {
            DatasetError::format(
                path,
                "the header",
                format!(
                    "no tensor `{name}`\nhint: there are {}; save `features` (n x d) and `labels` \
                     (n)",
                    tensors.names().join(", ")
                ),
            )
        })
    };
    let (features, labels) = (tensor("features")?, tensor("labels")?);
    let kind = |name: &str, dtype: Dtype| {
        kind_of(dtype).ok_or_else(|| {
            let reason = format!("numbers of type {dtype} are not read");
            DatasetError::format(path, format!("tensor `{name}`"), reason)
        })
    };
    rows(
        (path, "tensor `features`"),
        (
            kind("features", features.dtype())?,
            features.shape(),
            features.data(),
        ),
        (path, "tensor `labels`"),
        (
            kind("labels", labels.dtype())?,
            labels.shape(),
            labels.data(),
        ),
    )
}

fn read_npy(path: &Path, labels: &Path, reading: &mut Reading) -> Result<Rows, DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES, reading)?;
    let features = npy::parse(path, &bytes)?;
    let label_bytes = files::read_whole(labels, MOST_BYTES, reading)?;
    let label_array = npy::parse(labels, &label_bytes)?;
    rows(
        (path, "the array"),
        (features.kind, &features.shape, features.data),
        (labels, "the array"),
        (label_array.kind, &label_array.shape, label_array.data),
    )
}

/// Checks and converts two arrays (type, shape, bytes), each at its place.
fn rows(
    (path, place): (&Path, &str),
    (kind, shape, data): (Kind, &[usize], &[u8]),
    (label_path, label_place): (&Path, &str),
    (label_kind, label_shape, label_data): (Kind, &[usize], &[u8]),
) -> Result<Rows, DatasetError> {
    let [count, width] = *shape else {
        let reason = format!("shape {} instead of n x d", npy::sides(shape));
        return Err(DatasetError::format(path, place, reason));
    };
    let values = kind.floats(data).ok_or_else(|| {
        let reason = format!(
            "numbers of type {}\nhint: save features as floats",
            kind.name()
        );
        DatasetError::format(path, place, reason)
    })?;
    if label_shape != [count] {
        let reason = format!(
            "shape {} instead of {count}, one label a row of {}",
            npy::sides(label_shape),
            place_of(path)
        );
        return Err(DatasetError::format(label_path, label_place, reason));
    }
    let labels = label_kind.labels(label_data).map_err(|at| {
        DatasetError::format(
            label_path,
            format!("{label_place}, entry {at}"),
            "not a whole number from 0 on",
        )
    })?;
    Ok((width, values, labels))
}

fn kind_of(dtype: Dtype) -> Option<Kind> {
    Some(match dtype {
        Dtype::F16 => Kind::F16,
        Dtype::BF16 => Kind::Bf16,
        Dtype::F32 => Kind::F32,
        Dtype::F64 => Kind::F64,
        Dtype::U8 | Dtype::BOOL => Kind::U8,
        Dtype::I8 => Kind::I8,
        Dtype::U16 => Kind::U16,
        Dtype::I16 => Kind::I16,
        Dtype::U32 => Kind::U32,
        Dtype::I32 => Kind::I32,
        Dtype::U64 => Kind::U64,
        Dtype::I64 => Kind::I64,
        _ => return None,
    })
}
