//! PyTorch's own files: a state dict as `torch.save` writes it, in any of its containers.

use std::path::Path;

use pytorch_reader::{DType, PickleValue, PytorchError, PytorchReader};

use crate::error::HeadError;
use crate::tensor::{Contents, Float, Tensor};

pub(super) fn read(path: &Path) -> Result<Contents, HeadError> {
    let bad = |error: PytorchError| match error {
        PytorchError::Io(source) if source.kind() != std::io::ErrorKind::InvalidData => {
            HeadError::format(path, format!("it is cut or damaged: {source}"))
        }
        error => HeadError::format(
            path,
            format!("{error}\nhint: write it with `torch.save(head.state_dict(), path)`"),
        ),
    };
    let file = PytorchReader::new(path).map_err(bad)?;
    let mut others = Vec::new();
    // A whole module is no dictionary: there the reader takes its parameters and buffers.
    if let PickleValue::Dict(entries) = PytorchReader::read_pickle_data(path, None).map_err(bad)? {
        no_tensors("", &PickleValue::Dict(entries), &mut others);
        others.sort_unstable();
    }
    let mut contents = Contents {
        others,
        ..Contents::default()
    };
    for (name, tensor) in file.into_tensors() {
        let shape = tensor.shape().to_vec();
        let float = match tensor.dtype() {
            DType::F64 => Some(Float::F64),
            DType::F32 => Some(Float::F32),
            DType::F16 => Some(Float::F16),
            DType::BF16 => Some(Float::Bf16),
            _ => None,
        };
        let tensor = match float {
            Some(float) => {
                let bytes = tensor
                    .read()
                    .map_err(|source| HeadError::io(path, source))?;
                Tensor::from_le_bytes(shape, float, &little_endian(bytes, tensor.dtype().size()))
            }
            None => Tensor::other(shape, format!("{:?}", tensor.dtype())),
        };
        contents.tensors.insert(name, tensor);
    }
    Ok(contents)
}

/// The names of what a dictionary holds besides tensors.
fn no_tensors(name: &str, value: &PickleValue, out: &mut Vec<String>) {
    match value {
        PickleValue::Unsupported(kind) if kind == "torch.Tensor" => {}
        PickleValue::Dict(entries) => {
            for (key, value) in entries {
                let name = match name {
                    "" => key.clone(),
                    _ => format!("{name}.{key}"),
                };
                no_tensors(&name, value, out);
            }
        }
        _ => out.push(name.to_owned()),
    }
}

/// The reader gives numbers in the machine's order.
fn little_endian(mut bytes: Vec<u8>, size: usize) -> Vec<u8> {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    bytes
}
