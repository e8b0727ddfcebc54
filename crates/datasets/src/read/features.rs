//! Features extracted elsewhere: `.safetensors`, `.npy`, `.csv`.

use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

use super::numbers::Kind;
use super::{files, npy};
use crate::{DatasetError, FeatureSet};

/// Largest file that is read.
const MOST_BYTES: u64 = 16 << 30;
/// Labels from this one on are taken for a slip.
const MOST_CLASSES: u32 = 1 << 20;

/// Reads labelled feature vectors.
///
/// - `.safetensors`: tensors `features` (n x d; f16, bf16, f32 or f64) and `labels` (n integers);
/// - `.npy`: features (n x d), labels in `labels`, or else in the file beside it whose name ends
///   in `-labels.npy` instead of `.npy`;
/// - `.csv` (also `.csv.gz`): a header, a column `label`, every other column a feature.
///
/// The number of classes is the largest label plus one.
///
/// # Errors
/// Another extension, a file that is cut off, tensors of the wrong name, type or shape, different
/// numbers of features and labels, a value that is not finite.
pub fn read_features(path: &Path, labels: Option<&Path>) -> Result<FeatureSet, DatasetError> {
    let name = path.to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let (width, values, labels) = if name.ends_with(".safetensors") {
        read_safetensors(path)?
    } else if name.ends_with(".npy") {
        let beside = PathBuf::from(format!("{}-labels.npy", name.trim_end_matches(".npy")));
        read_npy(path, labels.unwrap_or(&beside))?
    } else if name.ends_with(".csv") {
        read_csv(path)?
    } else {
        return Err(DatasetError::format(
            path,
            "the file's name",
            "features are read from .safetensors, .npy and .csv",
        ));
    };
    if width > 0 && values.len() / width != labels.len() {
        return Err(DatasetError::format(
            path,
            "the labels",
            format!("{} labels for {} rows", labels.len(), values.len() / width),
        ));
    }
    let most = labels.iter().copied().max().unwrap_or(0);
    if most >= MOST_CLASSES {
        return Err(DatasetError::format(
            path,
            "the labels",
            format!("{most} is not a plausible class number\nhint: number the classes from 0"),
        ));
    }
    FeatureSet::new(width, values, labels, most as usize + 1).map_err(|error| match error {
        DatasetError::NotFinite { row, column } => DatasetError::format(
            path,
            format!("row {row}, column {column}"),
            "not a finite number",
        ),
        other => DatasetError::format(path, "the features", other.to_string()),
    })
}

/// Reads feature vectors without labels: an `.npy` of n x d floats, as (d, values row-major).
///
/// # Errors
/// Another type or shape, a file that is cut off, a value that is not finite.
pub fn read_matrix(path: &Path) -> Result<(usize, Vec<f32>), DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES)?;
    let array = npy::parse(path, &bytes)?;
    let broken = |reason: String| DatasetError::format(path, "the array", reason);
    let [_, width] = *array.shape else {
        return Err(broken(format!("shape {:?} instead of n x d", array.shape)));
    };
    let values = array.kind.floats(array.data).ok_or_else(|| {
        broken(format!(
            "numbers of type {:?}\nhint: save floats",
            array.kind
        ))
    })?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(broken(format!(
            "row {}, column {} is not a finite number",
            at / width.max(1),
            at % width.max(1)
        ))),
        None => Ok((width, values)),
    }
}

type Rows = (usize, Vec<f32>, Vec<u32>);

fn read_safetensors(path: &Path) -> Result<Rows, DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES)?;
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
            DatasetError::format(path, format!("tensor `{name}`"), format!("type {dtype:?}"))
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

fn read_npy(path: &Path, labels: &Path) -> Result<Rows, DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES)?;
    let features = npy::parse(path, &bytes)?;
    let label_bytes = files::read_whole(labels, MOST_BYTES)?;
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
        let reason = format!("shape {shape:?} instead of n x d");
        return Err(DatasetError::format(path, place, reason));
    };
    let values = kind.floats(data).ok_or_else(|| {
        let reason = format!("numbers of type {kind:?}\nhint: save features as floats");
        DatasetError::format(path, place, reason)
    })?;
    if label_shape != [count] {
        let reason = format!("shape {label_shape:?} instead of [{count}], one label a row");
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

fn read_csv(path: &Path) -> Result<Rows, DatasetError> {
    let text = files::read_text(path, MOST_BYTES)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken =
        |row: usize, reason: String| DatasetError::format(path, format!("row {row}"), reason);
    let header = reader
        .headers()
        .map_err(|error| broken(0, error.to_string()))?;
    let label_at = header
        .iter()
        .position(|name| name.trim().eq_ignore_ascii_case("label"))
        .ok_or_else(|| broken(0, "the header has no column `label`".into()))?;
    let width = header.len() - 1;
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| broken(row + 1, error.to_string()))?;
        for (at, field) in record.iter().enumerate() {
            let field = field.trim();
            let unfit = || {
                broken(
                    row + 1,
                    format!("column {}: `{field}` is no number", at + 1),
                )
            };
            if at == label_at {
                labels.push(field.parse().map_err(|_| unfit())?);
            } else {
                values.push(field.parse().map_err(|_| unfit())?);
            }
        }
    }
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
