//! One picture while it is being read: decoding, resizing, cropping, colour.

use std::io::Cursor;

use crate::ImageShape;

/// Pictures wider or higher than this are refused before they are decoded.
const MOST_SIDE: u32 = 8192;
/// Bytes a decoder may allocate.
const MOST_BYTES: u64 = 512 << 20;

/// How many channels pictures are brought to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// One channel: luminance (ITU-R BT.601 weights).
    Grey,
    /// Three channels: red, green, blue.
    #[default]
    Rgb,
}

impl Colour {
    /// 1 or 3.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

/// Pixels in [-1, 1], channel then row then column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    pub shape: ImageShape,
    pub pixels: Vec<f32>,
}

impl Picture {
    /// Decodes a PNG or JPEG file; the error says why it cannot be decoded.
    pub fn decode(bytes: &[u8], colour: Colour) -> Result<Self, String> {
        let mut reader = image::ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| error.to_string())?;
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(MOST_SIDE);
        limits.max_image_height = Some(MOST_SIDE);
        limits.max_alloc = Some(MOST_BYTES);
        reader.limits(limits);
        let decoded = reader.decode().map_err(|error| error.to_string())?;
        let shape = ImageShape {
            channels: colour.channels(),
            height: decoded.height() as usize,
            width: decoded.width() as usize,
        };
        let interleaved = match colour {
            Colour::Grey => grey(&decoded),
            Colour::Rgb => decoded.into_rgb8().into_raw(),
        };
        let area = shape.height * shape.width;
        let mut pixels = Vec::with_capacity(shape.len());
        for channel in 0..shape.channels {
            let plane = interleaved[channel..].iter().step_by(shape.channels);
            pixels.extend(plane.map(|&byte| from_byte(byte)));
        }
        debug_assert_eq!(pixels.len(), shape.channels * area);
        Ok(Self { shape, pixels })
    }

    /// The largest square in the middle.
    pub fn centre_square(self) -> Self {
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let side = height.min(width);
        if height == width {
            return self;
        }
        let (top, left) = ((height - side) / 2, (width - side) / 2);
        let mut pixels = Vec::with_capacity(channels * side * side);
        for channel in 0..channels {
            for row in top..top + side {
                let start = (channel * height + row) * width + left;
                pixels.extend_from_slice(&self.pixels[start..start + side]);
            }
        }
        let shape = ImageShape {
            channels,
            height: side,
            width: side,
        };
        Self { shape, pixels }
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
        Self { shape, pixels }
    }
}

/// [0, 255] to [-1, 1].
pub(crate) fn from_byte(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// Luminance bytes; a picture that is grey already keeps its values.
fn grey(decoded: &image::DynamicImage) -> Vec<u8> {
    if !decoded.color().has_color() {
        return decoded.to_luma8().into_raw();
    }
    let weigh = |p: &image::Rgb<u8>| {
        let [r, g, b] = p.0.map(f32::from);
        (0.299 * r + 0.587 * g + 0.114 * b).round() as u8
    };
    decoded.to_rgb8().pixels().map(weigh).collect()
}

/// Resamples `image` into `out` (`height` x `width`, as many channels): a triangle filter as wide
/// as the larger of the two pixel grids, so that shrinking averages and enlarging interpolates.
pub(crate) fn resize(
    shape: ImageShape,
    image: &[f32],
    height: usize,
    width: usize,
    out: &mut [f32],
) {
    let across = filter(shape.width, width);
    let down = filter(shape.height, height);
    let mut narrow = vec![0.0; shape.height * width];
    let planes = image.chunks_exact(shape.height * shape.width);
    for (plane, out) in planes.zip(out.chunks_exact_mut(height * width)) {
        let rows = plane.chunks_exact(shape.width);
        for (row, to) in rows.zip(narrow.chunks_exact_mut(width)) {
            for (value, (first, weights)) in to.iter_mut().zip(&across) {
                *value = dot(weights, &row[*first..]);
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
