//! From the first layer's outputs to the gradient there: the loss, the second layer where there is
//! one, and the clipping of each example's gradient. Examples run along the lanes.

use datasets::FeatureSet;
use pulp::Simd;

use crate::lanes::{LANES, Lanes};
use crate::loss::{
    clip_factor, column_squares, logistic_residual, scale_columns, softmax_residual,
};
use crate::matrix::Matrix;
use crate::products::{Combine, Dots, add};
use crate::{Activation, HeadKind, HeadShape, Recipe};

/// All that lies above the first layer, for one training set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Top {
    /// One-hot labels, smoothed where the recipe says so, outputs × N (a binary head's: the label itself, 1 × N).
    targets: Matrix,
    /// Row 0: the weight of each example's loss. Row 1: |f̃_i|². Row 2: which examples are in the
    /// batch (1 or 0, 0 in the padding).
    examples: Matrix,
    clip: Option<f32>,
    /// Whether steps look at some examples only.
    batched: bool,
    hidden: Option<Hidden>,
}

/// One step of gradient descent with momentum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roll {
    pub momentum: f32,
    pub weight_decay: f32,
    /// One over the number of examples in the batch.
    pub share: f32,
    pub rate: f32,
}

/// The second layer of an MLP head, or the dense layer above an adapter.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    activation: Activation,
    binary: bool,
    /// Weights, outputs × (hidden+1), bias last.
    pub weights: Matrix,
    /// The summed and clipped gradient of [`Hidden::weights`].
    pub gradient: Matrix,
    /// Hidden values, (hidden+1) × N; the last row is 1.
    values: Matrix,
    /// Logits and their residuals, outputs × N.
    logits: Matrix,
}

impl Top {
    /// Takes over a training set. Initial second-layer weights are the caller's to set.
    pub fn prepare(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
    ) {
        let n = members.len();
        self.clip = recipe.dp.map(|dp| dp.clip);
        self.batched = recipe.batch.is_some();
        let spread = recipe.label_smoothing / shape.outputs() as f32;
        self.targets.resize(shape.outputs(), n);
        self.targets.as_mut_slice().fill(spread);
        self.examples.resize(3, n);
        self.examples.as_mut_slice().fill(0.0);
        for (i, &member) in members.iter().enumerate() {
            let label = features.labels()[member as usize] as usize;
            let mut weight = 1.0;
            if !shape.is_binary() {
                self.targets.row_mut(label)[i] += 1.0 - recipe.label_smoothing;
            } else if label == 1 {
                self.targets.row_mut(0)[i] = 1.0;
                weight = recipe.positive_weight;
            }
            self.examples.row_mut(0)[i] = weight;
            self.examples.row_mut(2)[i] = 1.0;
        }
        let (hidden, activation) = match shape.kind {
            HeadKind::Linear => {
                self.hidden = None;
                return;
            }
            HeadKind::Mlp { hidden, activation } => (hidden, activation),
            HeadKind::Adapter { .. } => (shape.units(), Activation::Relu),
        };
        let layer = self.hidden.get_or_insert_with(|| Hidden {
            activation,
            binary: shape.is_binary(),
            weights: Matrix::default(),
            gradient: Matrix::default(),
            values: Matrix::default(),
            logits: Matrix::default(),
        });
        layer.weights.resize(shape.outputs(), hidden + 1);
        layer.gradient.resize(shape.outputs(), hidden + 1);
        layer.values.resize(hidden + 1, n);
        layer.values.row_mut(hidden).fill(1.0);
        layer.logits.resize(shape.outputs(), n);
    }

    /// Sets |f̃_i|² of example `i`.
    pub fn set_norm(&mut self, i: usize, square: f32) {
        self.examples.row_mut(1)[i] = square;
    }

    /// Which examples are in the batch: one value each, 1 or 0.
    pub fn batch_mut(&mut self) -> &mut [f32] {
        let n = self.examples.cols();
        &mut self.examples.row_mut(2)[..n]
    }

    /// The second layer, if there is one.
    pub fn hidden_mut(&mut self) -> Option<&mut Hidden> {
        self.hidden.as_mut()
    }

    /// Turns the first layer's outputs `z` (rows × N) into each example's gradient there, clipped
    /// and 0 outside the batch, and sets the second layer's summed gradient.
    #[inline(always)]
    pub fn backward<S: Simd, const R: usize>(&mut self, lanes: Lanes<S, R>, z: &mut Matrix) {
        let examples = &self.examples;
        let Some(hidden) = &mut self.hidden else {
            for b in 0..z.stride() / LANES {
                softmax_residual(lanes, z, &self.targets, b);
                if let Some(clip) = self.clip {
                    let square = column_squares(lanes, z, b);
                    let norm = lanes.mul(square, lanes.load(&examples.vectors(1)[b]));
                    scale_columns(
                        lanes,
                        z,
                        b,
                        clip_factor(lanes, examples.vectors(2), b, clip, norm),
                    );
                } else if self.batched {
                    scale_columns(lanes, z, b, lanes.load(&examples.vectors(2)[b]));
                }
            }
            return;
        };
        hidden.forward(lanes, z);
        for b in 0..z.stride() / LANES {
            if hidden.binary {
                logistic_residual(
                    lanes,
                    &mut hidden.logits,
                    &self.targets,
                    examples.vectors(0),
                    b,
                );
            } else {
                softmax_residual(lanes, &mut hidden.logits, &self.targets, b);
            }
            hidden.back(lanes, z, b);
            let scale = match self.clip {
                Some(clip) => {
                    let below = lanes.load(&examples.vectors(1)[b]);
                    let values = column_squares(lanes, &hidden.values, b);
                    let upper = lanes.mul(column_squares(lanes, &hidden.logits, b), values);
                    let norm = lanes.mul_add(column_squares(lanes, z, b), below, upper);
                    clip_factor(lanes, examples.vectors(2), b, clip, norm)
                }
                None => lanes.load(&examples.vectors(2)[b]),
            };
            scale_columns(lanes, z, b, scale);
            scale_columns(lanes, &mut hidden.logits, b, scale);
        }
        lanes.call(Dots {
            out: &mut hidden.gradient,
            x: &hidden.logits,
            f: &hidden.values,
            symmetric: false,
        });
    }
}

impl Hidden {
    /// Gradient descent on the second layer: weights ← decay · weights − rate · gradient.
    pub fn descend(&mut self, decay: f32, rate: f32) {
        add(&mut self.weights, decay, &self.gradient, -rate);
    }

    /// Gradient descent with momentum: velocity ← momentum · velocity + weight decay · weights +
    /// gradient / count, weights ← weights − rate · velocity.
    pub fn roll(&mut self, velocity: &mut Matrix, roll: Roll) {
        add(velocity, roll.momentum, &self.weights, roll.weight_decay);
        add(velocity, 1.0, &self.gradient, roll.share);
        add(&mut self.weights, 1.0, velocity, -roll.rate);
    }

    /// Hidden values and logits from the pre-activations `z`.
    #[inline(always)]
    fn forward<S: Simd, const R: usize>(&mut self, lanes: Lanes<S, R>, z: &Matrix) {
        let zero = lanes.splat(0.0);
        for unit in 0..z.rows() {
            for (value, before) in self
                .values
                .vectors_mut(unit)
                .iter_mut()
                .zip(z.vectors(unit))
            {
                let x = lanes.load(before);
                let y = match self.activation {
                    Activation::Relu => lanes.max(x, zero),
                    Activation::Square => lanes.mul(x, x),
                };
                lanes.store(y, value);
            }
        }
        lanes.call(Combine {
            out: &mut self.logits,
            scale: 0.0,
            a: &self.weights,
            f: &self.values,
        });
    }

    /// Turns vector `b` of the pre-activations `z` into the gradient there.
    #[inline(always)]
    fn back<S: Simd, const R: usize>(&self, lanes: Lanes<S, R>, z: &mut Matrix, b: usize) {
        for unit in 0..z.rows() {
            let mut sum = lanes.splat(0.0);
            for k in 0..self.logits.rows() {
                let weight = lanes.splat(self.weights.row(k)[unit]);
                sum = lanes.mul_add(weight, lanes.load(&self.logits.vectors(k)[b]), sum);
            }
            let place = &mut z.vectors_mut(unit)[b];
            let x = lanes.load(place);
            let slope = match self.activation {
                Activation::Relu => lanes.positive(x),
                Activation::Square => lanes.add(x, x),
            };
            lanes.store(lanes.mul(sum, slope), place);
        }
    }
}
