//! The shapes of heads.

use serde::{Deserialize, Serialize};
use spec::{Activation, HeadKind};

use crate::TransferError;

/// A head's layers with their sizes.
///
/// Weights are one flat buffer of f32. Linear: K × (d+1), row-major, the bias last in each row.
/// MLP: hidden × (d+1), then outputs × (hidden+1), likewise. With an adapter on a layer of d/2 inputs and as many
/// units: the dense layer, K × (d/2+1), then A, rank × d/2, then B, d/2 × rank; features are that layer's outputs
/// before the ReLU, then its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeadShape {
    /// The layers.
    pub kind: HeadKind,
    /// Inputs d.
    pub features: usize,
    /// Classes K.
    pub classes: usize,
}

impl HeadShape {
    /// A linear head d → K.
    pub fn linear(features: usize, classes: usize) -> Self {
        Self {
            kind: HeadKind::Linear,
            features,
            classes,
        }
    }

    /// A head d → hidden → K, or d → hidden → 1 for two classes.
    pub fn mlp(features: usize, hidden: usize, activation: Activation, classes: usize) -> Self {
        Self {
            kind: HeadKind::Mlp { hidden, activation },
            features,
            classes,
        }
    }

    /// A head units → K with an adapter on the layer units → units beneath it.
    pub fn adapter(units: usize, rank: usize, classes: usize) -> Self {
        Self {
            kind: HeadKind::Adapter { rank },
            features: 2 * units,
            classes,
        }
    }

    /// Inputs of the dense layer that gives the logits.
    pub fn units(&self) -> usize {
        match self.kind {
            HeadKind::Linear => self.features,
            HeadKind::Mlp { hidden, .. } => hidden,
            HeadKind::Adapter { .. } => self.features / 2,
        }
    }

    /// Whether the head has a single logit whose sign tells two classes apart (positive: class 1).
    pub fn is_binary(&self) -> bool {
        self.classes == 2 && matches!(self.kind, HeadKind::Mlp { .. })
    }

    /// Number of logits: 1 for a binary head, else the number of classes.
    pub fn outputs(&self) -> usize {
        if self.is_binary() { 1 } else { self.classes }
    }

    /// Number of rows of the layer that stands first among the weights: classes, or hidden units.
    pub fn first_rows(&self) -> usize {
        match self.kind {
            HeadKind::Linear | HeadKind::Adapter { .. } => self.classes,
            HeadKind::Mlp { hidden, .. } => hidden,
        }
    }

    /// Numbers in a row of it, the bias included.
    pub fn first_width(&self) -> usize {
        match self.kind {
            HeadKind::Linear | HeadKind::Mlp { .. } => self.features + 1,
            HeadKind::Adapter { .. } => self.units() + 1,
        }
    }

    /// Number of its weights, biases included.
    pub fn first_len(&self) -> usize {
        self.first_rows() * self.first_width()
    }

    /// Number of weights behind them: of the second layer, biases included (0 for a linear head), or of the adapter.
    pub fn second_len(&self) -> usize {
        match self.kind {
            HeadKind::Linear => 0,
            HeadKind::Adapter { rank } => 2 * rank * self.units(),
            HeadKind::Mlp { hidden, .. } => self.outputs() * (hidden + 1),
        }
    }

    /// Number of weights, biases included.
    pub fn weight_len(&self) -> usize {
        self.first_len() + self.second_len()
    }

    /// Errors unless every size is possible.
    pub fn check(&self) -> Result<(), TransferError> {
        if self.features == 0 {
            return Err(setting("features", self.features, "at least 1"));
        }
        if self.classes < 2 {
            return Err(setting("classes", self.classes, "at least 2"));
        }
        match self.kind {
            HeadKind::Mlp { hidden: 0, .. } => Err(setting("hidden", 0, "at least 1")),
            HeadKind::Adapter { .. } if self.features % 2 == 1 => Err(setting(
                "features",
                self.features,
                "the outputs of the adapted layer and as many inputs",
            )),
            HeadKind::Adapter { rank } if rank == 0 || rank > self.units() => Err(setting(
                "rank",
                rank,
                "at least 1 and at most the width of the adapted layer",
            )),
            _ => Ok(()),
        }
    }
}

/// The error for a `setting` that is `value`.
pub(crate) fn setting(
    setting: &'static str,
    value: impl std::fmt::Display,
    expected: &'static str,
) -> TransferError {
    TransferError::Setting {
        setting,
        value: value.to_string(),
        expected,
    }
}
