//! The idx format of MNIST, EMNIST, KMNIST and notMNIST, plain or gzipped.

use std::path::Path;

use super::files;
use crate::error::place_of;
use crate::picture::from_byte;
use crate::{DatasetError, ImageSet, ImageShape, Reading};

/// Most pixels a file may announce (EMNIST ByClass has 0.64 thousand million).
const MOST_PIXELS: u64 = 1 << 30;

/// How rows and columns lie in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdxAxes {
    /// Row by row, as MNIST.
    #[default]
    Rows,
    /// Column by column, as EMNIST's own distribution.
    Columns,
}

/// What the two files do not say themselves.
#[derive(Clone, Copy, Debug)]
pub struct IdxOptions {
    /// Number of classes.
    pub classes: usize,
    /// The label of class 0: 1 for EMNIST Letters, else 0.
    pub first_label: u8,
    /// Rows first or columns first.
    pub axes: IdxAxes,
    /// Rows and columns after padding with background; images are put in the middle.
    pub side: usize,
}

impl IdxOptions {
    /// Ten classes from 0, row by row, padded to 32 x 32: MNIST and notMNIST.
    pub fn mnist() -> Self {
        Self {
            classes: 10,
            first_label: 0,
            axes: IdxAxes::Rows,
            side: 32,
        }
    }
}

/// Reads an image file (magic 2051) and its label file (magic 2049).
///
/// # Errors
/// Wrong magic number, implausible or too large dimensions, no image at all, too few or too many
/// bytes, another number of labels than images, a label outside the classes.
pub fn read_idx(
    images: &Path,
    labels: &Path,
    options: IdxOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let ([count, rows, columns], bytes) = read_array::<3>(images, 2051, "images", reading)?;
    let ([label_count], label_bytes) = read_array::<1>(labels, 2049, "labels", reading)?;
    if count != label_count {
        return Err(DatasetError::format(
            labels,
            "bytes 4..8",
            format!(
                "announces {label_count} labels, but {} holds {count} images\nhint: the two files \
                 must be of the same set (train- or t10k-)",
                place_of(images)
            ),
        ));
    }
    if count == 0 {
        return Err(DatasetError::format(
            images,
            "bytes 4..8",
            "announces 0 images, there is nothing to read\nhint: fetch the file again",
        ));
    }
    let side = options.side;
    if rows == 0 || columns == 0 || rows > side || columns > side {
        return Err(DatasetError::format(
            images,
            "bytes 8..16",
            format!("images of {rows} x {columns} do not fit into {side} x {side}"),
        ));
    }
    let classes = options.classes;
    let mut out = Vec::with_capacity(count);
    for (index, byte) in label_bytes.into_iter().enumerate() {
        match byte.checked_sub(options.first_label) {
            Some(label) if usize::from(label) < classes => out.push(u32::from(label)),
            _ => {
                let first = usize::from(options.first_label);
                return Err(DatasetError::format(
                    labels,
                    format!("label {index}"),
                    format!("{byte} is not in {first}..={}", first + classes - 1),
                ));
            }
        }
    }
    let pixels = lay_out(&bytes, rows, columns, options);
    let shape = ImageShape {
        channels: 1,
        height: side,
        width: side,
    };
    ImageSet::new(shape, pixels, out, classes)
}

/// Puts each image in the middle of its `side` x `side` background.
fn lay_out(bytes: &[u8], rows: usize, columns: usize, options: IdxOptions) -> Vec<f32> {
    let side = options.side;
    let count = bytes.len() / (rows * columns);
    let mut pixels = vec![-1.0; count * side * side];
    let (height, width) = match options.axes {
        IdxAxes::Rows => (rows, columns),
        IdxAxes::Columns => (columns, rows),
    };
    let (top, left) = ((side - height) / 2, (side - width) / 2);
    let images = bytes.chunks_exact(rows * columns);
    for (image, out) in images.zip(pixels.chunks_exact_mut(side * side)) {
        for row in 0..height {
            let to = &mut out[(top + row) * side + left..][..width];
            for (column, pixel) in to.iter_mut().enumerate() {
                *pixel = from_byte(match options.axes {
                    IdxAxes::Rows => image[row * columns + column],
                    IdxAxes::Columns => image[column * columns + row],
                });
            }
        }
    }
    pixels
}

/// Reads an idx array of bytes with `D` dimensions and exactly as much data as they announce.
fn read_array<const D: usize>(
    path: &Path,
    magic: u32,
    what: &str,
    reading: &mut Reading,
) -> Result<([usize; D], Vec<u8>), DatasetError> {
    let mut reader = files::open(path, reading)?;
    let mut word = |name: String| -> Result<u32, DatasetError> {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map_err(|error| {
            DatasetError::format(
                path,
                name,
                format!("the header cannot be read ({error})\nhint: fetch the file again"),
            )
        })?;
        Ok(u32::from_be_bytes(bytes))
    };
    let found = word("bytes 0..4".into())?;
    if found != magic {
        return Err(DatasetError::format(
            path,
            "bytes 0..4",
            format!("magic number {found} instead of {magic}: not an idx file of {what}"),
        ));
    }
    let mut dimensions = [0; D];
    for (axis, dimension) in dimensions.iter_mut().enumerate() {
        *dimension = word(format!("bytes {}..{}", 4 + 4 * axis, 8 + 4 * axis))? as usize;
    }
    let length = dimensions
        .iter()
        .try_fold(1_u64, |product, &d| product.checked_mul(d as u64))
        .filter(|&length| length <= MOST_PIXELS)
        .ok_or_else(|| {
            DatasetError::format(
                path,
                "the header",
                format!(
                    "{} are more than {MOST_PIXELS} values",
                    dimensions.map(|d| d.to_string()).join(" x ")
                ),
            )
        })?;
    let data = files::read_limited(path, "the data", reader, length)?;
    if data.len() as u64 != length {
        return Err(DatasetError::format(
            path,
            format!("byte {}", 4 + 4 * D + data.len()),
            format!(
                "ends here; {} of {length} values are there\nhint: fetch the file again",
                data.len()
            ),
        ));
    }
    Ok((dimensions, data))
}
