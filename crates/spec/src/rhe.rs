//! Options of reverse homomorphic encryption.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{Bounds, Options, OutOfBounds, Whole};

/// Reverse homomorphic encryption of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rhe {
    /// Bits of a quantised weight, sign included.
    pub weight_bits: u32,
    /// Bits of a quantised feature's magnitude.
    pub feature_bits: u32,
}

impl Default for Rhe {
    fn default() -> Self {
        Self {
            weight_bits: 12,
            feature_bits: 8,
        }
    }
}

impl Rhe {
    /// Bounds of `weight_bits`.
    pub const WEIGHT_BITS: Whole = Whole::new(4, 20);
    /// Bounds of `feature_bits`.
    pub const FEATURE_BITS: Whole = Whole::new(2, 14);
}

impl Options for Rhe {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Self::WEIGHT_BITS.one("weight_bits", self.weight_bits as usize, wrong);
        Self::FEATURE_BITS.one("feature_bits", self.feature_bits as usize, wrong);
    }
}
