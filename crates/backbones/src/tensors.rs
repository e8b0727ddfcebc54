//! Named tensors: the common form of weights between files and networks, in PyTorch's layout
//! (convolution `[out, in, h, w]`, linear `[out, in]`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::BackboneError;

/// Version of the files that [`NamedTensors::save`] writes.
const FORMAT: &str = "rhea-tensors-1";

/// Weights by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedTensors {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl NamedTensors {
    /// Adds `values` of `shape` under `name`, replacing what was there.
    pub fn insert(&mut self, name: impl Into<String>, shape: &[usize], values: Vec<f32>) {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        self.tensors.insert(name.into(), (shape.to_vec(), values));
    }

    /// Takes out the tensor `name`, which must have `shape`; `architecture` names the taker in
    /// errors.
    pub fn take(
        &mut self,
        architecture: &'static str,
        name: &str,
        shape: &[usize],
    ) -> Result<Vec<f32>, BackboneError> {
        let refuse = |reason| BackboneError::Weights {
            architecture,
            reason,
        };
        let (found, values) = self
            .tensors
            .remove(name)
            .ok_or_else(|| refuse(format!("there is no tensor `{name}`")))?;
        if found != shape {
            return Err(refuse(format!("`{name}` is {found:?}, expected {shape:?}")));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(refuse(format!("`{name}` holds a value that is not finite")));
        }
        Ok(values)
    }

    /// The shape of the tensor `name`, if there is one.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|(shape, _)| shape.as_slice())
    }

    /// The tensors' names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The values of a tensor in row-major order.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.tensors.get(name).map(|(_, values)| values.as_slice())
    }

    /// Errors if a tensor is left: a sign that the file is of another network.
    pub fn finish(self, architecture: &'static str) -> Result<(), BackboneError> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(BackboneError::Weights {
                architecture,
                reason: format!("`{name}` belongs to no layer of it"),
            }),
        }
    }

    /// Renames every tensor with `rename`; a tensor for which it returns `None` is dropped.
    pub fn renamed(self, rename: impl Fn(&str) -> Option<String>) -> Self {
        let tensors = self.tensors.into_iter();
        Self {
            tensors: tensors
                .filter_map(|(name, tensor)| Some((rename(&name)?, tensor)))
                .collect(),
        }
    }

    /// A checksum of names, shapes and values (blake3, hexadecimal).
    pub fn checksum(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, (shape, values)) in &self.tensors {
            hasher.update(format!("{name}{shape:?}").as_bytes());
            hasher.update(bytemuck::cast_slice(values));
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Reads any safetensors file of `F32` or `F16` tensors, with its metadata. A file that
    /// [`NamedTensors::save`] wrote is checked against its checksum.
    pub fn load(path: &Path) -> Result<(Self, HashMap<String, String>), BackboneError> {
        let bytes = std::fs::read(path).map_err(|source| BackboneError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let refuse = |reason: String| BackboneError::Format {
            path: path.to_owned(),
            reason,
        };
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|error| refuse(error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| refuse(error.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let mut tensors = Self::default();
        for (name, view) in file.tensors() {
            let values = match view.dtype() {
                Dtype::F32 => bytemuck::pod_collect_to_vec(view.data()),
                Dtype::F16 => view
                    .data()
                    .chunks_exact(2)
                    .map(|pair| half::f16::from_le_bytes([pair[0], pair[1]]).to_f32())
                    .collect(),
                // PyTorch's batch counters; nothing is computed from them.
                Dtype::I64 => continue,
                other => {
                    return Err(refuse(format!(
                        "`{name}` is {other:?}, expected F32 or F16"
                    )));
                }
            };
            tensors.insert(name, view.shape(), values);
        }
        if let Some(format) = metadata.get("format").filter(|it| it.starts_with("rhea")) {
            if format != FORMAT {
                return Err(refuse(format!(
                    "its format is `{format}`, expected `{FORMAT}`"
                )));
            }
            if metadata.get("checksum") != Some(&tensors.checksum()) {
                return Err(refuse("its checksum does not fit its contents".into()));
            }
        }
        Ok((tensors, metadata))
    }

    /// Writes a safetensors file with `metadata`, the format's version and a checksum. The file
    /// appears whole or not at all.
    pub fn save(
        &self,
        path: &Path,
        mut metadata: HashMap<String, String>,
    ) -> Result<(), BackboneError> {
        metadata.insert("format".into(), FORMAT.into());
        metadata.insert("checksum".into(), self.checksum());
        let views = self.tensors.iter().map(|(name, (shape, values))| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(values));
            (name, view.expect("shape and values were checked together"))
        });
        let bytes = serialize(views, Some(metadata)).map_err(|error| BackboneError::Format {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        files::write_whole(path, &bytes).map_err(|source| BackboneError::File {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }
}
