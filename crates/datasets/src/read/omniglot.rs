//! Omniglot: handwritten characters of many alphabets, `alphabet/characterNN/*.png` in zip files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::gather::{Gather, MOST_PICTURE_BYTES, number_classes};
use super::{archive, files};
use crate::picture::{Colour, Picture};
use crate::{DatasetError, ImageSet, ImageShape};

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
pub fn read_omniglot(archives: &[PathBuf], side: usize) -> Result<ImageSet, DatasetError> {
    let shape = ImageShape {
        channels: 1,
        height: side,
        width: side,
    };
    let (mut names, mut pixels) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for path in archives {
        let (mut more, values) = read_archive(path, shape, &mut seen)?;
        names.append(&mut more);
        pixels.extend(values);
    }
    let (labels, classes) = number_classes(&names);
    ImageSet::new(shape, pixels, labels, classes)
}

fn read_archive(
    path: &Path,
    shape: ImageShape,
    seen: &mut HashSet<String>,
) -> Result<(Vec<String>, Vec<f32>), DatasetError> {
    let mut pictures = 0;
    let mut gather = Gather::new(path, shape, |bytes: &[u8]| draw(bytes, shape.height));
    archive::walk(path, |name, content| {
        // A character is a folder; files beside the folders and a Mac's shadow files are not data.
        let mut parts = name.rsplit('/');
        let (Some(file), Some(character), Some(alphabet)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Ok(());
        };
        if !file.ends_with(".png") || name.starts_with("__MACOSX") {
            return Ok(());
        }
        pictures += 1;
        if !seen.insert(format!("{alphabet}/{character}/{file}")) {
            return Ok(());
        }
        let bytes = files::read_limited(path, name, content, MOST_PICTURE_BYTES)?;
        gather.push(name, format!("{alphabet}/{character}"), bytes)
    })?;
    if pictures == 0 {
        return Err(DatasetError::format(
            path,
            "the directory",
            "holds no `alphabet/character/*.png`\nhint: use images_background.zip, \
             images_background_small1.zip or images_background_small2.zip",
        ));
    }
    gather.finish()
}

/// Decodes, turns ink to +1, widens the pen, shrinks.
fn draw(bytes: &[u8], side: usize) -> Result<Picture, String> {
    let mut picture = Picture::decode(bytes, Colour::Grey)?.centre_square();
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
