//! A trained head: logits, predictions, accuracy.

mod files;

use datasets::FeatureSet;

use crate::{HeadKind, HeadShape, TransferError};

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
        let width = self.shape.features + 1;
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
        let (first, second) = self.weights.split_at(self.shape.first_len());
        let mut logits = Vec::new();
        for row in features.chunks_exact(d) {
            let before = layer(first, row);
            match self.shape.kind {
                HeadKind::Linear => logits.extend(before),
                HeadKind::Mlp { activation, .. } => {
                    let hidden: Vec<f32> = before.map(|x| activation.value(x)).collect();
                    logits.extend(layer(second, &hidden));
                }
            }
        }
        Ok(logits)
    }

    /// The class of each row of features (n × d): the largest logit's, or 1 where a binary head's
    /// logit is positive.
    pub fn predict(&self, features: &[f32]) -> Result<Vec<u32>, TransferError> {
        let logits = self.logits(features)?;
        Ok(logits
            .chunks_exact(self.shape.outputs())
            .map(|row| match row {
                [logit] => u32::from(*logit > 0.0),
                row => (1..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best })
                    as u32,
            })
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
        let mut tally = Tally::default();
        for index in indices {
            let class = self.predict(features.row(index as usize))?[0];
            tally.examples += 1;
            tally.correct += usize::from(class == features.labels()[index as usize]);
        }
        Ok(tally)
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

fn layer<'a>(weights: &'a [f32], inputs: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    weights.chunks_exact(inputs.len() + 1).map(move |row| {
        let dot: f32 = row.iter().zip(inputs).map(|(w, x)| w * x).sum();
        dot + row[inputs.len()]
    })
}
