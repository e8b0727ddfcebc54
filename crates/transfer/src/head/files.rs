//! Heads as safetensors files with PyTorch's tensor names.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::Head;
use crate::{Activation, HeadKind, HeadShape, TransferError};

/// The metadata key under which the activation is kept; `relu` where a file has none.
const ACTIVATION: &str = "activation";
/// The metadata key of this format's version.
const FORMAT: &str = "format";
const VERSION: &str = "rhea-head-1";

impl Head {
    /// Writes the head as safetensors: `weight` and `bias` as of a PyTorch `Linear`, or `0.weight`,
    /// `0.bias`, `2.weight`, `2.bias` as of `Sequential(Linear, activation, Linear)`.
    ///
    /// The file is written beside `path` and renamed, so a reader never sees a part of it.
    pub fn save(&self, path: &Path) -> Result<(), TransferError> {
        let (first, second) = self.weights.split_at(self.shape.first_len());
        let mut tensors = Vec::new();
        let mut metadata = HashMap::from([(FORMAT.to_owned(), VERSION.to_owned())]);
        match self.shape.kind {
            HeadKind::Linear => tensors.extend(split_layer("", first, self.shape.features)),
            HeadKind::Mlp { hidden, activation } => {
                tensors.extend(split_layer("0.", first, self.shape.features));
                tensors.extend(split_layer("2.", second, hidden));
                let name = match activation {
                    Activation::Relu => "relu",
                    Activation::Square => "square",
                };
                metadata.insert(ACTIVATION.to_owned(), name.to_owned());
            }
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            TensorView::new(Dtype::F32, shape.clone(), bytes).map(|view| (name.clone(), view))
        });
        let bytes = views
            .collect::<Result<Vec<_>, _>>()
            .and_then(|views| safetensors::serialize(views, Some(metadata)))
            .map_err(|error| not_a_head(path, error))?;
        let partial = path.with_extension("partial");
        std::fs::write(&partial, bytes)
            .and_then(|()| std::fs::rename(&partial, path))
            .map_err(|source| TransferError::File {
                action: "write",
                path: path.to_owned(),
                source,
            })
    }

    /// Reads a head that [`Head::save`] or PyTorch wrote: one or two pairs of a `weight` and a
    /// `bias`, with any prefix (`weight`, `fc.weight`, `0.weight` and `2.weight`), f32 or f64.
    ///
    /// The activation between two layers is the file's metadata `activation`, ReLU without it.
    pub fn load(path: &Path) -> Result<Self, TransferError> {
        let bytes = std::fs::read(path).map_err(|source| TransferError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| not_a_head(path, error))?;
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|error| not_a_head(path, error))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        if let Some(version) = metadata.get(FORMAT)
            && version.starts_with("rhea-head-")
            && version != VERSION
        {
            return Err(not_a_head(
                path,
                format!("its format is {version}, this version reads {VERSION}"),
            ));
        }
        let mut names: Vec<&str> = file
            .names()
            .into_iter()
            .filter(|name| *name == "weight" || name.ends_with(".weight"))
            .collect();
        // `2.weight` before `10.weight`.
        names.sort_by_key(|name| (name.len(), *name));
        let layers = names
            .iter()
            .map(|name| read_layer(path, &file, name))
            .collect::<Result<Vec<_>, _>>()?;
        let (shape, weights) = match &layers[..] {
            [only] => (
                HeadShape::linear(only.inputs, only.rows),
                only.weights.clone(),
            ),
            [_, second] if second.rows == 2 => {
                return Err(not_a_head(
                    path,
                    "a head of two layers tells two classes apart by one logit, this one has two",
                ));
            }
            [first, second] if second.inputs == first.rows => {
                let activation = match metadata.get(ACTIVATION).map(String::as_str) {
                    None | Some("relu") => Activation::Relu,
                    Some("square") => Activation::Square,
                    Some(other) => {
                        return Err(not_a_head(
                            path,
                            format!("activation {other} is unknown, expected relu or square"),
                        ));
                    }
                };
                let classes = second.rows.max(2);
                let shape = HeadShape::mlp(first.inputs, first.rows, activation, classes);
                (shape, [&first.weights[..], &second.weights].concat())
            }
            [first, second] => {
                return Err(not_a_head(
                    path,
                    format!(
                        "the first layer has {} outputs, the second {} inputs",
                        first.rows, second.inputs
                    ),
                ));
            }
            _ => {
                return Err(not_a_head(
                    path,
                    format!("expected one or two layers, found {}", layers.len()),
                ));
            }
        };
        Self::new(shape, weights).map_err(|error| not_a_head(path, error))
    }
}

/// A layer as it is in memory: rows that end in their bias.
struct Layer {
    rows: usize,
    inputs: usize,
    weights: Vec<f32>,
}

type Tensor = (String, Vec<usize>, Vec<u8>);

/// Splits rows that end in their bias into a weight and a bias tensor.
fn split_layer(prefix: &str, layer: &[f32], inputs: usize) -> [Tensor; 2] {
    let rows = layer.chunks_exact(inputs + 1);
    let count = rows.len();
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    for row in rows {
        weight.extend(row[..inputs].iter().flat_map(|w| w.to_le_bytes()));
        bias.extend(row[inputs].to_le_bytes());
    }
    [
        (format!("{prefix}weight"), vec![count, inputs], weight),
        (format!("{prefix}bias"), vec![count], bias),
    ]
}

fn read_layer(path: &Path, file: &SafeTensors, weight: &str) -> Result<Layer, TransferError> {
    let bias = format!("{}bias", weight.strip_suffix("weight").unwrap_or(weight));
    let (weight_shape, weight_values) = read_tensor(path, file, weight)?;
    let (bias_shape, bias_values) = read_tensor(path, file, &bias)?;
    let [rows, inputs] = weight_shape[..] else {
        return Err(not_a_head(
            path,
            format!("{weight} has shape {weight_shape:?}, expected outputs x inputs"),
        ));
    };
    if bias_shape != [rows] || inputs == 0 {
        return Err(not_a_head(
            path,
            format!("{weight} has shape {weight_shape:?}, {bias} has {bias_shape:?}"),
        ));
    }
    let mut weights = Vec::with_capacity(rows * (inputs + 1));
    for (row, bias) in weight_values.chunks_exact(inputs).zip(bias_values) {
        weights.extend_from_slice(row);
        weights.push(bias);
    }
    Ok(Layer {
        rows,
        inputs,
        weights,
    })
}

fn read_tensor(
    path: &Path,
    file: &SafeTensors,
    name: &str,
) -> Result<(Vec<usize>, Vec<f32>), TransferError> {
    let tensor = file
        .tensor(name)
        .map_err(|_| not_a_head(path, format!("there is no tensor {name}")))?;
    let bytes = tensor.data();
    let values = match tensor.dtype() {
        Dtype::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect(),
        Dtype::F64 => bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes) as f32)
            .collect(),
        other => {
            return Err(not_a_head(
                path,
                format!("{name} is {other:?}, expected F32 or F64"),
            ));
        }
    };
    Ok((tensor.shape().to_vec(), values))
}

fn not_a_head(path: &Path, reason: impl std::fmt::Display) -> TransferError {
    TransferError::Format {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
