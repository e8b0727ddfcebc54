//! Pictures sorted into one folder a class, on disk or in an archive.

use std::fs;
use std::path::{Path, PathBuf};

use super::gather::{Gather, MOST_PICTURE_BYTES, number_classes};
use super::{archive, files};
use crate::picture::{Colour, Picture};
use crate::{DatasetError, ImageSet, ImageShape};

/// How pictures of any size become images of one shape: the middle square, resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureOptions {
    /// Rows and columns of the images.
    pub side: usize,
    /// Channels of the images.
    pub colour: Colour,
}

impl PictureOptions {
    pub(super) fn shape(self) -> ImageShape {
        ImageShape {
            channels: self.colour.channels(),
            height: self.side,
            width: self.side,
        }
    }

    pub(super) fn decode(self, bytes: &[u8]) -> Result<Picture, String> {
        let picture = Picture::decode(bytes, self.colour)?.centre_square();
        Ok(picture.resized(self.side, self.side))
    }
}

/// Reads `folder/CLASS/**/*.{png,jpg,jpeg}`; classes are numbered in alphabetical order, images
/// are in the order of their paths.
///
/// # Errors
/// No class folder, a class without a picture, a picture that cannot be decoded.
pub fn read_class_folders(
    folder: &Path,
    options: PictureOptions,
) -> Result<ImageSet, DatasetError> {
    let mut gather = Gather::new(folder, options.shape(), |bytes: &[u8]| {
        options.decode(bytes)
    });
    let classes = sorted_entries(folder)?;
    for class in classes.into_iter().filter(|path| path.is_dir()) {
        let mut pictures = Vec::new();
        find_pictures(&class, 0, &mut pictures)?;
        let name = file_name(&class);
        if pictures.is_empty() {
            return Err(DatasetError::format(
                folder,
                name,
                "a class folder without a PNG or JPEG picture\nhint: remove the folder or fill it",
            ));
        }
        for picture in pictures {
            let place = picture.strip_prefix(folder).unwrap_or(&picture);
            let place = place.display().to_string();
            let file = fs::File::open(&picture).map_err(|e| DatasetError::read(&picture, e))?;
            let bytes = files::read_limited(folder, &place, file, MOST_PICTURE_BYTES)?;
            gather.push(&place, name.clone(), bytes)?;
        }
    }
    finish(folder, options, gather.finish()?)
}

/// Reads `[.../]within/CLASS/**/*.{png,jpg,jpeg}` from a zip or a tar (plain, .gz or .xz);
/// `within` is the folder whose folders are the classes, for example `train`.
///
/// # Errors
/// A damaged archive, no picture below `within`, a picture that cannot be decoded.
pub fn read_class_archive(
    path: &Path,
    within: &str,
    options: PictureOptions,
) -> Result<ImageSet, DatasetError> {
    let mut gather = Gather::new(path, options.shape(), |bytes: &[u8]| options.decode(bytes));
    archive::walk(path, |name, content| {
        let Some(class) = class_below(name, within) else {
            return Ok(());
        };
        let bytes = files::read_limited(path, name, content, MOST_PICTURE_BYTES)?;
        gather.push(name, class.to_owned(), bytes)
    })?;
    if gather.len() == 0 {
        return Err(DatasetError::format(
            path,
            format!("folder `{within}`"),
            "holds no class folders with PNG or JPEG pictures",
        ));
    }
    finish(path, options, gather.finish()?)
}

fn finish(
    source: &Path,
    options: PictureOptions,
    (names, pixels): (Vec<String>, Vec<f32>),
) -> Result<ImageSet, DatasetError> {
    let (labels, classes) = number_classes(&names);
    if classes < 2 {
        return Err(DatasetError::format(
            source,
            "the class folders",
            format!("{classes} found, at least 2 are needed\nhint: one folder a class"),
        ));
    }
    ImageSet::new(options.shape(), pixels, labels, classes)
}

/// The class of an archive's file: the folder right below `within`, for pictures only.
fn class_below<'a>(name: &'a str, within: &str) -> Option<&'a str> {
    if !is_picture(name) {
        return None;
    }
    let mut parts = name.split('/');
    parts.find(|part| *part == within)?;
    let class = parts.next()?;
    // A picture that lies directly in `within` has no class.
    parts.next().map(|_| class)
}

pub(super) fn is_picture(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let known = ["png", "jpg", "jpeg"];
    !stem.is_empty()
        && !stem.starts_with('.')
        && known.iter().any(|k| extension.eq_ignore_ascii_case(k))
}

/// All pictures below `folder`, in the order of their paths; links that lead in circles end.
fn find_pictures(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), DatasetError> {
    if depth > 8 {
        return Ok(());
    }
    for path in sorted_entries(folder)? {
        if path.is_dir() {
            find_pictures(&path, depth + 1, out)?;
        } else if is_picture(&file_name(&path)) {
            out.push(path);
        }
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let entries: Result<Vec<PathBuf>, std::io::Error> =
        fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries = entries.map_err(|error| DatasetError::read(folder, error))?;
    entries.retain(|path| !file_name(path).starts_with('.'));
    entries.sort();
    Ok(entries)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
