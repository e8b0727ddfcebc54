//! Words of the CryptoTL protocol: encrypted inputs, weights in the clear.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::bounds::Whole;
use crate::dp_sgd::DpSgd;
use crate::word::words;

/// Fine-tuning plain or private.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "")]
#[schemars(rename = "FineTuning", bound = "")]
#[expect(
    clippy::large_enum_variant,
    reason = "there are as many as cells, and each is read in one place"
)]
pub enum FineTuning<A: Arity = One> {
    /// Without DP.
    None,
    /// With DP-SGD.
    DpSgd(DpSgd<A>),
}

impl FineTuning<Many> {
    /// One for each strength and each clipping norm.
    pub fn expand(&self) -> Vec<FineTuning> {
        match self {
            Self::None => vec![FineTuning::None],
            Self::DpSgd(dp) => dp.expand().into_iter().map(FineTuning::DpSgd).collect(),
        }
    }
}

/// How texts become vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Embedding {
    /// Hashed word and character n-grams.
    Hashing {
        /// Length of a vector.
        width: usize,
    },
    /// They are vectors already.
    Precomputed,
}

impl Embedding {
    /// Length of a hashed vector, for want of another.
    pub const HASHED: usize = 768;
    /// Bounds of the length of a hashed vector.
    pub const WIDTH: Whole = Whole::new(16, 2_048);
}

words! {
    /// Polynomial that stands for an activation.
    #[derive(Default)]
    pub enum Polynomial of "polynomial" {
        /// The paper's cubic.
        #[default]
        Cubic = "cubic",
        /// x².
        Square = "square",
    }
}

words! {
    /// CKKS parameter sets; both hold 128 bits.
    #[derive(Default)]
    pub enum CkksSet of "set of CKKS parameters" {
        /// Ring degree 8 192.
        #[default]
        Fast = "fast",
        /// Ring degree 16 384.
        Accurate = "accurate",
    }
}
