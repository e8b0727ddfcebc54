//! Reading PyTorch checkpoints (`.pt`, `.pth`, `.th`) without Python.

use std::path::Path;

use burn_store::pytorch_reader::{DType, PytorchReader};

use crate::{BackboneError, NamedTensors};

impl NamedTensors {
    /// Reads a PyTorch checkpoint of `f32` tensors: a state dict, or one under the key
    /// `state_dict`. The prefix `module.`, which data-parallel training leaves, is removed, and so
    /// are integer tensors (batch counters).
    pub fn load_pytorch(path: &Path) -> Result<Self, BackboneError> {
        let refuse = |reason: String| BackboneError::Format {
            path: path.to_owned(),
            reason,
        };
        if let Err(source) = std::fs::File::open(path) {
            return Err(BackboneError::File {
                action: "read",
                path: path.to_owned(),
                source,
            });
        }
        let reader = PytorchReader::with_top_level_key(path, "state_dict")
            .or_else(|_| PytorchReader::new(path))
            .map_err(|error| refuse(error.to_string()))?;
        let mut tensors = Self::default();
        for (name, tensor) in reader.into_tensors() {
            let name = name.strip_prefix("module.").unwrap_or(&name).to_owned();
            match tensor.dtype() {
                DType::F32 => {
                    let bytes = tensor.read().map_err(|error| refuse(error.to_string()))?;
                    let values = bytemuck::pod_collect_to_vec(&bytes);
                    tensors.insert(name, tensor.shape(), values);
                }
                DType::I64 => {}
                other => return Err(refuse(format!("`{name}` is {other:?}, expected F32"))),
            }
        }
        Ok(tensors)
    }
}
