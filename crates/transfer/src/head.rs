//! A trained head: logits, predictions, accuracy.

use datasets::FeatureSet;

use crate::adapter::Adapter;
use crate::matrix::Matrix;
use crate::products::dots;
use crate::{HeadKind, HeadShape, TransferError};

/// Rows of features that are looked at together.
const TILE: usize = 40;

/// A head with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Layers and sizes.
    pub shape: HeadShape,
    /// Weights, laid out as [`HeadShape`] says.
    pub weights: Vec<f32>,
}

impl Head {
    /// Checks that `weights` are as many finite numbers as `shape` has.
    pub fn new(shape: HeadShape, weights: Vec<f32>) -> Result<Self, TransferError> {
        shape.check()?;
        if weights.len() != shape.weight_len() {
            return Err(TransferError::Length {
                what: "a head's weights",
                expected: shape.weight_len(),
                found: weights.len(),
            });
        }
        if weights.iter().any(|weight| !weight.is_finite()) {
            return Err(crate::shape::setting("a weight", "not finite", "finite"));
        }
        Ok(Self { shape, weights })
    }

    /// The first layer's row `k` with its bias last (d+1 values): class k's weights in a linear
    /// head, hidden unit k's in an MLP.
    ///
    /// # Panics
    /// If `k` is not below [`HeadShape::first_rows`].
    pub fn class_row(&self, k: usize) -> &[f32] {
        let width = self.shape.first_width();
        &self.weights[..self.shape.first_len()][k * width..(k + 1) * width]
    }

    /// The logits of a batch of features (n × d, row-major): n × outputs.
    pub fn logits(&self, features: &[f32]) -> Result<Vec<f32>, TransferError> {
        let d = self.shape.features;
        if !features.len().is_multiple_of(d) {
            return Err(TransferError::Length {
                what: "a batch of features",
                expected: features.len().next_multiple_of(d),
                found: features.len(),
            });
        }
        let mut logits = Vec::with_capacity(features.len() / d * self.shape.outputs());
        self.each_tile(features.chunks_exact(d), |tile| {
            for i in 0..tile.rows() {
                logits.extend_from_slice(&tile.row(i)[..tile.cols()]);
            }
        });
        Ok(logits)
    }

    /// Calls `see` with the logits (rows × outputs) of the rows of features, some rows at a time.
    fn each_tile<'a>(
        &self,
        mut rows: impl Iterator<Item = &'a [f32]>,
        mut see: impl FnMut(&Matrix),
    ) {
        let width = self.shape.features + 1;
        let (first, second) = self.weights.split_at(self.shape.first_len());
        let first = Matrix::of_rows(first, self.shape.first_width());
        let second = match self.shape.kind {
            HeadKind::Linear => None,
            HeadKind::Mlp { hidden, activation } => {
                Some((Matrix::of_rows(second, hidden + 1), activation))
            }
            HeadKind::Adapter { rank } => {
                let adapter = Adapter::read(second, rank);
                let (mut features, mut logits) = (Matrix::default(), Matrix::default());
                loop {
                    let tile: Vec<&[f32]> = rows.by_ref().take(TILE).collect();
                    if tile.is_empty() {
                        return;
                    }
                    adapter.apply(&tile, &mut features);
                    dots(&mut logits, &features, &first);
                    see(&logits);
                }
            }
        };
        let (mut inputs, mut outputs) = (Matrix::default(), Matrix::default());
        let (mut hidden, mut logits) = (Matrix::default(), Matrix::default());
        loop {
            let tile: Vec<&[f32]> = rows.by_ref().take(TILE).collect();
            if tile.is_empty() {
                return;
            }
            inputs.resize(tile.len(), width);
            for (i, row) in tile.iter().enumerate() {
                inputs.copy_row(i, row, 1.0);
            }
            dots(&mut outputs, &inputs, &first);
            let Some((second, activation)) = &second else {
                see(&outputs);
                continue;
            };
            hidden.resize(tile.len(), second.cols());
            for i in 0..tile.len() {
                let values = outputs.row_mut(i);
                for value in values.iter_mut() {
                    *value = activation.value(*value);
                }
                hidden.copy_row(i, &values[..second.cols() - 1], 1.0);
            }
            dots(&mut logits, &hidden, second);
            see(&logits);
        }
    }

    /// The class of each row of features (n × d): the largest logit's, or 1 where a binary head's
    /// logit is positive.
    pub fn predict(&self, features: &[f32]) -> Result<Vec<u32>, TransferError> {
        let logits = self.logits(features)?;
        Ok(logits
            .chunks_exact(self.shape.outputs())
            .map(decide)
            .collect())
    }

    /// How many of the examples `indices` the head classifies correctly.
    pub fn correct(
        &self,
        features: &FeatureSet,
        indices: impl IntoIterator<Item = u32>,
    ) -> Result<Tally, TransferError> {
        if features.width() != self.shape.features {
            return Err(TransferError::Width {
                head: self.shape.features,
                data: features.width(),
            });
        }
        let indices: Vec<u32> = indices.into_iter().collect();
        if let Some(&index) = indices.iter().find(|&&i| i as usize >= features.len()) {
            return Err(TransferError::Members {
                count: indices.len(),
                reason: format!("example {index} is not among the {}", features.len()),
            });
        }
        let mut labels = indices.iter().map(|&i| features.labels()[i as usize]);
        let rows = indices.iter().map(|&i| features.row(i as usize));
        let mut correct = 0;
        self.each_tile(rows, |tile| {
            for (i, label) in (0..tile.rows()).zip(labels.by_ref()) {
                correct += usize::from(decide(&tile.row(i)[..tile.cols()]) == label);
            }
        });
        Ok(Tally {
            correct,
            examples: indices.len(),
        })
    }

    /// The share of the examples `indices` that the head classifies correctly.
    pub fn accuracy(
        &self,
        features: &FeatureSet,
        indices: impl IntoIterator<Item = u32>,
    ) -> Result<f64, TransferError> {
        let tally = self.correct(features, indices)?;
        if tally.examples == 0 {
            return Err(crate::shape::setting(
                "the examples to measure accuracy on",
                "empty",
                "at least one",
            ));
        }
        Ok(tally.correct as f64 / tally.examples as f64)
    }
}

/// Correctly classified examples, and how many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Correctly classified.
    pub correct: usize,
    /// Looked at.
    pub examples: usize,
}

/// The class that logits speak for: the first of the largest, or the sign of a single one.
fn decide(logits: &[f32]) -> u32 {
    if let [logit] = logits {
        return u32::from(*logit > 0.0);
    }
    let first = |best, k| if logits[k] > logits[best] { k } else { best };
    (1..logits.len()).fold(0, first) as u32
}

#[cfg(test)]
mod tests;
