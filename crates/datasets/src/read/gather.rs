//! Collects encoded pictures and decodes them in parallel, a batch at a time.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::picture::Picture;
use crate::{DatasetError, ImageShape};

/// Pictures that are held encoded before they are decoded together.
const BATCH: usize = 2048;
/// Most bytes of one encoded picture.
pub(super) const MOST_PICTURE_BYTES: u64 = 64 << 20;
/// Most values of all decoded pictures together (16 GiB).
const MOST_VALUES: usize = 1 << 32;

/// Decoded pictures of one shape with a label each; `decode` turns a file into pixels of `shape`.
pub(super) struct Gather<'a, L, F> {
    /// The file or folder that errors name.
    source: &'a Path,
    shape: ImageShape,
    decode: F,
    waiting: Vec<(String, Vec<u8>)>,
    labels: Vec<L>,
    pixels: Vec<f32>,
}

impl<'a, L, F> Gather<'a, L, F>
where
    F: Fn(&[u8]) -> Result<Picture, String> + Sync,
{
    pub fn new(source: &'a Path, shape: ImageShape, decode: F) -> Self {
        Self {
            source,
            shape,
            decode,
            waiting: Vec::new(),
            labels: Vec::new(),
            pixels: Vec::new(),
        }
    }

    /// Number of pictures so far.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Takes the picture `name` with its label.
    pub fn push(&mut self, name: &str, label: L, bytes: Vec<u8>) -> Result<(), DatasetError> {
        if (self.labels.len() + 1) * self.shape.len() > MOST_VALUES {
            return Err(DatasetError::format(
                self.source,
                name,
                format!(
                    "more than {MOST_VALUES} pixel values\nhint: use `limit` or a smaller size"
                ),
            ));
        }
        self.labels.push(label);
        self.waiting.push((name.to_owned(), bytes));
        if self.waiting.len() == BATCH {
            self.flush()?;
        }
        Ok(())
    }

    /// All labels and pixels, in the order of the pushes.
    pub fn finish(mut self) -> Result<(Vec<L>, Vec<f32>), DatasetError> {
        self.flush()?;
        Ok((self.labels, self.pixels))
    }

    fn flush(&mut self) -> Result<(), DatasetError> {
        let (decode, shape) = (&self.decode, self.shape);
        let decoded: Vec<Result<Picture, (String, String)>> = self
            .waiting
            .par_drain(..)
            .map(|(name, bytes)| match decode(&bytes) {
                Ok(picture) if picture.shape == shape => Ok(picture),
                Ok(picture) => Err((
                    name,
                    format!("a picture of {} instead of {shape}", picture.shape),
                )),
                Err(reason) => Err((name, reason)),
            })
            .collect();
        self.pixels.reserve(decoded.len() * shape.len());
        for picture in decoded {
            match picture {
                Ok(picture) => self.pixels.extend_from_slice(&picture.pixels),
                Err((name, reason)) => return Err(unreadable(self.source, &name, &reason)),
            }
        }
        Ok(())
    }
}

fn unreadable(source: &Path, name: &str, reason: &str) -> DatasetError {
    DatasetError::Format {
        path: PathBuf::from(source),
        place: name.to_owned(),
        reason: format!("not a whole PNG or JPEG picture as expected ({reason})"),
    }
}

/// Numbers class names in alphabetical order: the label of each, and how many classes there are.
pub(super) fn number_classes(names: &[String]) -> (Vec<u32>, usize) {
    let mut classes: Vec<&String> = names.iter().collect();
    classes.sort_unstable();
    classes.dedup();
    let labels = names
        .iter()
        .map(|name| classes.partition_point(|class| *class < name) as u32)
        .collect();
    (labels, classes.len())
}
