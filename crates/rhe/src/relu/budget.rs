//! The precision budget of a ReLU head: see the derivation in the module's documentation.

use super::calibrate::{FEATURE_NORM, Ranges, two_layers};
use crate::bootstrap::{INPUT_STEPS, OUTPUT_TURN_NOISE};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::parameters::POLYNOMIAL_SIZE;
use std::f64::consts::LN_2;

/// The largest output's share of the torus, as a part of a turn.
pub(super) const OUTPUT_TURN: f64 = 0.125;

/// What noise does to the logits of one head. Derived from the weights: for the owner only.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ReluBudget {
    /// Standard deviation, for each output, of the logit error through the bootstraps' inputs,
    /// for features [f; 1] of norm one (the error grows in proportion to the norm).
    pub input_deviation: Vec<f64>,
    /// The same through the bootstraps' own noise.
    pub output_deviation: f64,
    /// Width of one accumulator step of the largest table entry, log2 of torus units of 2^-64.
    pub log2_table_step: f64,
    /// log2 of the noise of a sum of bootstraps, in the same units.
    pub log2_output_noise: f64,
    /// Bound, as log2, on the probability that noise carries a logit round the torus.
    pub log2_failure: f64,
}

impl ReluBudget {
    /// Works the budget out.
    pub fn new(head: &PlainHead, ranges: &Ranges) -> Result<Self, RheError> {
        let (_, second) = two_layers(head)?;
        let steps = (2 * POLYNOMIAL_SIZE) as f64;
        // λ without the feature norm: turns for one unit of logit at norm one.
        let turns = OUTPUT_TURN / ranges.output;
        let slopes = |o: usize| {
            let row = second.row(o).iter().zip(&ranges.hidden);
            row.map(|(&w, &b)| 0.5 * f64::from(w).abs() * 2.0 * b / steps)
        };
        let input_deviation: Vec<f64> = (0..second.outputs)
            .map(|o| {
                slopes(o)
                    .map(|s| (s * INPUT_STEPS).powi(2))
                    .sum::<f64>()
                    .sqrt()
            })
            .collect();
        let bootstraps = (second.inputs as f64).sqrt();
        let output_deviation = OUTPUT_TURN_NOISE * bootstraps / turns;
        let largest = (0..second.outputs).flat_map(slopes).fold(0.0, f64::max);
        let deviation = input_deviation
            .iter()
            .copied()
            .fold(0.0, f64::max)
            .hypot(output_deviation);
        let room = (0.5 - OUTPUT_TURN) / (deviation * turns);
        Ok(Self {
            input_deviation,
            output_deviation,
            log2_table_step: (largest * turns).log2() + 64.0,
            log2_output_noise: (OUTPUT_TURN_NOISE * bootstraps).log2() + 64.0,
            log2_failure: 1.0 - room * room / (2.0 * LN_2),
        })
    }

    /// The logit error's standard deviation for given features, for each output.
    pub fn deviation(&self, features: &[f32]) -> Vec<f64> {
        let squares = features.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
        let own = self.output_deviation;
        let parts = self.input_deviation.iter();
        parts.map(|d| d.hypot(own) * squares.sqrt()).collect()
    }
}

/// B_i of each unit in units of scaled features, and λ in turns for one unit of scaled logit.
pub(crate) fn torus_scales(ranges: &Ranges) -> (Vec<f64>, f64) {
    let hidden = ranges.hidden.iter().map(|b| b * FEATURE_NORM).collect();
    (hidden, OUTPUT_TURN / (ranges.output * FEATURE_NORM))
}
