//! A head in the clear: what goes in to be protected.

use crate::error::RheError;
use safetensors::tensor::{Dtype, SafeTensors};
use std::path::Path;

/// The largest file of head weights that is read, 256 MiB.
const MAX_HEAD_FILE: u64 = 256 << 20;

pub use spec::Activation;

/// One affine layer: `outputs × (inputs + 1)` weights, row-major, the bias last in each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Width of its input.
    pub inputs: usize,
    /// Width of its output.
    pub outputs: usize,
    /// Weights and biases.
    pub weights: Vec<f32>,
}

impl Dense {
    /// Weights of output k, without its bias.
    pub fn row(&self, k: usize) -> &[f32] {
        let start = k * (self.inputs + 1);
        &self.weights[start..start + self.inputs]
    }

    /// Bias of output k.
    pub fn bias(&self, k: usize) -> f32 {
        self.weights[k * (self.inputs + 1) + self.inputs]
    }

    fn apply(&self, input: &[f64]) -> Vec<f64> {
        (0..self.outputs)
            .map(|k| {
                let products = self.row(k).iter().zip(input);
                f64::from(self.bias(k)) + products.map(|(&w, &x)| f64::from(w) * x).sum::<f64>()
            })
            .collect()
    }
}

/// A trained head: one affine layer, or up to three with an activation between them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainHead {
    layers: Vec<Dense>,
    activation: Activation,
}

impl PlainHead {
    /// A linear head: `classes × (features + 1)` weights, row-major, the bias last in each row.
    pub fn linear(features: usize, classes: usize, weights: &[f32]) -> Result<Self, RheError> {
        Self::mlp(features, &[], classes, Activation::Relu, weights)
    }

    /// A head with hidden layers: the layers' weights one after the other, each as in [`Dense`].
    pub fn mlp(
        features: usize,
        hidden: &[usize],
        outputs: usize,
        activation: Activation,
        weights: &[f32],
    ) -> Result<Self, RheError> {
        let mut layers = Vec::with_capacity(hidden.len() + 1);
        let (mut inputs, mut rest) = (features, weights);
        for &width in hidden.iter().chain([&outputs]) {
            let needed = inputs
                .checked_add(1)
                .and_then(|columns| columns.checked_mul(width))
                .ok_or_else(|| RheError::head("its shape overflows"))?;
            if rest.len() < needed {
                return Err(RheError::head(format!(
                    "{features} features, hidden layers {hidden:?} and {outputs} outputs need \
                     more than the {} weights given",
                    weights.len()
                )));
            }
            let (own, others) = rest.split_at(needed);
            layers.push(Dense {
                inputs,
                outputs: width,
                weights: own.to_vec(),
            });
            (inputs, rest) = (width, others);
        }
        if !rest.is_empty() {
            return Err(RheError::head(format!(
                "{} of the {} weights given are left over",
                rest.len(),
                weights.len()
            )));
        }
        Self::new(layers, activation)
    }

    fn new(layers: Vec<Dense>, activation: Activation) -> Result<Self, RheError> {
        if layers.is_empty() || layers.len() > 3 {
            return Err(RheError::head(format!(
                "it has {} layers, 1 to 3 are supported",
                layers.len()
            )));
        }
        for (i, layer) in layers.iter().enumerate() {
            if layer.inputs == 0
                || layer.outputs == 0
                || layer.inputs > 1 << 20
                || layer.outputs > 1 << 16
            {
                return Err(RheError::head(format!(
                    "layer {i} maps {} to {} numbers; widths are 1 to 2^20 and 1 to 2^16",
                    layer.inputs, layer.outputs
                )));
            }
            if let Some(at) = layer.weights.iter().position(|w| !w.is_finite()) {
                return Err(RheError::head(format!(
                    "weight {at} of layer {i} is {}",
                    layer.weights[at]
                )));
            }
        }
        Ok(Self { layers, activation })
    }

    /// The layers, input first.
    pub fn layers(&self) -> &[Dense] {
        &self.layers
    }

    /// What stands between the layers; of no meaning where there is only one.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.layers[0].inputs
    }

    /// The number of logits.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Logits in the clear, in double precision.
    pub fn logits(&self, features: &[f32]) -> Result<Vec<f64>, RheError> {
        check_row(features, self.features(), 0)?;
        let mut current: Vec<f64> = features.iter().map(|&f| f64::from(f)).collect();
        for (i, layer) in self.layers.iter().enumerate() {
            if i > 0 {
                for x in &mut current {
                    *x = match self.activation {
                        Activation::Relu => x.max(0.0),
                        Activation::Square => *x * *x,
                    };
                }
            }
            current = layer.apply(&current);
        }
        Ok(current)
    }

    /// The class in the clear: the largest logit's, or the sign of the only one.
    pub fn predict(&self, features: &[f32]) -> Result<usize, RheError> {
        Ok(class_of(&self.logits(features)?))
    }

    /// Reads a safetensors file of a PyTorch `Linear` (`weight` `[K, d]`, `bias` `[K]`) or a
    /// `Sequential` (`0.weight`, `0.bias`, `2.weight`, ...: layers in the order of their numbers).
    pub fn load(path: &Path, activation: Activation) -> Result<Self, RheError> {
        let bytes = crate::files::read_limited(path, MAX_HEAD_FILE)?;
        Self::from_safetensors(&bytes, activation).map_err(|error| match error {
            RheError::Format { reason, .. } => RheError::format(path.display().to_string(), reason),
            other => other,
        })
    }

    /// As [`PlainHead::load`], from the bytes of the file. Any prefix before the names is taken
    /// (`classifier.weight`, `head.0.weight`); a missing bias is zero.
    pub fn from_safetensors(bytes: &[u8], activation: Activation) -> Result<Self, RheError> {
        let bad = |reason: String| RheError::format("the head's safetensors", reason);
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?;
        let mut prefixes: Vec<String> = tensors
            .names()
            .into_iter()
            .filter(|name| *name == "weight" || name.ends_with(".weight"))
            .map(|name| name[..name.len() - "weight".len()].to_string())
            .collect();
        prefixes.sort_by_key(|prefix| (layer_number(prefix), prefix.clone()));
        if prefixes.is_empty() {
            let found = tensors.names().join(", ");
            return Err(bad(format!(
                "no tensor is named `weight` or `….weight`; found: {found}"
            )));
        }
        let layers = prefixes
            .iter()
            .map(|prefix| dense(&tensors, prefix).map_err(bad))
            .collect::<Result<Vec<_>, _>>()?;
        for pair in layers.windows(2) {
            if pair[0].outputs != pair[1].inputs {
                return Err(bad(format!(
                    "a layer of {} outputs is followed by one of {} inputs",
                    pair[0].outputs, pair[1].inputs
                )));
            }
        }
        Self::new(layers, activation)
    }
}

/// The largest logit's index (the first of equals); for a single logit, 1 where it is positive.
pub fn class_of(logits: &[f64]) -> usize {
    match logits {
        [only] => usize::from(*only > 0.0),
        _ => {
            let mut best = 0;
            for (k, &logit) in logits.iter().enumerate() {
                if logit > logits[best] {
                    best = k;
                }
            }
            best
        }
    }
}

/// Checks the width of one row of features, and that all of it is finite.
pub(crate) fn check_row(row: &[f32], width: usize, image: usize) -> Result<(), RheError> {
    if row.len() != width {
        return Err(RheError::features(
            image,
            format!("it has {} features, the head takes {width}", row.len()),
        ));
    }
    match row.iter().position(|f| !f.is_finite()) {
        Some(at) => Err(RheError::features(
            image,
            format!("feature {at} is {}", row[at]),
        )),
        None => Ok(()),
    }
}

/// The number of rows of `width` numbers, at least one.
pub(crate) fn image_count(features: &[f32], width: usize) -> Result<usize, RheError> {
    if features.is_empty() || !features.len().is_multiple_of(width) {
        return Err(RheError::features(
            0,
            format!(
                "{} numbers are not rows of {width} features",
                features.len()
            ),
        ));
    }
    Ok(features.len() / width)
}

fn layer_number(prefix: &str) -> u64 {
    let digits = prefix.trim_end_matches('.').rsplit('.').next();
    digits.and_then(|d| d.parse().ok()).unwrap_or(0)
}

fn dense(tensors: &SafeTensors<'_>, prefix: &str) -> Result<Dense, String> {
    let name = format!("{prefix}weight");
    let (shape, matrix) = floats(tensors, &name)?;
    let [outputs, inputs] = shape[..] else {
        return Err(format!(
            "`{name}` has shape {shape:?}, expected [outputs, inputs]"
        ));
    };
    let bias_name = format!("{prefix}bias");
    let bias = if tensors.names().contains(&bias_name.as_str()) {
        let (shape, bias) = floats(tensors, &bias_name)?;
        if shape != [outputs] {
            return Err(format!(
                "`{bias_name}` has shape {shape:?}, expected [{outputs}]"
            ));
        }
        bias
    } else {
        vec![0.0; outputs]
    };
    if inputs == 0 {
        return Err(format!("`{name}` has no columns"));
    }
    let rows = matrix.chunks_exact(inputs).zip(bias);
    Ok(Dense {
        inputs,
        outputs,
        weights: rows
            .flat_map(|(row, bias)| row.iter().copied().chain([bias]))
            .collect(),
    })
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let tensor = tensors.tensor(name).map_err(|e| format!("`{name}`: {e}"))?;
    let values = match tensor.dtype() {
        Dtype::F32 => {
            let words = tensor.data().as_chunks::<4>().0.iter();
            words.map(|b| f32::from_le_bytes(*b)).collect()
        }
        Dtype::F64 => {
            let words = tensor.data().as_chunks::<8>().0.iter();
            words.map(|b| f64::from_le_bytes(*b) as f32).collect()
        }
        other => return Err(format!("`{name}` holds {other:?}, expected F32 or F64")),
    };
    Ok((tensor.shape().to_vec(), values))
}

#[cfg(test)]
mod tests;
