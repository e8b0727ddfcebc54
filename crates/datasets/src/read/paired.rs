//! Features computed elsewhere together with the images they were computed from.

use std::path::{Component, Path};

use super::classes::PictureOptions;
use super::features::read_features;
use super::gather::Gather;
use super::numbers::Kind;
use super::{files, npy};
use crate::picture::from_byte;
use crate::{DatasetError, FeatureSet, ImageSet, ImageShape, Reading};

/// Largest array of images, and longest list, that is read.
const MOST_BYTES: u64 = 16 << 30;
const MOST_LIST_BYTES: u64 = 1 << 30;

/// Where the images of a paired dataset lie.
#[derive(Clone, Copy, Debug)]
pub enum PairedImages<'a> {
    /// An `.npy` of bytes: n x height x width, n x height x width x channels, or n x channels x
    /// height x width, of 1 or 3 channels.
    Array(&'a Path),
    /// A folder of pictures and a list of them, a path below the folder a line, in the order of the
    /// features.
    Folder(&'a Path, &'a Path, PictureOptions),
}

/// Reads features with their labels, as [`read_features`] does, and the images in the same order.
///
/// # Errors
/// What [`read_features`] refuses; another number of images than of features; an array of another
/// type or shape; a line of the list that leads out of the folder or to no picture.
pub fn read_paired(
    features: &Path,
    labels: Option<&Path>,
    images: PairedImages<'_>,
    reading: &mut Reading,
) -> Result<(ImageSet, FeatureSet), DatasetError> {
    let features = read_features(features, labels, reading)?;
    let labels = || features.labels().to_vec();
    let count = |path: &Path, place: &str, found: usize| {
        if found == features.len() {
            return Ok(());
        }
        Err(DatasetError::format(
            path,
            place,
            format!(
                "{found} images for {} rows of features\nhint: save both from one run, in the same \
                 order",
                features.len()
            ),
        ))
    };
    let set = match images {
        PairedImages::Array(path) => {
            let (shape, pixels) = read_array(path, reading)?;
            count(path, "the shape", pixels.len() / shape.len())?;
            ImageSet::new(shape, pixels, labels(), features.classes())?
        }
        PairedImages::Folder(folder, list, options) => {
            let names = read_list(list, reading)?;
            count(list, "the lines", names.len())?;
            let mut gather = Gather::new(folder, options.side, options.colour, |bytes: &[u8]| {
                options.decode(bytes)
            });
            for (name, &label) in names.iter().zip(features.labels()) {
                let file = files::open_raw(&folder.join(name), reading)?;
                gather.push(name, label, file, reading)?;
            }
            gather.finish(|labels| (labels, features.classes()), reading)?
        }
    };
    Ok((set, features))
}

/// Shape of one image and the pixels of all, channel by channel, in [-1, 1].
fn read_array(path: &Path, reading: &mut Reading) -> Result<(ImageShape, Vec<f32>), DatasetError> {
    let bytes = files::read_whole(path, MOST_BYTES, reading)?;
    let array = npy::parse(path, &bytes)?;
    let broken = |reason: String| DatasetError::format(path, "the array", reason);
    if array.kind != Kind::U8 {
        return Err(broken(format!(
            "numbers of type {:?}\nhint: save images as uint8, from 0 to 255",
            array.kind
        )));
    }
    let (shape, last) = match *array.shape.as_slice() {
        [_, height, width] => (shape(1, height, width), false),
        [_, height, width, channels @ (1 | 3)] => (shape(channels, height, width), true),
        [_, channels @ (1 | 3), height, width] => (shape(channels, height, width), false),
        _ => {
            let found = npy::sides(&array.shape);
            let reason = format!("shape {found}\nhint: save n x height x width x 3 (or x 1)");
            return Err(broken(reason));
        }
    };
    if shape.is_empty() {
        return Err(broken("images without a pixel".into()));
    }
    let pixels = if last {
        let (area, channels) = (shape.height * shape.width, shape.channels);
        let each = array.data.chunks_exact(shape.len());
        each.flat_map(|image| {
            (0..channels * area).map(move |at| image[at % area * channels + at / area])
        })
        .map(from_byte)
        .collect()
    } else {
        array.data.iter().map(|&byte| from_byte(byte)).collect()
    };
    Ok((shape, pixels))
}

fn shape(channels: usize, height: usize, width: usize) -> ImageShape {
    ImageShape {
        channels,
        height,
        width,
    }
}

/// The paths in a list, one a line; empty lines at the end do not count.
pub(crate) fn read_list(list: &Path, reading: &mut Reading) -> Result<Vec<String>, DatasetError> {
    let bytes = files::read_whole(list, MOST_LIST_BYTES, reading)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| DatasetError::format(list, "the whole file", "not text in UTF-8"))?;
    let lines = text.trim_end().lines().enumerate();
    lines
        .map(|(at, line)| {
            let name = line.trim();
            let mut parts = Path::new(name).components();
            let within = parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if name.is_empty() || !within {
                return Err(DatasetError::format(
                    list,
                    format!("line {}", at + 1),
                    format!("`{name}` is no path below the folder of the images"),
                ));
            }
            Ok(name.to_owned())
        })
        .collect()
}
