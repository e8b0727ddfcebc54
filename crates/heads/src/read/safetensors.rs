//! Safetensors files.

use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors};

use crate::error::HeadError;
use crate::tensor::{Contents, Float, Tensor};

pub(super) fn read(path: &Path) -> Result<Contents, HeadError> {
    let bytes = std::fs::read(path).map_err(|source| HeadError::io(path, source))?;
    let bad = |error: safetensors::SafeTensorError| {
        HeadError::format(
            path,
            format!(
                "no whole safetensors file ({error})\nhint: write it with \
                 `safetensors.torch.save_file(head.state_dict(), path)`; PyTorch's own files end \
                 in .pt or .pth"
            ),
        )
    };
    let file = SafeTensors::deserialize(&bytes).map_err(bad)?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(bad)?;
    let tensors = file.iter().map(|(name, view)| {
        let shape = view.shape().to_vec();
        let float = match view.dtype() {
            Dtype::F64 => Some(Float::F64),
            Dtype::F32 => Some(Float::F32),
            Dtype::F16 => Some(Float::F16),
            Dtype::BF16 => Some(Float::Bf16),
            _ => None,
        };
        let tensor = match float {
            Some(float) => Tensor::from_le_bytes(shape, float, view.data()),
            None => Tensor::other(shape, format!("{:?}", view.dtype())),
        };
        (name.to_owned(), tensor)
    });
    Ok(Contents {
        tensors: tensors.collect(),
        others: Vec::new(),
        metadata: header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect(),
    })
}
