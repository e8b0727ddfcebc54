//! What is public about a linear head: its shape, its precision, and what follows from them.

use crate::error::RheError;
use crate::modular::{from_signed, mul};
use crate::quantise::{BIAS_RANGE, PlaintextSpace, Precision, QuantisedLinear};

/// Most features of a head.
const MAX_FEATURES: usize = 1 << 20;
/// Most classes of a head.
const MAX_CLASSES: usize = 1 << 16;

/// The shape and precision of a linear head or of a result of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LinearShape {
    pub(crate) features: usize,
    pub(crate) classes: usize,
    pub(crate) precision: Precision,
    pub(crate) space: PlaintextSpace,
}

impl LinearShape {
    pub(crate) fn new(
        features: usize,
        classes: usize,
        precision: Precision,
    ) -> Result<Self, RheError> {
        if !(1..=MAX_FEATURES).contains(&features) || !(1..=MAX_CLASSES).contains(&classes) {
            return Err(RheError::head(format!(
                "it maps {features} features to {classes} classes; 1 to {MAX_FEATURES} and 1 to \
                 {MAX_CLASSES} are supported"
            )));
        }
        Ok(Self {
            features,
            classes,
            precision,
            space: precision.space(features)?,
        })
    }

    /// Numbers of a class: its weights and its bias.
    pub(crate) fn row(&self) -> usize {
        self.features + 1
    }

    /// Numbers of a head, K·(d + 1).
    pub(crate) fn words(&self) -> usize {
        self.classes * self.row()
    }

    /// Δ·ŵ and, last in each row, Δ·b̂, as residues.
    pub(crate) fn messages(&self, head: &QuantisedLinear) -> Vec<u64> {
        let message = |value: i64| mul(from_signed(value), self.space.delta);
        let rows = head.weights.chunks_exact(self.features).zip(&head.biases);
        rows.flat_map(|(row, &bias)| {
            let row = row.iter().map(|&w| i64::from(w));
            row.chain([bias]).map(message).collect::<Vec<_>>()
        })
        .collect()
    }

    /// Whether an honest classifier can have quantised an image to these numbers.
    pub(crate) fn admits(&self, scale: u32, features: &[i16]) -> bool {
        let space = &self.space;
        let magnitudes = features.iter().map(|x| u32::from(x.unsigned_abs()));
        let (sum, largest) = magnitudes.fold((0u64, 0), |(sum, largest), x| {
            (sum + u64::from(x), x.max(largest))
        });
        (1..=space.max_scale).contains(&scale)
            && largest <= space.max_feature
            && sum + BIAS_RANGE as u64 * u64::from(scale) <= space.max_sum
    }
}
