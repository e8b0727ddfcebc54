//! What rounding can do to a logit, for the owner who reads it.
//!
//! Row k's logit errs by Σ_j w_kj·r_j from the features, |r_j| ≤ 1/(2β), and by Σ_j ρ_j·x̂_j/β from
//! the weights and the bias, |ρ_j| ≤ s_k/2. Rounding errors behave as independent uniform ones,
//! which gives the standard deviation
//!
//! σ_k = √((‖w_k‖² + s_k²·(‖x̂‖² + β²)) / 12) / β.
//!
//! Two classes whose logits are closer than [`CERTAINTY`]·(σ_k + σ_l) are not told apart by the
//! rounded head.

use super::QuantisedLinear;
use crate::head::Dense;

/// Standard deviations within which two logits are not told apart: beyond them rounding changes
/// the order of two once in 16 000 times.
pub(crate) const CERTAINTY: f64 = 4.0;

/// Step and norm of each row: what the owner needs to tell how far rounding reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// s_k.
    pub steps: Vec<f64>,
    /// ‖w_k‖₂ without the bias, of the weights as they were encrypted.
    pub norms: Vec<f64>,
}

impl Rounding {
    /// Of a layer and what became of it.
    pub fn new(layer: &Dense, quantised: &QuantisedLinear) -> Self {
        let norm = |k: usize| {
            let squares = layer.row(k).iter().map(|&w| f64::from(w).powi(2));
            squares.sum::<f64>().sqrt()
        };
        Self {
            steps: quantised.steps.clone(),
            norms: (0..layer.outputs).map(norm).collect(),
        }
    }

    /// σ_k of each row for an image of scale β and ‖x̂‖² + β² = `norm`.
    pub fn deviations(&self, scale: u32, norm: u64) -> Vec<f64> {
        let rows = self.steps.iter().zip(&self.norms);
        rows.map(|(step, weights)| {
            let variance = (weights * weights + step * step * norm as f64) / 12.0;
            variance.sqrt() / f64::from(scale)
        })
        .collect()
    }

    /// As the numbers that are sealed: steps, then norms.
    pub(crate) fn to_numbers(&self) -> Vec<f64> {
        [&self.steps[..], &self.norms[..]].concat()
    }

    /// Of 2·K numbers.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Self {
        let (steps, norms) = numbers.split_at(numbers.len() / 2);
        Self {
            steps: steps.to_vec(),
            norms: norms.to_vec(),
        }
    }
}

/// Whether the class of these logits could be another's: one is within [`CERTAINTY`] deviations of
/// the largest, or a single one of zero.
pub(crate) fn uncertain(values: &[f64], deviations: &[f64]) -> bool {
    let reach = |k: usize| CERTAINTY * deviations[k];
    match values {
        [only] => only.abs() <= reach(0) && reach(0) > 0.0,
        _ => {
            let best = crate::head::class_of(values);
            (0..values.len()).any(|k| {
                k != best && reach(k) > 0.0 && values[best] - values[k] <= reach(k) + reach(best)
            })
        }
    }
}
