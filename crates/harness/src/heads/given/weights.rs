//! The given head's weights, as heads are laid out here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use heads::{Asked, HeadError, ReadHead};
use safetensors::tensor::{Dtype, TensorView};
use transfer::{HeadKind, HeadShape};

use crate::error::HarnessError;

/// Where a head is.
#[derive(Clone, Debug)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// At hand: tensors named as in a state dict, with their shapes and values.
    Tensors(Vec<(String, Vec<usize>, Vec<f64>)>),
}

impl Source {
    /// Reads the head.
    ///
    /// # Errors
    /// What is no head.
    pub fn read(&self, asked: &Asked) -> Result<ReadHead, HeadError> {
        match self {
            Self::File(path) => ReadHead::read(path, asked),
            Self::Tensors(tensors) => {
                ReadHead::from_tensors(AT_HAND, tensors.iter().cloned(), asked)
            }
        }
    }

    /// What it is called.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Tensors(_) => Path::new(AT_HAND),
        }
    }
}

/// What a head without a file is called.
const AT_HAND: &str = "in memory";

/// A head that someone trained.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Where it is.
    pub source: Source,
    /// What stands between its layers, where that does not say it, and their order likewise.
    pub asked: Asked,
    /// The class of the data that each of its outputs stands for; empty where they are in order.
    pub classes: Vec<usize>,
}

/// A head in this crate's layout, with the name of what it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// What it came from.
    pub name: String,
    /// Its layers and sizes.
    pub shape: HeadShape,
    /// Its weights, laid out as [`HeadShape`] says.
    pub weights: Vec<f32>,
}

impl Saved {
    /// Reads the head, which must be of `shape`.
    ///
    /// # Errors
    /// A file that is no head, or one of another shape; an order of classes that is none.
    pub fn read(&self, shape: HeadShape) -> Result<Named, HarnessError> {
        let head = self.source.read(&self.asked)?;
        self.check(&head, shape)?;
        let order = self.order(shape)?;
        let mut weights = Vec::with_capacity(shape.weight_len());
        let last = head.layers().len() - 1;
        for (at, layer) in head.layers().iter().enumerate() {
            if at < last || shape.outputs() == 1 {
                weights.extend_from_slice(&layer.weights);
                continue;
            }
            let width = layer.inputs + 1;
            let from = weights.len();
            weights.resize(from + layer.weights.len(), 0.0);
            for (row, &class) in layer.weights.chunks_exact(width).zip(&order) {
                weights[from + class * width..][..width].copy_from_slice(row);
            }
        }
        Ok(Named {
            name: self.source.path().display().to_string(),
            shape,
            weights,
        })
    }

    fn refuse(&self, reason: String) -> HarnessError {
        HarnessError::Given {
            path: self.source.path().to_owned(),
            reason,
        }
    }

    fn check(&self, head: &ReadHead, shape: HeadShape) -> Result<(), HarnessError> {
        let (layers, wanted) = match shape.kind {
            HeadKind::Linear => (1, "`head: linear`".to_owned()),
            HeadKind::Mlp { hidden, activation } => (
                2,
                format!("`head: {{ mlp: {{ hidden: {hidden}, activation: {activation} }} }}`"),
            ),
            // Configs of audits that ask for one are refused.
            HeadKind::Adapter { .. } => (0, "an adapter".to_owned()),
        };
        if head.layers().len() != layers {
            return Err(self.refuse(format!(
                "it has {} layers, the config says {wanted}\nhint: let `head` say what was trained",
                head.layers().len()
            )));
        }
        if head.features() != shape.features {
            return Err(self.refuse(format!(
                "it takes {} features, the backbone gives {}\nhint: name the backbone that it was \
                 trained on, with the same input size and output",
                head.features(),
                shape.features
            )));
        }
        if head.outputs() != shape.outputs() {
            let hint = match (head.outputs(), shape.classes) {
                (1, 2) => {
                    "one output for two classes (scikit-learn's form) is the same head as two: save \
                     the rows −w/2 and w/2, the biases likewise, and halve the recipe's `strength`"
                }
                (found, classes) if found < classes => {
                    "a class that the head was not trained on has no output: audit it with data of \
                     the classes that it knows"
                }
                _ => "use public data with the classes that the head tells apart",
            };
            return Err(self.refuse(format!(
                "it has {} outputs, heads on `data.target` have {} for {} classes\nhint: {hint}",
                head.outputs(),
                shape.outputs(),
                shape.classes
            )));
        }
        if let HeadKind::Mlp { hidden, activation } = shape.kind {
            let (found, between) = (head.layers()[0].outputs, head.activation());
            if found != hidden || between.is_some_and(|it| it != activation) {
                return Err(self.refuse(format!(
                    "its hidden layer has {found} units{}, the config says {wanted}\nhint: let \
                     `head` say what was trained",
                    between.map_or(String::new(), |it| format!(" and {it}"))
                )));
            }
        }
        Ok(())
    }

    /// The class of each output.
    fn order(&self, shape: HeadShape) -> Result<Vec<usize>, HarnessError> {
        let classes = shape.classes;
        if self.classes.is_empty() {
            return Ok((0..classes).collect());
        }
        let mut sorted = self.classes.clone();
        sorted.sort_unstable();
        if sorted != (0..classes).collect::<Vec<_>>() || shape.outputs() == 1 {
            return Err(HarnessError::Setting {
                place: "--classes".into(),
                reason: format!(
                    "found {}, expected each of 0 to {} once: the class of `data.target` that each \
                     output of the head stands for",
                    list(&self.classes),
                    classes - 1
                ),
            });
        }
        Ok(self.classes.clone())
    }
}

impl Named {
    /// Writes the head as PyTorch would: `weight` and `bias`, of a hidden layer `0.…` and `2.…`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), HarnessError> {
        let shape = self.shape;
        let (first, second) = self.weights.split_at(shape.first_len());
        let (layers, metadata) = match shape.kind {
            HeadKind::Linear | HeadKind::Adapter { .. } => {
                (vec![("", first, shape.units())], HashMap::new())
            }
            HeadKind::Mlp { hidden, activation } => (
                vec![("0.", first, shape.features), ("2.", second, hidden)],
                HashMap::from([("activation".into(), activation.word().into())]),
            ),
        };
        let mut tensors = Vec::new();
        for (prefix, weights, inputs) in layers {
            let rows = || weights.chunks_exact(inputs + 1);
            let bytes = |values: &mut dyn Iterator<Item = f32>| -> Vec<u8> {
                values.flat_map(f32::to_le_bytes).collect()
            };
            let weight = bytes(&mut rows().flat_map(|row| row[..inputs].iter().copied()));
            let bias = bytes(&mut rows().map(|row| row[inputs]));
            let outputs = rows().len();
            tensors.push((format!("{prefix}weight"), vec![outputs, inputs], weight));
            tensors.push((format!("{prefix}bias"), vec![outputs], bias));
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name.as_str(), view.expect("as many bytes as the shape has"))
        });
        let file = safetensors::serialize(views, Some(metadata)).expect("tensors have a file");
        files::write_whole(path, &file).map_err(|source| HarnessError::File {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }
}

/// `2,0,1`.
pub(super) fn list(classes: &[usize]) -> String {
    let words: Vec<String> = classes.iter().map(ToString::to_string).collect();
    words.join(",")
}
