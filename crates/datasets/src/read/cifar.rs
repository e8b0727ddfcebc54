//! The binary version of CIFAR-10 and CIFAR-100.

use std::path::{Path, PathBuf};

use super::files;
use crate::picture::from_byte;
use crate::{DatasetError, ImageSet, ImageShape, Reading};

/// Values of one image.
const IMAGE: usize = 3 * 32 * 32;
/// Largest file that is read (all 60 000 images in one would be 185 MB).
const MOST_BYTES: u64 = 1 << 30;

/// Which of the two sets, that is, which labels stand before each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CifarLabels {
    /// CIFAR-10: one byte.
    Ten,
    /// CIFAR-100 by its 100 fine classes: the second of two bytes.
    Fine,
    /// CIFAR-100 by its 20 coarse classes: the first of two bytes.
    Coarse,
}

impl CifarLabels {
    /// Number of classes: 10, 100 or 20.
    pub fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::Fine => 100,
            Self::Coarse => 20,
        }
    }

    /// Bytes before the image.
    fn len(self) -> usize {
        match self {
            Self::Ten => 1,
            Self::Fine | Self::Coarse => 2,
        }
    }

    fn position(self) -> usize {
        match self {
            Self::Ten | Self::Coarse => 0,
            Self::Fine => 1,
        }
    }
}

/// Reads CIFAR batches one after the other, each of any number of records; 3 x 32 x 32.
///
/// # Errors
/// An empty file, one that does not end with a whole record, or a label out of range, which is also
/// what CIFAR-100 read as CIFAR-10 (or the other way round) comes to.
pub fn read_cifar(
    batches: &[PathBuf],
    labels: CifarLabels,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let (mut all, mut pixels) = (Vec::new(), Vec::new());
    for path in batches {
        read_batch(path, labels, &mut all, &mut pixels, reading)?;
    }
    let shape = ImageShape {
        channels: 3,
        height: 32,
        width: 32,
    };
    ImageSet::new(shape, pixels, all, labels.classes())
}

fn read_batch(
    path: &Path,
    labels: CifarLabels,
    all: &mut Vec<u32>,
    pixels: &mut Vec<f32>,
    reading: &mut Reading,
) -> Result<(), DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES, reading)?;
    let record = labels.len() + IMAGE;
    if bytes.is_empty() || bytes.len() % record != 0 {
        return Err(DatasetError::format(
            path,
            format!("record {}", bytes.len() / record),
            format!(
                "{} bytes are not a whole number of records of {record} bytes\nhint: fetch the \
                 file again; use the binary version, not the Python or Matlab one",
                bytes.len()
            ),
        ));
    }
    pixels.reserve(bytes.len());
    for (index, record) in bytes.chunks_exact(record).enumerate() {
        let label = record[labels.position()];
        if usize::from(label) >= labels.classes() {
            return Err(DatasetError::format(
                path,
                format!("record {index}"),
                format!(
                    "label {label} is not below {}\nhint: is this file of the other CIFAR?",
                    labels.classes()
                ),
            ));
        }
        all.push(u32::from(label));
        pixels.extend(record[labels.len()..].iter().map(|&byte| from_byte(byte)));
    }
    Ok(())
}
