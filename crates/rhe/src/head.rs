//! A head in the clear: what goes in to be protected.

use crate::error::RheError;
pub use heads::{Activation, Dense};

fn apply(layer: &Dense, input: &[f64]) -> Vec<f64> {
    (0..layer.outputs)
        .map(|k| {
            let products = layer.row(k).iter().zip(input);
            f64::from(layer.bias(k)) + products.map(|(&w, &x)| f64::from(w) * x).sum::<f64>()
        })
        .collect()
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
                let (row, column) = (at / (layer.inputs + 1), at % (layer.inputs + 1));
                let place = if column == layer.inputs {
                    format!("the bias of output {row}")
                } else {
                    format!("the weight of output {row} for input {column}")
                };
                return Err(RheError::head(format!(
                    "in layer {i}, {place} is {}",
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
            current = apply(layer, &current);
        }
        Ok(current)
    }

    /// The class in the clear: the largest logit's, or the sign of the only one.
    pub fn predict(&self, features: &[f32]) -> Result<usize, RheError> {
        Ok(class_of(&self.logits(features)?))
    }
}

impl TryFrom<heads::ReadHead> for PlainHead {
    type Error = RheError;

    fn try_from(read: heads::ReadHead) -> Result<Self, RheError> {
        let activation = read.activation().unwrap_or(Activation::Relu);
        Self::new(read.layers().to_vec(), activation)
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
    if features.is_empty() {
        return Err(RheError::Rows {
            reason: "there are none".into(),
        });
    }
    if !features.len().is_multiple_of(width) {
        return Err(RheError::Rows {
            reason: format!("{} numbers are not rows of {width}", features.len()),
        });
    }
    Ok(features.len() / width)
}

#[cfg(test)]
mod tests;
