//! What comes in as arrays: rows of features, and heads as state dicts.

use std::path::PathBuf;

use harness::heads::given::Source;
use numpy::{AllowTypeChange, PyArrayLike2, PyArrayLikeDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};

use crate::error::refused;

/// Rows of features: anything that NumPy makes `rows × width` numbers of.
pub type Rows<'py> = PyArrayLike2<'py, f32, AllowTypeChange>;

/// Features by rows, which must be as wide as a head's input; `what` names the argument.
pub fn rows(what: &str, rows: &Rows<'_>, width: usize) -> PyResult<Vec<f32>> {
    let found = rows.shape()[1];
    if found != width {
        return Err(refused(format!(
            "{what} has {found} columns, the head takes {width} features\nhint: extract the features \
             with the backbone that the head was trained on"
        )));
    }
    Ok(rows.as_array().iter().copied().collect())
}

/// A head: the path of its file, or its tensors by name, as `state_dict()` gives them.
pub fn source(head: &Bound<'_, PyAny>) -> PyResult<Source> {
    let Ok(tensors) = head.cast::<PyMapping>() else {
        return Ok(Source::File(head.extract::<PathBuf>()?));
    };
    let mut all = Vec::new();
    for entry in tensors.items()?.iter() {
        let (name, values) = entry.extract::<(String, Bound<'_, PyAny>)>()?;
        let values: PyArrayLikeDyn<'_, f64, AllowTypeChange> =
            values.extract().map_err(|error| {
                refused(format!(
                    "head: `{name}` is no array of numbers: {error}\nhint: give NumPy arrays, such as \
                     {{name: tensor.numpy() for name, tensor in head.state_dict().items()}}"
                ))
            })?;
        let values = values.as_array();
        all.push((
            name,
            values.shape().to_vec(),
            values.iter().copied().collect(),
        ));
    }
    Ok(Source::Tensors(all))
}

/// A config: the path of its file, or the config itself as a mapping.
pub enum Config {
    /// In a file.
    File(PathBuf),
    /// As JSON, which is YAML.
    Text(String),
}

impl Config {
    /// From a path or a mapping.
    pub fn new(config: &Bound<'_, PyAny>) -> PyResult<Self> {
        if config.cast::<PyMapping>().is_err() {
            return Ok(Self::File(config.extract()?));
        }
        let options = PyDict::new(config.py());
        options.set_item("allow_nan", false)?;
        let json = config.py().import("json")?;
        let text = json.call_method("dumps", (config,), Some(&options))?;
        Ok(Self::Text(text.extract()?))
    }
}
