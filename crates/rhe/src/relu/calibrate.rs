//! How large pre-activations and logits become, which sets the scale of the torus.

use crate::error::RheError;
use crate::head::{Activation, Dense, PlainHead, image_count};

/// The norm ‖(x̂, β)‖ that features are scaled to at most.
pub(crate) const FEATURE_NORM: f64 = (1 << 14) as f64;

/// Head room above the largest pre-activation and logit met in a calibration.
const HIDDEN_ROOM: f64 = 1.25;
const OUTPUT_ROOM: f64 = 2.0;

/// Bounds on a two-layer head's hidden and output values *for features [f; 1] of norm one*.
/// A part of the owner's secret: they are derived from the weights and never leave in the clear.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges {
    /// B_i / 2^14 of each hidden unit.
    pub hidden: Vec<f64>,
    /// Above every |L_o|, all outputs together.
    pub output: f64,
}

impl Ranges {
    /// Bounds that hold for every feature vector, by Cauchy-Schwarz. Safe and wide: real features
    /// are far from parallel to the weights, and what is wider than needed is lost in precision.
    pub fn guaranteed(head: &PlainHead) -> Result<Self, RheError> {
        let (first, second) = two_layers(head)?;
        let hidden: Vec<f64> = (0..first.outputs)
            .map(|i| {
                let squares = first
                    .row(i)
                    .iter()
                    .chain([&first.weights[bias_at(first, i)]]);
                squares.map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt()
            })
            .collect();
        let output = (0..second.outputs)
            .map(|o| {
                let terms = second.row(o).iter().zip(&hidden);
                let sum: f64 = terms.map(|(&w, &b)| f64::from(w).abs() * b).sum();
                sum + f64::from(second.bias(o)).abs()
            })
            .fold(0.0, f64::max);
        Ok(Self { hidden, output }.at_least_something())
    }

    /// Bounds from the largest values over sample features (`rows × d`, such as public images'),
    /// with a quarter of head room in the hidden layer and a factor two at the output, and never
    /// above the guaranteed ones. Beyond B_i the table folds back: |z| becomes 2B_i − |z|.
    pub fn calibrated(head: &PlainHead, features: &[f32]) -> Result<Self, RheError> {
        let (first, _) = two_layers(head)?;
        let rows = image_count(features, head.features())?;
        let mut ranges = Self {
            hidden: vec![0.0; first.outputs],
            output: 0.0,
        };
        let hidden_head = PlainHead::linear(first.inputs, first.outputs, &first.weights)?;
        for row in features.chunks_exact(head.features()).take(rows) {
            let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
            let norm = norm.sqrt();
            for (range, z) in ranges.hidden.iter_mut().zip(hidden_head.logits(row)?) {
                *range = range.max(z.abs() / norm * HIDDEN_ROOM);
            }
            for logit in head.logits(row)? {
                ranges.output = ranges.output.max(logit.abs() / norm * OUTPUT_ROOM);
            }
        }
        let bound = Self::guaranteed(head)?;
        for (range, bound) in ranges.hidden.iter_mut().zip(&bound.hidden) {
            *range = range.min(*bound);
        }
        ranges.output = ranges.output.min(bound.output);
        Ok(ranges.at_least_something())
    }

    /// Units that never move still need a scale that can be divided by.
    fn at_least_something(mut self) -> Self {
        for range in self.hidden.iter_mut().chain([&mut self.output]) {
            if *range <= f64::from(f32::MIN_POSITIVE) {
                *range = 1.0;
            }
        }
        self
    }
}

fn bias_at(layer: &Dense, row: usize) -> usize {
    row * (layer.inputs + 1) + layer.inputs
}

/// The two layers of a head with one hidden ReLU layer.
pub(super) fn two_layers(head: &PlainHead) -> Result<(&Dense, &Dense), RheError> {
    match (head.layers(), head.activation()) {
        ([first, second], Activation::Relu) => Ok((first, second)),
        (layers, activation) => Err(RheError::head(format!(
            "it has {} layers with {activation:?} between them, bootstrapping takes two with Relu",
            layers.len()
        ))),
    }
}
