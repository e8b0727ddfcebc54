//! Omniglot: handwritten characters of many alphabets, `alphabet/characterNN/*.png` in zip files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::gather::{Gather, number_classes};
use super::listing::is_hidden;
use crate::picture::{Colour, Picture};
use crate::{DatasetError, ImageSet, Reading, Remark};

/// The pen of the original is about 3 of 105 pixels wide, less than one of 32: before shrinking it
/// is widened by this radius on each side, to about the relative width of MNIST's.
const WIDEN: isize = 2;

/// Reads Omniglot archives; every character is a class, numbered in alphabetical order of
/// `alphabet/character`. Ink becomes +1 and paper -1; images are grey, `side` x `side`.
///
/// The archives overlap (both small ones hold the Greek and the Latin alphabet): a picture that an
/// earlier archive had is skipped.
///
/// # Errors
/// A damaged archive, a picture that cannot be decoded, or no picture at all.
pub fn read_omniglot(
    archives: &[PathBuf],
    side: usize,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let (mut names, mut sets) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for path in archives {
        sets.push(read_archive(path, side, &mut seen, &mut names, reading)?);
    }
    let all = ImageSet::append(sets)?;
    let (labels, classes) = number_classes(names);
    all.with_labels(labels, classes)
}

/// The pictures of one archive that were not seen before, unlabelled; their classes go to `names`.
fn read_archive(
    path: &Path,
    side: usize,
    seen: &mut HashSet<String>,
    names: &mut Vec<String>,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut pictures = 0;
    let grey = Some(Colour::Grey);
    let mut gather = Gather::new(path, side, grey, |bytes: &[u8]| draw(bytes, side));
    Archive::open(path, reading)?.walk(|entry| {
        let name = entry.name;
        // A character is a folder; files beside the folders are not data.
        let mut parts = name.rsplit('/');
        let (Some(file), Some(character), Some(alphabet)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Ok(());
        };
        let left_out = if is_hidden(name) {
            Some(Remark::Hidden)
        } else if !file.ends_with(".png") {
            Some(Remark::OtherEnding)
        } else if entry.is_link {
            Some(Remark::Link)
        } else {
            pictures += 1;
            let new = seen.insert(format!("{alphabet}/{character}/{file}"));
            (!new).then_some(Remark::Repeated)
        };
        if let Some(remark) = left_out {
            reading.remark(remark, name);
            return Ok(());
        }
        names.push(format!("{alphabet}/{character}"));
        gather.push(name, 0, entry.content, reading)
    })?;
    if pictures == 0 {
        return Err(DatasetError::format(
            path,
            "the directory",
            "holds no `alphabet/character/*.png`\nhint: use images_background.zip, \
             images_background_small1.zip or images_background_small2.zip",
        ));
    }
    gather.finish(|labels| (labels, 1), reading)
}

/// Decodes, turns ink to +1, widens the pen, shrinks.
fn draw(bytes: &[u8], side: usize) -> Result<Picture, String> {
    let mut picture = Picture::middle(bytes, Some(Colour::Grey))?;
    let from = picture.shape.height;
    for pixel in &mut picture.pixels {
        *pixel = -*pixel;
    }
    if from > side {
        picture.pixels = widen(&picture.pixels, from);
    }
    Ok(picture.resized(side, side))
}

/// The largest value within [`WIDEN`] pixels, for a square image of `side` rows.
fn widen(pixels: &[f32], side: usize) -> Vec<f32> {
    let mut out = pixels.to_vec();
    for row in 0..side {
        for column in 0..side {
            let value = pixels[row * side + column];
            if value <= -1.0 {
                continue;
            }
            for down in -WIDEN..=WIDEN {
                for across in -WIDEN..=WIDEN {
                    // A disc, not a square: the corners stay out.
                    if down * down + across * across > WIDEN * WIDEN + 1 {
                        continue;
                    }
                    let y = row.checked_add_signed(down).filter(|&y| y < side);
                    let x = column.checked_add_signed(across).filter(|&x| x < side);
                    if let (Some(y), Some(x)) = (y, x) {
                        let pixel = &mut out[y * side + x];
                        *pixel = pixel.max(value);
                    }
                }
            }
        }
    }
    out
}
