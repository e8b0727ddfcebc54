//! The kinds of heads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{Bounds, Options, OutOfBounds, Whole};
use crate::word::words;

/// The classifier trained on features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Head")]
pub enum HeadKind {
    /// One dense layer: features → classes.
    #[default]
    Linear,
    /// One hidden layer: features → hidden → outputs.
    Mlp {
        /// Hidden units.
        hidden: usize,
        /// What follows the hidden layer.
        #[serde(default)]
        activation: Activation,
    },
    /// One dense layer, and beneath it a low-rank adapter on the backbone's last layer, trained with it (LoRA, Hu et
    /// al. 2021, arXiv:2106.09685): W + B A in place of W. All of A, B and the dense layer are released.
    Adapter {
        /// Rank of B A.
        rank: usize,
    },
}

impl HeadKind {
    /// Bounds of `hidden`.
    pub const HIDDEN: Whole = Whole::new(1, 65_536);
    /// Bounds of `rank`.
    pub const RANK: Whole = Whole::new(1, 4_096);

    /// What is said of such a head.
    pub fn described(self) -> &'static str {
        match self {
            Self::Linear => "a linear head",
            Self::Mlp { .. } => "a head with a hidden layer",
            Self::Adapter { .. } => "a head with an adapter beneath it",
        }
    }

    /// Its word in configs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Mlp { .. } => "mlp",
            Self::Adapter { .. } => "adapter",
        }
    }

    /// Whether the backbone's last layer is tuned along.
    pub fn is_adapter(self) -> bool {
        matches!(self, Self::Adapter { .. })
    }
}

impl Options for HeadKind {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        match *self {
            Self::Linear => {}
            Self::Mlp { hidden, .. } => Self::HIDDEN.one("hidden", hidden, wrong),
            Self::Adapter { rank } => Self::RANK.one("rank", rank, wrong),
        }
    }
}

words! {
    /// The non-linearity between the layers of a head.
    #[derive(Default)]
    pub enum Activation of "activation" {
        /// max(0, x).
        #[default]
        Relu = "relu",
        /// x².
        Square = "square",
    }
}

impl Activation {
    /// The activation's value at `x`.
    pub fn value(self, x: f32) -> f32 {
        match self {
            Self::Relu => x.max(0.0),
            Self::Square => x * x,
        }
    }

    /// The activation's derivative at `x` (0 at ReLU's kink, as in PyTorch).
    pub fn slope(self, x: f32) -> f32 {
        match self {
            Self::Relu if x > 0.0 => 1.0,
            Self::Relu => 0.0,
            Self::Square => 2.0 * x,
        }
    }
}

/// An attack or a defence does not exist for a kind of head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} does not go with {head}\nhint: {hint}")]
pub struct Unsuited {
    /// The attack or defence.
    pub what: &'static str,
    /// The head.
    pub head: &'static str,
    /// What goes with it.
    pub hint: &'static str,
}
