//! Pictures sorted into one folder a class, on disk or in an archive.

use std::collections::BTreeSet;
use std::path::Path;

use super::archive::Archive;
use super::files;
use super::gather::{Gather, number_classes};
use super::listing::{ClassFiles, ENDINGS, is_hidden, is_picture};
use crate::picture::{Colour, Picture};
use crate::{DatasetError, ImageSet, Reading, Remark};

/// How pictures of any size become images of one shape: the middle square, resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureOptions {
    /// Rows and columns of the images.
    pub side: usize,
    /// What the images are brought to; the files' own where none is given: grey if no pixel of any
    /// of them has a colour.
    pub colour: Option<Colour>,
}

impl PictureOptions {
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Picture, String> {
        Picture::square(bytes, self.colour, self.side)
    }
}

/// Reads `folder/CLASS/**/*`, all pictures in PNG, JPEG, GIF, BMP, TIFF, WebP or PNM; classes are
/// numbered in alphabetical order, images are in the order of their paths. Links are followed;
/// hidden files and folders are left out.
///
/// # Errors
/// No class folder, a class without a picture, a picture that cannot be decoded.
pub fn read_class_folders(
    folder: &Path,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let list = ClassFiles::list(folder, reading)?;
    read_class_files(folder, &list, options, reading)
}

/// Reads the pictures that were listed below `folder`.
pub(crate) fn read_class_files(
    folder: &Path,
    list: &ClassFiles,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut gather = Gather::new(folder, options.side, options.colour, |bytes: &[u8]| {
        options.decode(bytes)
    });
    for (class, picture) in &list.files {
        let place = picture.strip_prefix(folder).unwrap_or(picture);
        let file = files::open_raw(picture, reading)?;
        gather.push(&place.display().to_string(), class.clone(), file, reading)?;
    }
    let set = gather.finish(number_classes, reading)?;
    check_classes(folder, set)
}

/// Reads `[.../]within/CLASS/**/*` from a zip or a tar (plain, .gz or .xz), pictures as in
/// [`read_class_folders`]; `within` is the folder whose folders are the classes, for example
/// `train`. Links and hidden files are left out.
///
/// # Errors
/// A damaged archive, no picture below `within`, a picture that cannot be decoded.
pub fn read_class_archive(
    path: &Path,
    within: &str,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut archive = Archive::open(path, reading)?;
    let set = read_classes(path, &mut archive, within, None, options, reading)?;
    check_classes(path, set)
}

/// As [`read_class_archive`], from an opened archive. Where `known` names classes, these are
/// numbered, whether they have pictures or not.
pub(super) fn read_classes(
    path: &Path,
    archive: &mut Archive,
    within: &str,
    known: Option<&BTreeSet<String>>,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut gather = Gather::new(path, options.side, options.colour, |bytes: &[u8]| {
        options.decode(bytes)
    });
    archive.walk(|entry| {
        let remark = match place_below(entry.name, within) {
            Place::Elsewhere => return Ok(()),
            _ if is_hidden(entry.name) => Remark::Hidden,
            _ if !is_picture(entry.name) => Remark::OtherEnding,
            _ if entry.is_link => Remark::Link,
            Place::Beside => Remark::NoClass,
            Place::Of(class) => {
                return gather.push(entry.name, class.to_owned(), entry.content, reading);
            }
        };
        reading.remark(remark, entry.name);
        Ok(())
    })?;
    if gather.len() == 0 {
        return Err(DatasetError::format(
            path,
            format!("folder `{within}`"),
            format!(
                "holds no class folders with pictures ({})",
                ENDINGS.join(", ")
            ),
        ));
    }
    let numbered = |labels: Vec<String>| match known {
        None => number_classes(labels),
        Some(names) => {
            let order: Vec<&String> = names.iter().collect();
            let number = |label: &String| order.partition_point(|name| *name < label) as u32;
            (labels.iter().map(number).collect(), order.len())
        }
    };
    gather.finish(numbered, reading)
}

/// # Errors
/// If there are fewer than two classes.
fn check_classes(source: &Path, set: ImageSet) -> Result<ImageSet, DatasetError> {
    match set.classes() {
        0 | 1 => Err(DatasetError::format(
            source,
            "the class folders",
            format!(
                "{} found, at least 2 are needed\nhint: one folder a class",
                set.classes()
            ),
        )),
        _ => Ok(set),
    }
}

/// Where a file of an archive lies.
enum Place<'a> {
    /// Not below the folder of the classes.
    Elsewhere,
    /// Right in the folder of the classes.
    Beside,
    /// In the folder of this class.
    Of(&'a str),
}

fn place_below<'a>(name: &'a str, within: &str) -> Place<'a> {
    let mut parts = name.split('/');
    if !parts.any(|part| part == within) {
        return Place::Elsewhere;
    }
    match (parts.next(), parts.next()) {
        (Some(class), Some(_)) => Place::Of(class),
        _ => Place::Beside,
    }
}
