//! Convolutions of each channel by itself, which general runtimes leave slow: half of the work of
//! mobile networks.
//!
//! For stride s the padded plane of a channel is dealt out into s² planes, one for each remainder
//! of row and column. Every tap then reads one of them, moved by a fixed distance, so that
//! out = bias + Σ_tap w · plane[offset + i] runs along whole planes instead of short rows (what it
//! finds between the rows is left behind). Sums have one order on every processor.

use pulp::{Arch, WithSimd};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};

/// A convolution of C channels, each by a kernel of its own.
pub(super) struct Depthwise {
    /// C × height × width.
    pub weights: Vec<f32>,
    /// One a channel, or none.
    pub bias: Vec<f32>,
    pub channels: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Top, left, bottom, right.
    pub padding: [usize; 4],
}

/// Where a channel's values go.
struct Plan {
    input: [usize; 2],
    output: [usize; 2],
    /// Size of one of the planes that a channel is dealt out into.
    plane: [usize; 2],
    /// Each tap's offset into them.
    offsets: Vec<usize>,
}

impl Depthwise {
    /// `images`: n × C × height × width. None where they are not of that form, or smaller than the
    /// kernel.
    pub fn run(&self, images: TensorView<'_, f32>) -> Option<Tensor<f32>> {
        let &[count, channels, height, width] = images.shape() else {
            return None;
        };
        let plan = self.plan([height, width])?;
        if channels != self.channels {
            return None;
        }
        let images = images.to_contiguous();
        let images: &[f32] = images.data();
        let [rows, columns] = plan.output;
        let mut out = vec![0.0; count * channels * rows * columns];
        Arch::new().dispatch(All {
            layer: self,
            plan: &plan,
            images,
            out: &mut out,
        });
        Some(Tensor::from_data(&[count, channels, rows, columns], out))
    }

    fn plan(&self, input: [usize; 2]) -> Option<Plan> {
        let [top, left, bottom, right] = self.padding;
        let pads = [top + bottom, left + right];
        let (mut output, mut plane) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let padded = input[axis] + pads[axis];
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            output[axis] = padded.checked_sub(reach)? / self.stride[axis] + 1;
            plane[axis] = padded.div_ceil(self.stride[axis]);
        }
        let offsets = (0..self.kernel[0] * self.kernel[1]).map(|tap| {
            let at = [tap / self.kernel[1], tap % self.kernel[1]];
            let [y, x] = [0, 1].map(|axis| at[axis] * self.dilation[axis]);
            let phase = y % self.stride[0] * self.stride[1] + x % self.stride[1];
            let row = phase * plane[0] + y / self.stride[0];
            row * plane[1] + x / self.stride[1]
        });
        Some(Plan {
            input,
            output,
            plane,
            offsets: offsets.collect(),
        })
    }

    /// Deals a channel's values out into planes; what the padding covers stays 0.
    #[inline(always)]
    fn deal(&self, plan: &Plan, image: &[f32], planes: &mut [f32]) {
        let [vertical, horizontal] = self.stride;
        let (top, left) = (self.padding[0], self.padding[1]);
        for (y, row) in image.chunks_exact(plan.input[1]).enumerate() {
            let y = y + top;
            if horizontal == 1 {
                let start = (y % vertical * plan.plane[0] + y / vertical) * plan.plane[1] + left;
                planes[start..start + row.len()].copy_from_slice(row);
                continue;
            }
            for remainder in 0..horizontal {
                // The first column of the image that falls into this plane.
                let skip = (remainder + horizontal - left % horizontal) % horizontal;
                let phase = y % vertical * horizontal + remainder;
                let start = (phase * plan.plane[0] + y / vertical) * plan.plane[1];
                let start = start + (skip + left) / horizontal;
                let from = row.iter().skip(skip).step_by(horizontal);
                for (to, from) in planes[start..].iter_mut().zip(from) {
                    *to = *from;
                }
            }
        }
    }
}

/// All channels of all images.
struct All<'a> {
    layer: &'a Depthwise,
    plan: &'a Plan,
    images: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for All<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            layer,
            plan,
            images,
            out,
        } = self;
        let [rows, columns] = plan.output;
        let [height, stride] = plan.plane;
        let mut planes = vec![0.0; layer.stride[0] * layer.stride[1] * height * stride];
        let mut sums = vec![0.0; ((rows - 1) * stride + columns).next_multiple_of(BLOCK)];
        planes.resize(planes.len() + BLOCK, 0.0);
        let taps = plan.offsets.len();
        let area = plan.input[0] * plan.input[1];
        let outputs = out.chunks_exact_mut(rows * columns);
        for (number, (image, out)) in images.chunks_exact(area).zip(outputs).enumerate() {
            let channel = number % layer.channels;
            layer.deal(plan, image, &mut planes);
            let weights = &layer.weights[channel * taps..][..taps];
            let bias = layer.bias.get(channel).copied().unwrap_or(0.0);
            for (block, sums) in sums.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                let mut sum = [bias; BLOCK];
                for (offset, weight) in plan.offsets.iter().zip(weights) {
                    let from = &planes[offset + block * BLOCK..][..BLOCK];
                    for (sum, from) in sum.iter_mut().zip(from) {
                        *sum += weight * from;
                    }
                }
                *sums = sum;
            }
            for (row, out) in out.chunks_exact_mut(columns).enumerate() {
                out.copy_from_slice(&sums[row * stride..][..columns]);
            }
        }
    }
}

/// Sums that are built up at once, in registers.
const BLOCK: usize = 32;
