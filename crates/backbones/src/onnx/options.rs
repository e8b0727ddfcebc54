//! How images are brought to a network from an ONNX file, and what is taken from it.

use serde::{Deserialize, Serialize};

use crate::BackboneError;

/// What to run of an ONNX file, on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnnxOptions {
    /// How images are brought to the network.
    pub input: OnnxInput,
    /// The value taken as features, by its name in the file: an output, or any value on the way.
    pub output: String,
    /// Images that one thread takes at once. Files that fix the number have their own.
    pub batch: usize,
}

/// How images are brought to a network. An 8-bit pixel p becomes (p − mean) / std.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnnxInput {
    /// Height and width.
    pub size: [usize; 2],
    /// Subtracted from pixels that lie between 0 and 255: one number, or one a channel.
    pub mean: Vec<f32>,
    /// Divides what is left: one number, or one a channel.
    pub std: Vec<f32>,
    /// Order of the dimensions.
    pub layout: Layout,
    /// How images come to the size.
    pub resize: Resize,
}

/// Order of the dimensions of a batch of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Images, channels, rows, columns: PyTorch's.
    #[default]
    Nchw,
    /// Images, rows, columns, channels: TensorFlow's.
    Nhwc,
}

/// How images come to the network's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// A triangle filter: enlarging interpolates, shrinking averages (Pillow's `BILINEAR`).
    #[default]
    Bilinear,
    /// They have it already; others are refused.
    None,
}

/// Largest height, width and batch.
const MOST: usize = 4096;

impl Layout {
    /// Its word in a config.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        }
    }
}

impl OnnxOptions {
    /// Errors unless every option is possible.
    pub fn check(&self) -> Result<(), BackboneError> {
        let wrong = |option, value: String, reason| BackboneError::Option {
            option,
            value,
            reason,
        };
        let input = &self.input;
        if input.size.iter().any(|side| !(1..=MOST).contains(side)) {
            let [height, width] = input.size;
            let value = format!("{height} x {width}");
            return Err(wrong("size", value, "it must be between 1 and 4096"));
        }
        if !(1..=MOST).contains(&self.batch) {
            let value = self.batch.to_string();
            return Err(wrong("batch", value, "it must be between 1 and 4096"));
        }
        for (option, values) in [("mean", &input.mean), ("std", &input.std)] {
            if !matches!(values.len(), 1 | 3) || values.iter().any(|value| !value.is_finite()) {
                let reason = "it must be one number, or one for each of three channels";
                return Err(wrong(option, format!("{values:?}"), reason));
            }
        }
        if input.std.iter().any(|std| *std <= 0.0) {
            return Err(wrong(
                "std",
                format!("{:?}", input.std),
                "it must be above 0",
            ));
        }
        Ok(())
    }
}

impl OnnxInput {
    /// Channels, where mean or standard deviation is given for each.
    pub(super) fn channels(&self) -> Option<usize> {
        let most = self.mean.len().max(self.std.len());
        (most > 1).then_some(most)
    }

    /// Factor and summand of a channel: pixels in [-1, 1] times the one plus the other.
    pub(super) fn affine(&self, channel: usize) -> (f32, f32) {
        let of = |values: &[f32]| f64::from(*values.get(channel).unwrap_or(&values[0]));
        let (mean, std) = (of(&self.mean), of(&self.std));
        ((127.5 / std) as f32, ((127.5 - mean) / std) as f32)
    }
}
