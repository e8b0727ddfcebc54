//! A transposed convolution that doubles height and width: kernel 4, stride 2, padding 1.
//!
//! Activations are [height, width, channels]. Input pixel (i, j) adds a 4×4 patch of weighted
//! outputs at rows 2i−1..2i+3 and columns 2j−1..2j+3; every output pixel is covered by four patches
//! (two at an edge, one in a corner). All patches of a batch are one matrix product.

use layers::AdamStep;
use rayon::prelude::*;

use super::dense::Dense;

/// Height and width of a patch.
pub(super) const KERNEL: usize = 4;
/// Places in a patch.
const PLACES: usize = KERNEL * KERNEL;

/// What a transposed convolution maps: `height × width × inputs` to
/// `2·height × 2·width × outputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UpShape {
    /// Height of the input.
    pub height: usize,
    /// Width of the input.
    pub width: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Channels of the output.
    pub outputs: usize,
    /// Whether the output is laid out channel by channel, as images are.
    pub planar: bool,
}

impl UpShape {
    fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Length of one row of input.
    pub(crate) fn input_len(self) -> usize {
        self.pixels() * self.inputs
    }

    /// Length of one row of output.
    pub(crate) fn output_len(self) -> usize {
        4 * self.pixels() * self.outputs
    }

    /// Calls `visit(place in the patches, place in the output)` for every output pixel that every
    /// patch reaches; both are places of the first channel, and channels lie `stride` apart.
    fn visit(self, mut visit: impl FnMut(usize, usize)) {
        let (height, width) = (2 * self.height, 2 * self.width);
        let step = if self.planar { 1 } else { self.outputs };
        for i in 0..self.height {
            for j in 0..self.width {
                let patch = (i * self.width + j) * PLACES * self.outputs;
                for ki in 0..KERNEL {
                    let Some(y) = (2 * i + ki).checked_sub(1).filter(|&y| y < height) else {
                        continue;
                    };
                    for kj in 0..KERNEL {
                        let Some(x) = (2 * j + kj).checked_sub(1).filter(|&x| x < width) else {
                            continue;
                        };
                        let place = patch + (ki * KERNEL + kj) * self.outputs;
                        visit(place, (y * width + x) * step);
                    }
                }
            }
        }
    }

    /// Distance between channels of one output pixel.
    fn stride(self) -> usize {
        if self.planar { 4 * self.pixels() } else { 1 }
    }
}

/// Weights and biases of a transposed convolution.
#[derive(Clone, Debug)]
pub(crate) struct UpConv {
    pub shape: UpShape,
    /// From an input pixel's channels to its patch, place by place; its biases stay zero.
    pub patches: Dense,
    /// One bias an output channel, as a layer without inputs would hold it.
    pub bias: Dense,
}

impl UpConv {
    /// Uniform weights that keep the variance of activations up to `gain`, zero biases.
    pub fn random(shape: UpShape, gain: f32, rng: &mut impl rand::Rng) -> Self {
        // Four patches meet in an output pixel.
        let patches = Dense::random(shape.inputs, PLACES * shape.outputs, gain / 4.0, rng);
        Self::new(shape, patches.layer.weight, vec![0.0; shape.outputs])
    }

    /// A layer of given parameters: weights `[16·outputs, inputs]` and biases `[outputs]`.
    pub fn new(shape: UpShape, weights: Vec<f32>, bias: Vec<f32>) -> Self {
        let places = PLACES * shape.outputs;
        let none = vec![0.0; shape.outputs];
        Self {
            shape,
            patches: Dense::new(shape.inputs, places, weights, vec![0.0; places]),
            bias: Dense::new(1, shape.outputs, none, bias),
        }
    }

    /// Outputs of `n` rows of `x`; `scratch` is overwritten.
    pub fn forward(&self, x: &[f32], n: usize, y: &mut [f32], scratch: &mut Vec<f32>) {
        let shape = self.shape;
        let patch_len = shape.pixels() * PLACES * shape.outputs;
        scratch.resize(n * patch_len, 0.0);
        self.patches.layer.forward(x, scratch);
        let stride = shape.stride();
        for (out, patches) in y
            .chunks_mut(shape.output_len())
            .zip(scratch.chunks(patch_len))
        {
            for (at, out) in out.iter_mut().enumerate() {
                let channel = if shape.planar {
                    at / stride
                } else {
                    at % shape.outputs
                };
                *out = self.bias.layer.bias[channel];
            }
            shape.visit(|place, pixel| {
                for channel in 0..shape.outputs {
                    out[pixel + channel * stride] += patches[place + channel];
                }
            });
        }
    }

    /// Gradient with respect to `x`; `scratch` is overwritten.
    pub fn backward(&self, dy: &[f32], n: usize, dx: &mut [f32], scratch: &mut Vec<f32>) {
        let patch_len = self.shape.pixels() * PLACES * self.shape.outputs;
        scratch.resize(n * patch_len, 0.0);
        for (dy, patches) in dy
            .chunks(self.shape.output_len())
            .zip(scratch.chunks_mut(patch_len))
        {
            self.gather(dy, patches);
        }
        self.patches.layer.backward(scratch, dx);
    }

    /// Adam's update from inputs and output gradients of `n` rows.
    pub fn update(&mut self, x: &[f32], dy: &[f32], n: usize, step: AdamStep) {
        let shape = self.shape;
        let patch_len = shape.pixels() * PLACES * shape.outputs;
        let mut patches = vec![0.0; n * patch_len];
        patches
            .par_chunks_mut(patch_len)
            .zip(dy.par_chunks(shape.output_len()))
            .for_each(|(patches, dy)| self.gather(dy, patches));
        self.patches.update_weights(x, &patches, step);
        let stride = shape.stride();
        let mut sums = vec![0.0; shape.outputs];
        for dy in dy.chunks(shape.output_len()) {
            for (at, slope) in dy.iter().enumerate() {
                let channel = if shape.planar {
                    at / stride
                } else {
                    at % shape.outputs
                };
                sums[channel] += slope;
            }
        }
        self.bias.update_bias(&sums, step);
    }

    /// The gradient with respect to one row's patches.
    fn gather(&self, dy: &[f32], patches: &mut [f32]) {
        let (outputs, stride) = (self.shape.outputs, self.shape.stride());
        patches.fill(0.0);
        self.shape.visit(|place, pixel| {
            for channel in 0..outputs {
                patches[place + channel] = dy[pixel + channel * stride];
            }
        });
    }
}
