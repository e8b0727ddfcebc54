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
    /// Whether an adapter beneath the head is released in the clear: to see what it tells by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub clear_adapter: bool,
}

impl Default for Rhe {
    /// Both roundings then move a logit of a head of some thousand features about as much.
    fn default() -> Self {
        Self {
            weight_bits: 11,
            feature_bits: 10,
            clear_adapter: false,
        }
    }
}

impl Rhe {
    /// Bounds of `weight_bits`.
    pub const WEIGHT_BITS: Whole = Whole::new(4, 20);
    /// Bounds of `feature_bits`.
    pub const FEATURE_BITS: Whole = Whole::new(2, 14);
    /// Most of `weight_bits` and twice `feature_bits` together: with more, the noise of a single
    /// feature's product could outgrow a message.
    pub const BITS: u32 = 45;
}

impl Options for Rhe {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        let Self {
            weight_bits,
            feature_bits,
            ..
        } = *self;
        let [weight, feature] = [weight_bits, feature_bits].map(|bits| bits as usize);
        Self::WEIGHT_BITS.one("weight_bits", weight, wrong);
        Self::FEATURE_BITS.one("feature_bits", feature, wrong);
        let within = |bounds: Whole, bits| bounds.refuses(&bits).is_none();
        if within(Self::WEIGHT_BITS, weight)
            && within(Self::FEATURE_BITS, feature)
            && weight_bits + 2 * feature_bits > Self::BITS
        {
            let most = (Self::BITS - weight_bits) / 2;
            let expected = format!("at most {most} bits beside weights of {weight_bits}");
            wrong(
                OutOfBounds::new("feature_bits", feature_bits, expected)
                    .hint("use fewer weight or feature bits"),
            );
        }
    }
}
