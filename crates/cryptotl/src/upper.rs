//! The upper network: what the client fine-tunes and runs in the clear.

use crate::dense::{backward, dense, forward, gradient};
use crate::{CryptoTlError, error::shape_error};
use datasets::{FeatureSet, StreamKey};
use layers::Dense;

/// Widths of the upper network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct UpperShape {
    /// Width of its input: the lower network's features.
    pub features: usize,
    /// Width of the dense layer.
    pub hidden: usize,
    /// Window of the max pool; a remainder that fills no window is left out.
    pub pool: usize,
}

impl UpperShape {
    /// The paper's: a dense layer as wide as its input, max pool 3.
    pub fn paper(features: usize) -> Self {
        Self {
            features,
            hidden: features,
            pool: 3,
        }
    }
}

/// Dense → ReLU → max pool → Dense 1 (one logit; above 0 is class 1).
#[derive(Clone, Debug, PartialEq)]
pub struct UpperNetwork {
    shape: UpperShape,
    /// Features to hidden.
    pub first: Dense,
    /// Pooled to one logit.
    pub second: Dense,
}

/// What the forward pass leaves for the backward pass.
pub(crate) struct UpperTape {
    pooled: Vec<f32>,
    /// For every pooled value the hidden unit it came from.
    winners: Vec<u32>,
}

impl UpperNetwork {
    /// PyTorch's default initial weights, drawn from `key`.
    ///
    /// # Errors
    /// If a width is 0 or the pool is wider than the dense layer.
    pub fn random(shape: UpperShape, key: &StreamKey) -> Result<Self, CryptoTlError> {
        if shape.features == 0 || shape.pool == 0 || shape.pool > shape.hidden {
            return shape_error(
                "make an upper network",
                format!(
                    "{} features, hidden {}, pool {}: none may be 0, nor the pool wider than the \
                     dense layer",
                    shape.features, shape.hidden, shape.pool
                ),
            );
        }
        Ok(Self {
            shape,
            first: dense(shape.features, shape.hidden, &key.child("first")),
            second: dense(shape.hidden / shape.pool, 1, &key.child("second")),
        })
    }

    /// The widths.
    pub fn shape(&self) -> UpperShape {
        self.shape
    }

    /// The logit of one feature vector.
    ///
    /// # Errors
    /// If it has another width.
    pub fn logit(&self, features: &[f32]) -> Result<f32, CryptoTlError> {
        if features.len() != self.shape.features {
            return shape_error(
                "run the upper network",
                format!(
                    "{} features, expected {}",
                    features.len(),
                    self.shape.features
                ),
            );
        }
        Ok(self.forward_taped(features).0[0])
    }

    /// The class (0 or 1) of one feature vector.
    ///
    /// # Errors
    /// If it has another width.
    pub fn classify(&self, features: &[f32]) -> Result<u32, CryptoTlError> {
        Ok(u32::from(self.logit(features)? > 0.0))
    }

    /// The logits of a whole set.
    ///
    /// # Errors
    /// If its width is another.
    pub fn logits(&self, set: &FeatureSet) -> Result<Vec<f32>, CryptoTlError> {
        if set.width() != self.shape.features {
            return shape_error(
                "run the upper network",
                format!("{} features, expected {}", set.width(), self.shape.features),
            );
        }
        Ok(set
            .values()
            .chunks(256 * set.width())
            .flat_map(|rows| self.forward_taped(rows).0)
            .collect())
    }

    pub(crate) fn forward_taped(&self, x: &[f32]) -> (Vec<f32>, UpperTape) {
        let hidden = forward(&self.first, x);
        let (width, pool) = (self.shape.hidden, self.shape.pool);
        let mut tape = UpperTape {
            pooled: Vec::new(),
            winners: Vec::new(),
        };
        for hidden in hidden.chunks_exact(width) {
            for (window, values) in hidden.chunks_exact(pool).enumerate() {
                let mut best = 0;
                for (at, value) in values.iter().enumerate() {
                    if *value > values[best] {
                        best = at;
                    }
                }
                // ReLU and max commute.
                tape.pooled.push(values[best].max(0.0));
                tape.winners.push((window * pool + best) as u32);
            }
        }
        (forward(&self.second, &tape.pooled), tape)
    }

    /// Gradients of the hidden units' inputs from those of the logits.
    fn hidden_gradient(&self, tape: &UpperTape, dy: &[f32]) -> Vec<f32> {
        let pooled = self.second.inputs;
        let mut d_hidden = vec![0.0; dy.len() * self.shape.hidden];
        for (row, &dy) in dy.iter().enumerate() {
            for (window, w) in self.second.weight.iter().enumerate() {
                let at = row * pooled + window;
                if tape.pooled[at] > 0.0 {
                    d_hidden[row * self.shape.hidden + tape.winners[at] as usize] = dy * w;
                }
            }
        }
        d_hidden
    }

    /// Gradients of the input and of all weights.
    pub(crate) fn backward(&self, x: &[f32], tape: &UpperTape, dy: &[f32]) -> (Vec<f32>, Self) {
        let d_hidden = self.hidden_gradient(tape, dy);
        let dx = backward(&self.first, &d_hidden);
        let first = gradient(&self.first, x, &d_hidden);
        let second = gradient(&self.second, &tape.pooled, dy);
        (
            dx,
            Self {
                shape: self.shape,
                first,
                second,
            },
        )
    }

    /// Gradients of all weights alone.
    pub(crate) fn gradient(&self, x: &[f32], tape: &UpperTape, dy: &[f32]) -> Self {
        Self {
            shape: self.shape,
            first: gradient(&self.first, x, &self.hidden_gradient(tape, dy)),
            second: gradient(&self.second, &tape.pooled, dy),
        }
    }

    /// The sum of per-example gradients, each scaled to a norm of at most `clip` over all weights.
    ///
    /// An example's gradient is δ ⊗ [x; 1] in each layer, so its norm needs only ‖δ‖ and ‖x‖.
    pub(crate) fn clipped_sum(&self, x: &[f32], tape: &UpperTape, dy: &[f32], clip: f32) -> Self {
        let mut d_hidden = self.hidden_gradient(tape, dy);
        let mut dy = dy.to_vec();
        let norm = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>();
        for (row, dy) in dy.iter_mut().enumerate() {
            let d = &mut d_hidden[row * self.shape.hidden..(row + 1) * self.shape.hidden];
            let x = &x[row * self.shape.features..(row + 1) * self.shape.features];
            let pooled = &tape.pooled[row * self.second.inputs..(row + 1) * self.second.inputs];
            let square = norm(d) * (norm(x) + 1.0) + *dy * *dy * (norm(pooled) + 1.0);
            let factor = (clip / (square.sqrt() + 1e-6)).min(1.0);
            *dy *= factor;
            d.iter_mut().for_each(|d| *d *= factor);
        }
        Self {
            shape: self.shape,
            first: gradient(&self.first, x, &d_hidden),
            second: gradient(&self.second, &tape.pooled, &dy),
        }
    }

    /// All weights, always in the same order.
    pub fn slices(&self) -> [&[f32]; 4] {
        [
            &self.first.weight,
            &self.first.bias,
            &self.second.weight,
            &self.second.bias,
        ]
    }

    pub(crate) fn slices_mut(&mut self) -> [&mut [f32]; 4] {
        [
            &mut self.first.weight,
            &mut self.first.bias,
            &mut self.second.weight,
            &mut self.second.bias,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_difference_quotients_and_clipping_bounds_each_example() {
        let shape = UpperShape {
            features: 5,
            hidden: 7,
            pool: 3,
        };
        let mut network = UpperNetwork::random(shape, &StreamKey::from_seed(8)).unwrap();
        let x: Vec<f32> = (0..15).map(|i| (i as f32 * 1.1).sin() * 2.0).collect();
        let dy = [1.0, -0.5, 2.0];
        let loss = |network: &UpperNetwork| -> f64 {
            let y = network.forward_taped(&x).0;
            y.iter().zip(dy).map(|(y, d)| f64::from(y * d)).sum()
        };
        let tape = network.forward_taped(&x).1;
        let (_, gradient) = network.backward(&x, &tape, &dy);
        assert_eq!(network.gradient(&x, &tape, &dy), gradient);
        for (part, slice) in gradient.slices().iter().enumerate() {
            for (at, &expected) in slice.iter().enumerate() {
                let original = network.slices()[part][at];
                network.slices_mut()[part][at] = original + 1e-3;
                let up = loss(&network);
                network.slices_mut()[part][at] = original - 1e-3;
                let quotient = (up - loss(&network)) / 2e-3;
                network.slices_mut()[part][at] = original;
                assert!((quotient - f64::from(expected)).abs() < 5e-3, "{part} {at}");
            }
        }

        let norm = |network: &UpperNetwork| -> f32 {
            let squares = network.slices().into_iter().flatten().map(|g| g * g);
            squares.sum::<f32>().sqrt()
        };
        let loose = network.clipped_sum(&x, &tape, &dy, 1e6);
        for (a, b) in loose.slices().iter().zip(gradient.slices()) {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4));
        }
        for row in 0..3 {
            let one = &x[row * 5..row * 5 + 5];
            let tape = network.forward_taped(one).1;
            let clipped = network.clipped_sum(one, &tape, &dy[row..=row], 0.25);
            assert!((norm(&clipped) - 0.25).abs() < 1e-4);
        }
    }
}
