//! The plaintext space: how large noise, flood and messages are.

use super::ring::{ERROR_BOUND, SIZE, modulus};
use crate::error::RheError;
use crate::packing::Packing;
use crate::quantise::Precision;

/// log2 of the statistical distance between results of equal logits.
pub(crate) const LOG2_DISTANCE: i32 = -40;

/// Features may be this many times the largest of the calibration.
const HEAD_ROOM: i64 = 4;

/// Biases may be this many times the largest weight before weights lose resolution.
const BIAS_RANGE: i64 = 16;

/// Bits of a feature's magnitude, more than elsewhere: head room costs two of them.
const FEATURE_BITS: u32 = 12;

/// What is public about a private head or a result of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PrivateShape {
    pub(crate) packing: Packing,
    pub(crate) weight_bits: u32,
    pub(crate) space: Space,
}

/// A function of the shape and the precision alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Space {
    /// X, the largest magnitude of a quantised feature.
    pub(crate) max_feature: i64,
    /// β, the same for every image.
    pub(crate) scale: i64,
    /// M, the largest magnitude of an integer logit.
    pub(crate) max_logit: i64,
    /// V, above the noise of a logit before the flood.
    pub(crate) noise: i128,
    /// F, the flood's bound.
    pub(crate) flood: i128,
    /// Δ, the distance of neighbouring messages: more than twice V + F.
    pub(crate) delta: i128,
}

impl PrivateShape {
    pub(crate) fn new(features: usize, classes: usize, weight_bits: u32) -> Result<Self, RheError> {
        // The bounds of a precision are the same in all schemes.
        Precision {
            weight_bits,
            ..Precision::default()
        }
        .space(1)?;
        let packing = Packing::of_size(features, classes, SIZE)?;
        let refused = |what: &str| {
            RheError::setting(
                format!("{weight_bits}-bit weights over {features} features and {classes} classes"),
                format!("{what}\nhint: use fewer weight bits"),
            )
        };
        let (d, max_weight) = (features as i64, (1i64 << (weight_bits - 1)) - 1);
        let max_feature = (1i64 << FEATURE_BITS) - 1;
        let scale = (max_feature + 1) / HEAD_ROOM;
        let max_logit = max_feature * d * max_weight + BIAS_RANGE * max_weight * scale;
        // Σ|x̂_j|·|e_j| + |e_b| + Σ|u_i|·|e_p,i| + Σ|e1_i|·|s_i|.
        let products = i128::from(max_feature) * i128::from(d) + 1 + 2 * SIZE as i128;
        let noise = i128::from(ERROR_BOUND) * products;
        let flood = (classes as i128 * noise) << (-LOG2_DISTANCE - 1);
        let delta = 2 * (noise + flood) + 1;
        if (i128::from(max_logit) + 1)
            .checked_mul(delta)
            .is_none_or(|most| most > modulus() / 2)
        {
            return Err(refused(
                "the noise that hides the features leaves no room for the logits",
            ));
        }
        Ok(Self {
            packing,
            weight_bits,
            space: Space {
                max_feature,
                scale,
                max_logit,
                noise,
                flood,
                delta,
            },
        })
    }

    /// How the layer is quantised: by its weight bits; features have their own fixed step.
    pub(crate) fn precision(&self) -> Precision {
        Precision {
            weight_bits: self.weight_bits,
            ..Precision::default()
        }
    }
}

impl Space {
    /// log2 of the bound on the statistical distance, K·V/(2F + 1).
    pub(crate) fn log2_distance(&self, classes: usize) -> f64 {
        (classes as f64 * self.noise as f64 / (2.0 * self.flood as f64 + 1.0)).log2()
    }
}
