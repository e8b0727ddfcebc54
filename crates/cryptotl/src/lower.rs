//! The lower network: what the server runs on ciphertexts.

use crate::convolution::{AveragePool, Conv1d};
use crate::dense::{backward, dense, forward, gradient};
use crate::{Activation, CryptoTlError, error::shape_error};
use datasets::{FeatureSet, StreamKey};
use layers::Dense;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::Path;

/// Widths of the lower network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct LowerShape {
    /// Width of an input, for example a sentence embedding's.
    pub inputs: usize,
    /// Length of the convolution's filter, odd.
    pub kernel: usize,
    /// Width of the first dense layer's output, a multiple of `pool`.
    pub hidden: usize,
    /// Window of the average pool.
    pub pool: usize,
    /// Width of the output: the features that the client decrypts.
    pub features: usize,
}

impl LowerShape {
    /// The paper's network for inputs of any width: filter 9, Dense 768, pool 3, Dense 766.
    pub fn paper(inputs: usize) -> Self {
        Self {
            inputs,
            kernel: 9,
            hidden: 768,
            pool: 3,
            features: 766,
        }
    }

    /// Width after the pool.
    pub fn pooled(&self) -> usize {
        self.hidden / self.pool
    }

    pub(crate) fn check(&self) -> Result<(), CryptoTlError> {
        let what = "make a lower network";
        if [
            self.inputs,
            self.kernel,
            self.hidden,
            self.pool,
            self.features,
        ]
        .contains(&0)
        {
            return shape_error(what, format!("a width is 0: {self}"));
        }
        if self.kernel.is_multiple_of(2) || !self.hidden.is_multiple_of(self.pool) {
            return shape_error(
                what,
                format!("the filter must be odd and the pool divide the hidden width: {self}"),
            );
        }
        Ok(())
    }
}

impl std::fmt::Display for LowerShape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            inputs,
            kernel,
            hidden,
            pool,
            features,
        } = self;
        write!(
            out,
            "{inputs} inputs, filter {kernel}, hidden {hidden}, pool {pool}, {features} features"
        )
    }
}

/// Conv1d → Dense → polynomial → average pool → Dense.
#[derive(Clone, Debug, PartialEq)]
pub struct LowerNetwork {
    shape: LowerShape,
    /// One filter over the input.
    pub conv: Conv1d,
    /// Inputs to hidden.
    pub first: Dense,
    /// Applied to every hidden unit.
    pub activation: Activation,
    /// Pooled to features.
    pub second: Dense,
}

/// What the forward pass leaves for the backward pass.
pub(crate) struct LowerTape {
    filtered: Vec<f32>,
    hidden: Vec<f32>,
    pooled: Vec<f32>,
}

impl LowerNetwork {
    /// Initial weights drawn from `key`: the filter near the identity, PyTorch's defaults elsewhere.
    ///
    /// # Errors
    /// If the shape is impossible.
    pub fn random(
        shape: LowerShape,
        activation: Activation,
        key: &StreamKey,
    ) -> Result<Self, CryptoTlError> {
        shape.check()?;
        Ok(Self {
            shape,
            conv: Conv1d::random(shape.kernel, &key.child("conv")),
            first: dense(shape.inputs, shape.hidden, &key.child("first")),
            activation,
            second: dense(shape.pooled(), shape.features, &key.child("second")),
        })
    }

    /// The widths.
    pub fn shape(&self) -> LowerShape {
        self.shape
    }

    /// The features of one or more inputs (rows), row-major, in the clear.
    ///
    /// # Errors
    /// If `x` is not whole rows of the input width.
    pub fn forward(&self, x: &[f32]) -> Result<Vec<f32>, CryptoTlError> {
        if x.is_empty() || !x.len().is_multiple_of(self.shape.inputs) {
            return shape_error(
                "run the lower network",
                format!("{} values are not rows of {}", x.len(), self.shape.inputs),
            );
        }
        Ok(self.forward_taped(x).0)
    }

    /// The features of a whole set, labels kept.
    ///
    /// # Errors
    /// If the set's width is not the network's.
    pub fn features(&self, inputs: &FeatureSet) -> Result<FeatureSet, CryptoTlError> {
        let mut values = Vec::with_capacity(inputs.len() * self.shape.features);
        for rows in inputs.values().chunks(256 * self.shape.inputs) {
            values.extend(self.forward(rows)?);
        }
        Ok(FeatureSet::new(
            self.shape.features,
            values,
            inputs.labels().to_vec(),
            inputs.classes(),
        )?)
    }

    pub(crate) fn forward_taped(&self, x: &[f32]) -> (Vec<f32>, LowerTape) {
        let filtered = self.conv.forward(x, self.shape.inputs);
        let hidden = forward(&self.first, &filtered);
        let active: Vec<f32> = hidden.iter().map(|&z| self.activation.value(z)).collect();
        let pooled = AveragePool(self.shape.pool).forward(&active, self.shape.hidden);
        let out = forward(&self.second, &pooled);
        (
            out,
            LowerTape {
                filtered,
                hidden,
                pooled,
            },
        )
    }

    /// Gradients of all weights, as a network of the same shape.
    pub(crate) fn backward(&self, x: &[f32], tape: &LowerTape, dy: &[f32]) -> Self {
        let d_pooled = backward(&self.second, dy);
        let second = gradient(&self.second, &tape.pooled, dy);
        let mut d_hidden = AveragePool(self.shape.pool).backward(&d_pooled, self.shape.hidden);
        for (d, &z) in d_hidden.iter_mut().zip(&tape.hidden) {
            *d *= self.activation.slope(z);
        }
        let d_filtered = backward(&self.first, &d_hidden);
        let first = gradient(&self.first, &tape.filtered, &d_hidden);
        Self {
            shape: self.shape,
            conv: self.conv.backward(x, &d_filtered, self.shape.inputs),
            first,
            activation: self.activation.clone(),
            second,
        }
    }

    /// All weights, always in the same order.
    pub(crate) fn slices(&self) -> [&[f32]; 6] {
        [
            &self.conv.weight,
            &self.conv.bias,
            &self.first.weight,
            &self.first.bias,
            &self.second.weight,
            &self.second.bias,
        ]
    }

    pub(crate) fn slices_mut(&mut self) -> [&mut [f32]; 6] {
        [
            &mut self.conv.weight,
            &mut self.conv.bias,
            &mut self.first.weight,
            &mut self.first.bias,
            &mut self.second.weight,
            &mut self.second.bias,
        ]
    }

    const NAMES: [&'static str; 6] = [
        "conv.weight",
        "conv.bias",
        "first.weight",
        "first.bias",
        "second.weight",
        "second.bias",
    ];

    /// Writes the weights as safetensors (PyTorch shapes: `conv.weight` is [1, 1, k]).
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), CryptoTlError> {
        let shapes = self.tensor_shapes();
        let bytes: Vec<Vec<u8>> = self
            .slices()
            .iter()
            .map(|values| values.iter().flat_map(|v| v.to_le_bytes()).collect())
            .collect();
        let fail = |reason: String| CryptoTlError::File {
            path: path.into(),
            reason,
        };
        let views = Self::NAMES
            .iter()
            .zip(shapes)
            .zip(&bytes)
            .map(|((&name, shape), bytes)| {
                TensorView::new(Dtype::F32, shape, bytes).map(|view| (name, view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| fail(error.to_string()))?;
        let bytes = safetensors::serialize(views, None).map_err(|error| fail(error.to_string()))?;
        files::write_whole(path, &bytes).map_err(|error| fail(error.to_string()))
    }

    /// Reads what [`LowerNetwork::save`] wrote, or a PyTorch model with those names.
    ///
    /// # Errors
    /// If the file cannot be read or its tensors do not have the shape's sizes.
    pub fn load(
        path: &Path,
        shape: LowerShape,
        activation: Activation,
    ) -> Result<Self, CryptoTlError> {
        let fail = |reason: String| CryptoTlError::File {
            path: path.into(),
            reason,
        };
        let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| fail(error.to_string()))?;
        let mut network = Self::random(shape, activation, &StreamKey::from_seed(0))?;
        let shapes = network.tensor_shapes();
        for ((name, shape), values) in Self::NAMES.iter().zip(shapes).zip(network.slices_mut()) {
            let tensor = file
                .tensor(name)
                .map_err(|error| fail(format!("{name}: {error}")))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
                return Err(fail(format!(
                    "{name} is {:?} {:?}, expected F32 {shape:?}",
                    tensor.dtype(),
                    tensor.shape()
                )));
            }
            for (value, bytes) in values.iter_mut().zip(tensor.data().as_chunks::<4>().0) {
                *value = f32::from_le_bytes(*bytes);
                if !value.is_finite() {
                    return Err(fail(format!("{name} holds a value that is not finite")));
                }
            }
        }
        Ok(network)
    }

    fn tensor_shapes(&self) -> [Vec<usize>; 6] {
        let LowerShape {
            inputs,
            kernel,
            hidden,
            features,
            ..
        } = self.shape;
        [
            vec![1, 1, kernel],
            vec![1],
            vec![hidden, inputs],
            vec![hidden],
            vec![features, self.shape.pooled()],
            vec![features],
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_difference_quotients() {
        let shape = LowerShape {
            inputs: 7,
            kernel: 3,
            hidden: 6,
            pool: 3,
            features: 4,
        };
        let key = StreamKey::from_seed(3);
        let mut network = LowerNetwork::random(shape, Activation::cubic(), &key).unwrap();
        let x: Vec<f32> = (0..14).map(|i| (i as f32 * 0.9).sin()).collect();
        let target: Vec<f32> = (0..8).map(|i| (i as f32).cos()).collect();
        let loss = |network: &LowerNetwork| -> f64 {
            let y = network.forward(&x).unwrap();
            y.iter().zip(&target).map(|(y, t)| f64::from(y * t)).sum()
        };
        let tape = network.forward_taped(&x).1;
        let gradient = network.backward(&x, &tape, &target);
        for (part, slice) in gradient.slices().iter().enumerate() {
            for (at, &expected) in slice.iter().enumerate() {
                let original = network.slices()[part][at];
                network.slices_mut()[part][at] = original + 1e-2;
                let up = loss(&network);
                network.slices_mut()[part][at] = original - 1e-2;
                let down = loss(&network);
                network.slices_mut()[part][at] = original;
                let quotient = (up - down) / 2e-2;
                assert!(
                    (quotient - f64::from(expected)).abs() < 2e-3,
                    "{part} {at}: {quotient} {expected}"
                );
            }
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        let good = LowerShape::paper(768);
        assert_eq!((good.hidden, good.features, good.pooled()), (768, 766, 256));
        assert_eq!(LowerShape::paper(384).inputs, 384);
        for bad in [
            LowerShape { kernel: 8, ..good },
            LowerShape { pool: 5, ..good },
            LowerShape { inputs: 0, ..good },
        ] {
            assert!(bad.check().is_err());
        }
    }
}
