//! Labelled images in memory: NCHW `f32` in [-1, 1].

mod content;
mod convert;

pub(crate) use content::row_hashes;
pub use content::{ContentHash, shared_images};

use crate::DatasetError;

/// Channels, height and width of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ImageShape {
    /// 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// Number of values in one image.
    pub fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether an image of this shape holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for ImageShape {
    /// Channels x height x width, for example `3x32x32`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// `n` labelled images of one shape, pixels in [-1, 1], image-major then channel, row, column.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSet {
    shape: ImageShape,
    pixels: Vec<f32>,
    labels: Vec<u32>,
    classes: usize,
}

impl ImageSet {
    /// Checks that `pixels` holds `labels.len()` images of `shape`, in [-1, 1], and that every
    /// label is below `classes`.
    pub fn new(
        shape: ImageShape,
        pixels: Vec<f32>,
        labels: Vec<u32>,
        classes: usize,
    ) -> Result<Self, DatasetError> {
        if shape.is_empty() || pixels.len() != labels.len() * shape.len() {
            return Err(DatasetError::Shape {
                what: "images".into(),
                expected: format!("{} of {shape}", labels.len()),
                found: format!("{} values", pixels.len()),
            });
        }
        if let Some(&label) = labels.iter().find(|&&label| label as usize >= classes) {
            return Err(DatasetError::Label { label, classes });
        }
        if let Some(value) = pixels.iter().find(|value| !(-1.0..=1.0).contains(*value)) {
            return Err(DatasetError::PixelRange { value: *value });
        }
        Ok(Self {
            shape,
            pixels,
            labels,
            classes,
        })
    }

    /// The same images with other labels.
    ///
    /// # Errors
    /// If there are more or fewer labels than images, or one is not below `classes`.
    pub fn with_labels(self, labels: Vec<u32>, classes: usize) -> Result<Self, DatasetError> {
        Self::new(self.shape, self.pixels, labels, classes)
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Number of classes (labels are below it).
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All labels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// All pixels, image-major.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The pixels of image `index`.
    ///
    /// # Panics
    /// If `index` is not below [`ImageSet::len`].
    pub fn image(&self, index: usize) -> &[f32] {
        let len = self.shape.len();
        &self.pixels[index * len..(index + 1) * len]
    }
}
