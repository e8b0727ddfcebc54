//! Collects encoded pictures and decodes them in parallel, a batch at a time.

use std::path::Path;

use rayon::prelude::*;

use super::files;
use crate::picture::{Colour, Picture};
use crate::{DatasetError, ImageSet, ImageShape, Reading};

/// Pictures, and bytes of pictures, that are held encoded before they are decoded together.
const BATCH: usize = 2048;
const BATCH_BYTES: usize = 64 << 20;
/// Most bytes of one encoded picture.
const MOST_PICTURE_BYTES: u64 = 64 << 20;
/// Most values of all decoded pictures together (16 GiB).
const MOST_VALUES: usize = 1 << 32;

/// Decoded pictures of one size with a label each; `decode` turns a file into `side` x `side`.
pub(super) struct Gather<'a, L, F> {
    /// The file or folder that errors name.
    source: &'a Path,
    side: usize,
    /// What the images are brought to: grey until a picture has a colour, where it was not told.
    colour: Colour,
    told: bool,
    decode: F,
    waiting: Vec<(String, Vec<u8>)>,
    waiting_bytes: usize,
    labels: Vec<L>,
    pixels: Vec<f32>,
}

impl<'a, L, F> Gather<'a, L, F>
where
    F: Fn(&[u8]) -> Result<Picture, String> + Sync,
{
    pub fn new(source: &'a Path, side: usize, colour: Option<Colour>, decode: F) -> Self {
        Self {
            source,
            side,
            colour: colour.unwrap_or(Colour::Grey),
            told: colour.is_some(),
            decode,
            waiting: Vec::new(),
            waiting_bytes: 0,
            labels: Vec::new(),
            pixels: Vec::new(),
        }
    }

    /// Number of pictures so far.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Reads the picture `name` with its label.
    pub fn push(
        &mut self,
        name: &str,
        label: L,
        content: impl std::io::Read,
        reading: &mut Reading,
    ) -> Result<(), DatasetError> {
        let bytes = files::read_limited(self.source, name, content, MOST_PICTURE_BYTES)?;
        if (self.labels.len() + 1) * self.shape().len() > MOST_VALUES {
            return Err(DatasetError::format(
                self.source,
                name,
                format!(
                    "more than {MOST_VALUES} pixel values\nhint: use fewer pictures or a smaller \
                     `side`"
                ),
            ));
        }
        self.labels.push(label);
        self.waiting_bytes += bytes.len();
        self.waiting.push((name.to_owned(), bytes));
        if self.waiting.len() == BATCH || self.waiting_bytes > BATCH_BYTES {
            self.flush(reading)?;
        }
        Ok(())
    }

    /// All images, in the order of the pushes; `number` turns the labels into numbers of classes.
    pub fn finish(
        mut self,
        number: impl FnOnce(Vec<L>) -> (Vec<u32>, usize),
        reading: &mut Reading,
    ) -> Result<ImageSet, DatasetError> {
        self.flush(reading)?;
        let shape = self.shape();
        let (labels, classes) = number(self.labels);
        ImageSet::new(shape, self.pixels, labels, classes)
    }

    fn shape(&self) -> ImageShape {
        ImageShape {
            channels: self.colour.channels(),
            height: self.side,
            width: self.side,
        }
    }

    fn flush(&mut self, reading: &mut Reading) -> Result<(), DatasetError> {
        let (decode, source) = (&self.decode, self.source);
        self.waiting_bytes = 0;
        let decoded: Vec<Result<(String, Picture), DatasetError>> = self
            .waiting
            .par_drain(..)
            .map(|(name, bytes)| match decode(&bytes) {
                Ok(picture) => Ok((name, picture)),
                Err(reason) => Err(unreadable(source, &name, &reason)),
            })
            .collect();
        for picture in decoded {
            let (name, picture) = picture?;
            for &remark in &picture.remarks {
                reading.remark(remark, &name);
            }
            self.take(&name, picture)?;
        }
        Ok(())
    }

    fn take(&mut self, name: &str, picture: Picture) -> Result<(), DatasetError> {
        let area = self.side * self.side;
        match (picture.shape.channels, self.colour) {
            (3, Colour::Grey) if !self.told => {
                // The first one with a colour: all before it are grey in three channels.
                self.pixels = thrice(&self.pixels, area);
                self.colour = Colour::Rgb;
                self.pixels.extend_from_slice(&picture.pixels);
            }
            (1, Colour::Rgb) if !self.told => self.pixels.extend(thrice(&picture.pixels, area)),
            _ if picture.shape == self.shape() => self.pixels.extend_from_slice(&picture.pixels),
            _ => {
                let reason = format!("of {} instead of {}", picture.shape, self.shape());
                return Err(unreadable(self.source, name, &reason));
            }
        }
        Ok(())
    }
}

/// Each plane of `area` values three times.
fn thrice(planes: &[f32], area: usize) -> Vec<f32> {
    let each = planes.chunks_exact(area);
    each.flat_map(|plane| [plane; 3])
        .flatten()
        .copied()
        .collect()
}

fn unreadable(source: &Path, name: &str, reason: &str) -> DatasetError {
    DatasetError::format(source, name, format!("not a whole picture: {reason}"))
}

/// Numbers class names in alphabetical order: the label of each, and how many classes there are.
pub(super) fn number_classes(names: Vec<String>) -> (Vec<u32>, usize) {
    let mut classes: Vec<&String> = names.iter().collect();
    classes.sort_unstable();
    classes.dedup();
    let labels = names
        .iter()
        .map(|name| classes.partition_point(|class| *class < name) as u32)
        .collect();
    (labels, classes.len())
}
