//! One picture while it is being read: decoding, resizing, cropping, colour.

mod colour;
mod decode;
mod jpeg;

pub use colour::Colour;
pub(crate) use colour::from_byte;
pub use decode::TRANSPARENT_ON;

use crate::{ImageShape, Remark};
use decode::{Plain, decode};

/// Pixels in [-1, 1], channel then row then column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub shape: ImageShape,
    pub pixels: Vec<f32>,
    /// What is to be said of it.
    pub remarks: Vec<Remark>,
}

impl Picture {
    /// Decodes a file and brings the largest square in its middle to `side` x `side`, in `colour`, or
    /// in its own where none is given: grey if no pixel has a colour. Only the bytes that the
    /// decoder gives and the result are held. The error says why it cannot be decoded.
    pub fn square(bytes: &[u8], colour: Option<Colour>, side: usize) -> Result<Self, String> {
        let plain = decode(bytes)?;
        let part = plain.middle();
        Ok(Self::of(&plain, colour, part, [side, side]))
    }

    /// The largest square in the middle, at its own size.
    pub fn middle(bytes: &[u8], colour: Option<Colour>) -> Result<Self, String> {
        let plain = decode(bytes)?;
        let part @ [_, _, height, width] = plain.middle();
        Ok(Self::of(&plain, colour, part, [height, width]))
    }

    /// The part (top, left, height, width) resampled to `size`.
    fn of(
        plain: &Plain,
        colour: Option<Colour>,
        [top, left, from_height, from_width]: [usize; 4],
        [height, width]: [usize; 2],
    ) -> Self {
        let colour = colour.unwrap_or_else(|| plain.colour());
        let shape = ImageShape {
            channels: colour.channels(),
            height,
            width,
        };
        let mut pixels = vec![0.0; shape.len()];
        for (channel, out) in pixels.chunks_exact_mut(height * width).enumerate() {
            let row = |row: usize, values: &mut [f32]| {
                plain.row(colour, channel, top + row, left, values);
            };
            resample([from_height, from_width], row, [height, width], out);
        }
        Self {
            shape,
            pixels,
            remarks: plain.remarks.clone(),
        }
    }

    /// Resampled to `height` x `width`; see [`resize`].
    pub fn resized(self, height: usize, width: usize) -> Self {
        let shape = ImageShape {
            height,
            width,
            ..self.shape
        };
        if shape == self.shape {
            return self;
        }
        let mut pixels = vec![0.0; shape.len()];
        resize(self.shape, &self.pixels, height, width, &mut pixels);
        Self {
            shape,
            pixels,
            remarks: self.remarks,
        }
    }
}

/// Resamples `image` into `out` (`height` x `width`, as many channels); see [`resample`].
pub(crate) fn resize(
    shape: ImageShape,
    image: &[f32],
    height: usize,
    width: usize,
    out: &mut [f32],
) {
    let planes = image.chunks_exact(shape.height * shape.width);
    for (plane, out) in planes.zip(out.chunks_exact_mut(height * width)) {
        let row = |row: usize, values: &mut [f32]| {
            values.copy_from_slice(&plane[row * shape.width..][..shape.width]);
        };
        resample([shape.height, shape.width], row, [height, width], out);
    }
}

/// Resamples one plane of `from` (height, width), whose rows `row` gives, to `to`: a triangle filter
/// as wide as the larger of the two pixel grids, so that shrinking averages and enlarging
/// interpolates. One row is held at a time.
fn resample(from: [usize; 2], row: impl Fn(usize, &mut [f32]), to: [usize; 2], out: &mut [f32]) {
    let ([from_height, from_width], [height, width]) = (from, to);
    if from == to {
        for (at, out) in out.chunks_exact_mut(width).enumerate() {
            row(at, out);
        }
        return;
    }
    let across = filter(from_width, width);
    let down = filter(from_height, height);
    let mut wide = vec![0.0; from_width];
    let mut narrow = vec![0.0; from_height * width];
    for (at, to) in narrow.chunks_exact_mut(width).enumerate() {
        row(at, &mut wide);
        for (value, (first, weights)) in to.iter_mut().zip(&across) {
            *value = dot(weights, &wide[*first..]);
        }
    }
    for (to, (first, weights)) in out.chunks_exact_mut(width).zip(&down) {
        to.fill(0.0);
        for (weight, row) in weights.iter().zip(narrow[first * width..].chunks(width)) {
            for (value, from) in to.iter_mut().zip(row) {
                *value += weight * from;
            }
        }
        // Rounding may leave the range by one unit in the last place.
        for value in to {
            *value = value.clamp(-1.0, 1.0);
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// For each of `to` output pixels the first input pixel it sees and the weights from there.
fn filter(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let ratio = from as f64 / to as f64;
    let reach = ratio.max(1.0);
    (0..to)
        .map(|pixel| {
            let centre = (pixel as f64 + 0.5) * ratio;
            let first = ((centre - reach).floor().max(0.0)) as usize;
            let last = ((centre + reach).ceil() as usize).min(from);
            let weights: Vec<f64> = (first..last)
                .map(|i| (1.0 - ((i as f64 + 0.5 - centre) / reach).abs()).max(0.0))
                .collect();
            let sum: f64 = weights.iter().sum();
            let weights = weights.iter().map(|w| (w / sum) as f32).collect();
            (first, weights)
        })
        .collect()
}
