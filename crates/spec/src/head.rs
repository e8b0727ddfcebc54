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
}

impl HeadKind {
    /// Bounds of `hidden`.
    pub const HIDDEN: Whole = Whole::new(1, 65_536);

    /// What is said of such a head.
    pub fn described(self) -> &'static str {
        match self {
            Self::Linear => "a linear head",
            Self::Mlp { .. } => "a head with a hidden layer",
        }
    }
}

impl Options for HeadKind {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        if let Self::Mlp { hidden, .. } = *self {
            Self::HIDDEN.one("hidden", hidden, wrong);
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
