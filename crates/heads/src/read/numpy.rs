//! scikit-learn's linear models: `coef_` and `intercept_`, each an array of its own.

use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use ndarray_npy::{ReadNpyError, read_npy};

use crate::error::HeadError;
use crate::tensor::{Contents, Tensor};

/// How the file of the weights is told, and what stands there in the name of the biases' file.
const NAMES: [(&str, &str); 2] = [("coef", "intercept"), ("weight", "bias")];

/// Reads `…coef….npy` and the file beside it that is named `…intercept….npy`.
pub(super) fn read(path: &Path) -> Result<Contents, HeadError> {
    let beside = beside(path)?;
    let (weight, bias) = (array(path)?, array(&beside)?);
    let mut contents = Contents::default();
    for (name, array) in [("weight", weight), ("bias", bias)] {
        let tensor = Tensor {
            shape: array.shape().to_vec(),
            // Row-major, whichever way the file stores it.
            values: Ok(array.iter().copied().collect()),
        };
        contents.tensors.insert(name.into(), tensor);
    }
    Ok(contents)
}

fn beside(path: &Path) -> Result<PathBuf, HeadError> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let hint = "hint: save `model.coef_` as coef.npy and `model.intercept_` as intercept.npy";
    let Some((weights, biases)) = NAMES
        .into_iter()
        .find(|(weights, _)| name.contains(weights))
    else {
        let reason = format!("its name does not say that it holds weights\n{hint}");
        return Err(HeadError::format(path, reason));
    };
    let beside = path.with_file_name(name.replacen(weights, biases, 1));
    if beside.is_file() {
        return Ok(beside);
    }
    Err(HeadError::format(
        path,
        format!(
            "there is no {} beside it\n{hint}, zeros where there is none",
            beside.display()
        ),
    ))
}

/// An array of doubles or singles.
fn array(path: &Path) -> Result<ArrayD<f64>, HeadError> {
    match read_npy::<_, ArrayD<f64>>(path) {
        Err(ReadNpyError::WrongDescriptor(_)) => {
            let single = read_npy::<_, ArrayD<f32>>(path).map_err(|error| bad(path, error))?;
            Ok(single.mapv(f64::from))
        }
        other => other.map_err(|error| bad(path, error)),
    }
}

fn bad(path: &Path, error: ReadNpyError) -> HeadError {
    match error {
        ReadNpyError::Io(source) => HeadError::io(path, source),
        ReadNpyError::WrongDescriptor(found) => HeadError::format(
            path,
            format!("numbers of type {found}\nhint: save it as float64 or float32"),
        ),
        error => HeadError::format(path, format!("{error}\nhint: save the array again")),
    }
}
