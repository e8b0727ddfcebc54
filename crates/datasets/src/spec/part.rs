//! Parts and splits in which datasets are published.

use serde::{Deserialize, Serialize};

use crate::{IdxAxes, IdxOptions};

/// Which part of a published dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The training part.
    Train,
    /// The test (or validation) part.
    Test,
    /// Both, as far as they are there.
    All,
}

/// The splits in which EMNIST is published.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EmnistSplit {
    /// 26 letters, capital and small together.
    #[default]
    Letters,
    /// Ten digits.
    Digits,
    /// 47 classes, as many of each.
    Balanced,
    /// 62 classes.
    ByClass,
    /// 47 classes.
    ByMerge,
    /// Ten digits, as MNIST.
    Mnist,
}

impl EmnistSplit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Letters => "letters",
            Self::Digits => "digits",
            Self::Balanced => "balanced",
            Self::ByClass => "byclass",
            Self::ByMerge => "bymerge",
            Self::Mnist => "mnist",
        }
    }

    pub(super) fn options(self) -> IdxOptions {
        let (classes, first_label) = match self {
            Self::Letters => (26, 1),
            Self::Digits | Self::Mnist => (10, 0),
            Self::Balanced | Self::ByMerge => (47, 0),
            Self::ByClass => (62, 0),
        };
        IdxOptions {
            classes,
            first_label,
            axes: IdxAxes::Columns,
            side: 32,
        }
    }
}
