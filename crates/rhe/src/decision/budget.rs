//! Ranges and precision of decisions: see the derivation in the module's documentation.

use crate::bootstrap::{INPUT_STEPS, OUTPUT_TURN_NOISE};
use crate::error::RheError;
use crate::head::{Dense, PlainHead, image_count};
use crate::parameters::{MAX_LOG2_FAILURE, POLYNOMIAL_SIZE};
use std::f64::consts::LN_2;

/// Most classes that a decision is sure about: see [`DecisionBudget::log2_failure`].
pub const MAX_CLASSES: usize = 22;

/// Torus units of 2^-64 between two messages of a result: 1/64 of a turn.
pub(super) const MESSAGE_STEP: u64 = 1 << 58;

/// Head room above the largest difference met in a calibration.
const ROOM: f64 = 1.25;

/// a = 1/(4(K − 1)) of a turn, what a comparison counts.
pub(super) fn sign_amplitude(classes: usize) -> u64 {
    (1 << 62) / (classes as u64 - 1)
}

/// The error of a head with more classes than a decision takes.
pub(crate) fn too_many_classes(classes: usize) -> RheError {
    RheError::setting(
        format!("decisions among {classes} classes"),
        format!("1 to {MAX_CLASSES} are supported; reveal the logits' classes instead"),
    )
}

/// B: above every |L_i − L_j| (or |L| of a single logit) *for features [f; 1] of norm one*. A part
/// of the owner's secret: it is derived from the weights and never leaves in the clear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecisionRange(pub(super) f64);

impl DecisionRange {
    /// A bound for every feature vector, by Cauchy-Schwarz.
    pub fn guaranteed(head: &PlainHead) -> Result<Self, RheError> {
        let layer = one_layer(head)?;
        let rows: Vec<&[f32]> = layer.weights.chunks_exact(layer.inputs + 1).collect();
        let norm = |terms: &mut dyn Iterator<Item = f64>| terms.map(|w| w * w).sum::<f64>().sqrt();
        let mut bound = 0f64;
        for (i, a) in rows.iter().enumerate() {
            if rows.len() == 1 {
                bound = norm(&mut a.iter().map(|&w| f64::from(w)));
            }
            for b in &rows[..i] {
                let pairs = a.iter().zip(b.iter());
                bound = bound.max(norm(&mut pairs.map(|(&a, &b)| f64::from(a) - f64::from(b))));
            }
        }
        Ok(Self::at_least_something(bound))
    }

    /// A bound from the largest difference over sample features (`rows × d`, such as public
    /// images'), with a quarter of head room, and never above the guaranteed one.
    pub fn calibrated(head: &PlainHead, features: &[f32]) -> Result<Self, RheError> {
        one_layer(head)?;
        image_count(features, head.features())?;
        let mut largest = 0f64;
        for row in features.chunks_exact(head.features()) {
            let squares = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
            let logits = head.logits(row)?;
            let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let least = logits.iter().copied().fold(f64::INFINITY, f64::min);
            let spread = match logits[..] {
                [logit] => logit.abs(),
                _ => most - least,
            };
            largest = largest.max(spread / squares.sqrt() * ROOM);
        }
        let bound = Self::guaranteed(head)?.0;
        Ok(Self::at_least_something(largest.min(bound)))
    }

    /// Heads that tell nothing apart still need a scale that can be divided by.
    fn at_least_something(bound: f64) -> Self {
        Self(if bound <= f64::from(f32::MIN_POSITIVE) {
            1.0
        } else {
            bound
        })
    }
}

/// What noise does to the decisions of one head. Derived from the weights: for the owner only.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct DecisionBudget {
    /// σ: standard deviation of a comparison's error, in logit units, for features [f; 1] of norm
    /// one (it grows in proportion to the norm).
    pub deviation: f64,
    /// The margin from which on a comparison is right but for a probability of 2^-64, for norm one.
    pub resolution: f64,
    /// Bound, as log2, on the probability that a winner of all comparisons is not seen as one, or
    /// another class is.
    pub log2_failure: f64,
    /// Bootstraps an image takes.
    pub bootstraps: usize,
}

impl DecisionBudget {
    /// Works the budget out for K classes.
    pub fn new(classes: usize, range: DecisionRange) -> Result<Self, RheError> {
        if classes == 0 || classes > MAX_CLASSES {
            return Err(too_many_classes(classes));
        }
        let steps = (2 * POLYNOMIAL_SIZE) as f64;
        let deviation = INPUT_STEPS / steps * 2.0 * range.0;
        // Wins: margins of a = 1/(4(K − 1)), K of them, each with the noise of a bootstrap's input
        // and of K − 1 bootstraps added.
        let others = (classes as f64 - 1.0).max(1.0);
        let noise = (INPUT_STEPS / steps).hypot(OUTPUT_TURN_NOISE * others.sqrt());
        let margin = if classes == 1 {
            f64::INFINITY
        } else {
            0.25 / others
        };
        let wins = 1.0 + (classes as f64).log2() - (margin / noise).powi(2) / (2.0 * LN_2);
        let half_step = MESSAGE_STEP as f64 / 2f64.powi(65);
        let last = OUTPUT_TURN_NOISE * (classes as f64).sqrt();
        let read = 1.0 - (half_step / last).powi(2) / (2.0 * LN_2);
        Ok(Self {
            deviation,
            resolution: deviation * (2.0 * LN_2 * (1.0 - MAX_LOG2_FAILURE)).sqrt(),
            log2_failure: wins.max(read),
            bootstraps: if classes == 1 {
                1
            } else {
                classes * (classes + 1) / 2
            },
        })
    }
}

/// The layer of a linear head.
pub(super) fn one_layer(head: &PlainHead) -> Result<&Dense, RheError> {
    let [layer] = head.layers() else {
        return Err(RheError::head(format!(
            "it has {} layers, a linear head has one",
            head.layers().len()
        )));
    };
    if layer.outputs > MAX_CLASSES {
        return Err(too_many_classes(layer.outputs));
    }
    Ok(layer)
}
