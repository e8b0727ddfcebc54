//! The frozen network.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::onnx::Onnx;
use crate::word::words;

/// The frozen public network and where its weights come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Backbone {
    /// The small VGG, pre-trained on `data.source`.
    VggTiny {
        /// Channels of the first convolution; the others are 2, 4 and 8 times as many.
        #[serde(default = "defaults::width")]
        width: usize,
        /// Width d of the features.
        #[serde(default = "defaults::features")]
        features: usize,
        /// Passes over the source data.
        #[serde(default = "defaults::epochs")]
        epochs: usize,
        /// Images a step.
        #[serde(default = "defaults::batch")]
        batch: usize,
        /// Adam's step size at the start.
        #[serde(default = "defaults::learning_rate")]
        learning_rate: f64,
    },
    /// Weights trained elsewhere.
    Imported {
        /// The weights: `.safetensors` or `.pth`.
        file: PathBuf,
        /// The network they belong to.
        architecture: ImportedArchitecture,
    },
    /// A network of any origin, from an ONNX file.
    Onnx(Onnx),
    /// No network: the data are features already.
    Features,
}

words! {
    /// Networks whose weights can be imported.
    pub enum ImportedArchitecture of "architecture" {
        /// The small VGG, as saved by a run.
        VggTiny = "vgg_tiny",
        /// ResNet-20 for CIFAR-10.
        Resnet20 = "resnet20",
        /// MobileNet v1, a quarter as wide.
        MobilenetV1025 = "mobilenet_v1025",
    }
}

impl Backbone {
    /// Bounds of `width`.
    pub const WIDTH: Whole = Whole::new(1, 4_096);
    /// Bounds of `features`.
    pub const FEATURES: Whole = Whole::new(1, 4_096);
    /// Bounds of `epochs`.
    pub const EPOCHS: Whole = Whole::new(1, 100_000);
    /// Bounds of `batch`: batch normalisation takes more than one image.
    pub const BATCH: Whole = Whole::new(2, 65_536);
    /// Bounds of `learning_rate`.
    pub const LEARNING_RATE: Real = Real::POSITIVE;
}

impl Options for Backbone {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        if let Self::VggTiny {
            width,
            features,
            epochs,
            batch,
            learning_rate,
        } = *self
        {
            Self::WIDTH.one("width", width, wrong);
            Self::FEATURES.one("features", features, wrong);
            Self::EPOCHS.one("epochs", epochs, wrong);
            Self::BATCH.one("batch", batch, wrong);
            Self::LEARNING_RATE.one("learning_rate", learning_rate, wrong);
        }
    }
}

impl Default for Backbone {
    fn default() -> Self {
        Self::VggTiny {
            width: defaults::width(),
            features: defaults::features(),
            epochs: defaults::epochs(),
            batch: defaults::batch(),
            learning_rate: defaults::learning_rate(),
        }
    }
}

mod defaults {
    pub fn width() -> usize {
        16
    }
    pub fn features() -> usize {
        1024
    }
    pub fn epochs() -> usize {
        3
    }
    pub fn batch() -> usize {
        64
    }
    pub fn learning_rate() -> f64 {
        1e-3
    }
}
