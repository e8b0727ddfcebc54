//! Networks from ONNX files.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::OneOrMany;
use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::word::words;

/// A network from an ONNX file, as `torch.onnx.export` writes one: what is run of it, and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Onnx {
    /// The file. Weights that it keeps in files of their own lie beside it.
    pub file: PathBuf,
    /// The value taken as features, by its name in the file: an output, or any value on the way.
    pub output: String,
    /// How images are brought to the network.
    pub input: OnnxInput,
    /// Images that one thread takes at once; files that fix the number have their own.
    #[serde(default = "batch")]
    pub batch: usize,
    /// What runs it.
    #[serde(default, skip_serializing_if = "Runtime::is_built_in")]
    pub runtime: Runtime,
    /// ONNX Runtime's library (`libonnxruntime.so`, `onnxruntime.dll`, ..; 1.18 or later) for
    /// `runtime: onnxruntime`; where it is left out, the environment variable ORT_DYLIB_PATH names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
}

words! {
    /// What runs a network from an ONNX file.
    #[derive(Default)]
    pub enum Runtime of "runtime" {
        /// Rhea itself, in pure Rust.
        #[default]
        BuiltIn = "built_in",
        /// ONNX Runtime, through a library of the user's.
        OnnxRuntime = "onnxruntime",
    }
}

impl Runtime {
    fn is_built_in(&self) -> bool {
        *self == Self::BuiltIn
    }
}

/// How images are brought to a network. An 8-bit pixel p becomes (p − mean) / std.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnnxInput {
    /// Side of the images, or height and width.
    pub size: OneOrMany<usize>,
    /// Subtracted from pixels that lie between 0 and 255: one number, or one a channel.
    pub mean: OneOrMany<f64>,
    /// Divides what is left: one number, or one a channel.
    pub std: OneOrMany<f64>,
    /// Order of the dimensions.
    #[serde(default)]
    pub layout: Layout,
    /// How images come to the size.
    #[serde(default)]
    pub resize: Resize,
}

words! {
    /// Order of the dimensions of a batch of images.
    #[derive(Default)]
    pub enum Layout of "layout" {
        /// Images, channels, rows, columns: PyTorch's.
        #[default]
        Nchw = "nchw",
        /// Images, rows, columns, channels: TensorFlow's.
        Nhwc = "nhwc",
    }
}

words! {
    /// How images come to a network's size.
    #[derive(Default)]
    pub enum Resize of "resize" {
        /// A triangle filter: enlarging interpolates, shrinking averages (Pillow's `BILINEAR`).
        #[default]
        Bilinear = "bilinear",
        /// They have it already; others are refused.
        None = "none",
    }
}

fn batch() -> usize {
    4
}

impl Onnx {
    /// Bounds of `batch`.
    pub const BATCH: Whole = Whole::new(1, 4_096);
}

impl OnnxInput {
    /// Bounds of `size`.
    pub const SIZE: Whole = Whole::new(1, 4_096);
    /// Bounds of `mean`.
    pub const MEAN: Real = Real::new(-1e6, 1e6);
    /// Bounds of `std`.
    pub const STD: Real = Real::new(1e-6, 1e6);

    /// Height and width.
    pub fn sides(&self) -> [usize; 2] {
        match self.size.values.as_slice() {
            &[height, width] => [height, width],
            sides => [sides.first().copied().unwrap_or(1); 2],
        }
    }

    /// What is said of it.
    pub fn described(&self) -> String {
        let [height, width] = self.sides();
        let (mean, std) = (&self.mean.values, &self.std.values);
        format!(
            "{height} x {width}, mean {mean:?}, deviation {std:?}, {}, {}",
            self.layout, self.resize
        )
    }

    /// Channels, where mean or standard deviation is given for each.
    pub fn channels(&self) -> Option<usize> {
        let most = self.mean.values.len().max(self.std.values.len());
        (most > 1).then_some(most)
    }

    /// Factor and summand of a channel: pixels in [-1, 1] times the one plus the other.
    pub fn affine(&self, channel: usize) -> (f32, f32) {
        let of = |values: &[f64], other: f64| {
            let own = values.get(channel).or(values.first());
            own.copied().unwrap_or(other)
        };
        let (mean, std) = (of(&self.mean.values, 0.0), of(&self.std.values, 1.0));
        ((127.5 / std) as f32, ((127.5 - mean) / std) as f32)
    }
}

impl Options for Onnx {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        for (option, empty) in [
            ("file", self.file.as_os_str().is_empty()),
            ("output", self.output.is_empty()),
        ] {
            if empty {
                wrong(OutOfBounds::new(option, "an empty text", "a name"));
            }
        }
        Self::BATCH.one("batch", self.batch, wrong);
        if let Some(library) = self.library.as_ref().filter(|_| self.runtime.is_built_in()) {
            let found = library.display().to_string();
            wrong(OutOfBounds::new(
                "library",
                found,
                "it beside `runtime: onnxruntime`",
            ));
        }
    }
}

impl Options for OnnxInput {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        let mut count = |option, found: usize, allowed: [usize; 2], expected: &str| {
            if !allowed.contains(&found) {
                let found = format!("a list of {found}");
                wrong(OutOfBounds::new(option, found, expected));
            }
        };
        count(
            "size",
            self.size.values.len(),
            [1, 2],
            "a side, or height and width",
        );
        for (option, values) in [("mean", &self.mean), ("std", &self.std)] {
            let expected = "one number, or one for each of three channels";
            count(option, values.values.len(), [1, 3], expected);
        }
        for &side in &self.size.values {
            Self::SIZE.one("size", side, wrong);
        }
        for (option, bounds, values) in [
            ("mean", Self::MEAN, &self.mean),
            ("std", Self::STD, &self.std),
        ] {
            for &value in &values.values {
                bounds.one(option, value, wrong);
            }
        }
    }
}
