//! `strokes`: procedural handwriting-like letters and digits, unlimited and seeded.
//!
//! A symbol has a few skeletons (the ways people write it); a skeleton is a list of strokes through
//! control points. An image is one skeleton written by a random [`hand`]: jittered control points,
//! a smooth warp, an affine map, a pen of some thickness and softness. Image `i` depends only on the
//! key and on `i`.

mod digits;
mod hand;
mod ink;
mod letters;
#[cfg(test)]
mod tests;

use rand::RngExt;
use rayon::prelude::*;

use crate::{DatasetError, ImageSet, ImageShape, StreamKey};

/// Rows and columns of a `strokes` image.
pub const SIDE: usize = 32;
/// Pixels of a `strokes` image.
const PIXELS: usize = SIDE * SIDE;
/// More images than this are taken for a slip: they would fill 16 GiB.
const MOST_IMAGES: usize = 4_000_000;

/// Which symbols are written.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StrokeClasses {
    /// The 26 letters, capital and small mixed within a class.
    Letters,
    /// The ten digits.
    Digits,
}

impl StrokeClasses {
    /// Number of classes: 26 or 10.
    pub fn len(self) -> usize {
        self.skeletons().len()
    }

    /// Never: every set of symbols has members.
    pub fn is_empty(self) -> bool {
        false
    }

    /// The ways of writing each symbol, by class.
    fn skeletons(self) -> &'static [&'static [Skeleton]] {
        match self {
            Self::Letters => &letters::LETTERS,
            Self::Digits => &digits::DIGITS,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Letters => "letters",
            Self::Digits => "digits",
        }
    }
}

/// One way of writing a symbol.
type Skeleton = &'static [Stroke];

/// One movement of the pen, in a box of 100 x 100 with y downwards.
#[derive(Clone, Copy)]
struct Stroke {
    /// Whether the pen rounds the corners (Catmull-Rom through the points) or not (straight lines).
    round: bool,
    points: &'static [(u8, u8)],
}

/// A rounded stroke through `points`.
const fn curve(points: &'static [(u8, u8)]) -> Stroke {
    Stroke {
        round: true,
        points,
    }
}

/// Straight lines from point to point.
const fn line(points: &'static [(u8, u8)]) -> Stroke {
    Stroke {
        round: false,
        points,
    }
}

/// A set of procedural images to write: grey, 32 x 32, background -1, ink +1.
///
/// Labels go round: image `i` shows class `i mod K`, so a set is balanced to within one image.
///
/// ```
/// use datasets::{StreamKey, StrokeClasses, Strokes};
/// let digits = Strokes { classes: StrokeClasses::Digits, images: 200 };
/// let set = digits.generate(StreamKey::from_seed(1))?;
/// assert_eq!((set.len(), set.classes(), set.shape().width), (200, 10, 32));
/// # Ok::<(), datasets::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strokes {
    /// Which symbols.
    pub classes: StrokeClasses,
    /// How many images.
    pub images: usize,
}

impl Strokes {
    /// The shape of every image.
    pub const SHAPE: ImageShape = ImageShape {
        channels: 1,
        height: SIDE,
        width: SIDE,
    };

    /// Writes all images, in parallel; a longer set begins with the shorter one.
    ///
    /// # Errors
    /// If no image, or more than four million, are asked for.
    pub fn generate(&self, key: StreamKey) -> Result<ImageSet, DatasetError> {
        if self.images == 0 || self.images > MOST_IMAGES {
            return Err(DatasetError::Setting {
                setting: "strokes.images".into(),
                reason: format!("{} is not between 1 and {MOST_IMAGES}", self.images),
            });
        }
        let mut pixels = vec![0.0; self.images * PIXELS];
        pixels
            .par_chunks_exact_mut(PIXELS)
            .enumerate()
            .for_each(|(index, image)| {
                self.write(key, index as u64, image);
            });
        let classes = self.classes.len();
        let labels = (0..self.images).map(|i| (i % classes) as u32).collect();
        ImageSet::new(Self::SHAPE, pixels, labels, classes)
    }

    /// Writes image number `index` of the stream `key` into `image` (1024 values) and returns its
    /// label; `images` does not limit `index`.
    ///
    /// # Panics
    /// If `image` does not hold 1024 values.
    pub fn write(&self, key: StreamKey, index: u64, image: &mut [f32]) -> u32 {
        let symbols = self.classes.skeletons();
        let label = (index % symbols.len() as u64) as usize;
        let mut rng = key.child(self.classes.name()).rng(index);
        let ways = symbols[label];
        let skeleton = ways[rng.random_range(0..ways.len())];
        let mut page = ink::Page::new(image);
        hand::Hand::draw(&mut rng).write(skeleton, &mut rng, &mut page);
        page.dry();
        label as u32
    }
}
