//! The files that a dataset is read from, once they are found: what its reader is given, and what
//! the key of a cache is a hash of. Both come from here, so that nothing can be read that the key
//! does not know.

use std::path::{Path, PathBuf};

use crate::read::{
    ClassFiles, PairedImages, PictureOptions, files, label_file, read_list, read_paired,
};
use crate::{DatasetError, FeatureSet, ImageSet, Reading, read_features};

/// Files that were found.
pub(super) enum Inputs {
    /// Images and labels, pair by pair.
    Pairs(Vec<[PathBuf; 2]>),
    /// Files one after the other.
    Files(Vec<PathBuf>),
    /// Class folders below a folder.
    Folder(PathBuf, ClassFiles),
    /// Features and, for formats that do not hold them, their labels.
    Features(PathBuf, Option<PathBuf>),
    /// Features and labels likewise, and the images.
    Paired(PathBuf, Option<PathBuf>, PairedFiles),
    /// Those of several datasets.
    Parts(Vec<Inputs>),
}

/// The files of images in an order.
pub(super) enum PairedFiles {
    /// One array.
    Array(PathBuf),
    /// A folder, a list of its pictures, and these.
    Folder(PathBuf, PathBuf, Vec<PathBuf>),
}

impl Inputs {
    /// Features as [`Inputs::features`] has them, and images in one array or, in a listed order, in a
    /// folder.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn paired(
        features: PathBuf,
        labels: Option<PathBuf>,
        images: PathBuf,
        list: Option<PathBuf>,
    ) -> Result<Self, DatasetError> {
        let labels = label_file(&features, labels.as_deref());
        let images = match list {
            None => PairedFiles::Array(images),
            Some(list) => {
                let names = read_list(&list, &mut Reading::default())?;
                let files = names.iter().map(|name| images.join(name)).collect();
                PairedFiles::Folder(images, list, files)
            }
        };
        Ok(Self::Paired(features, labels, images))
    }

    /// The images and features, if these are such files.
    ///
    /// # Errors
    /// As [`read_paired`].
    pub fn read_paired(
        &self,
        options: PictureOptions,
        reading: &mut Reading,
    ) -> Option<Result<(ImageSet, FeatureSet), DatasetError>> {
        let Self::Paired(features, labels, images) = self else {
            return None;
        };
        let images = match images {
            PairedFiles::Array(path) => PairedImages::Array(path),
            PairedFiles::Folder(folder, list, _) => PairedImages::Folder(folder, list, options),
        };
        Some(read_paired(features, labels.as_deref(), images, reading))
    }

    /// The file at `path` with the labels that were told, or those beside it.
    pub fn features(path: PathBuf, labels: Option<PathBuf>) -> Self {
        let labels = label_file(&path, labels.as_deref());
        Self::Features(path, labels)
    }

    /// The features, if these are such files.
    ///
    /// # Errors
    /// As [`read_features`].
    pub fn read_features(&self, reading: &mut Reading) -> Option<Result<FeatureSet, DatasetError>> {
        match self {
            Self::Features(path, labels) | Self::Paired(path, labels, _) => {
                Some(read_features(path, labels.as_deref(), reading))
            }
            _ => None,
        }
    }

    /// Every file, with what it is (the name of a class, or its place among the others).
    fn named(&self) -> Vec<(String, &Path)> {
        let mut named = Vec::new();
        match self {
            Self::Pairs(pairs) => {
                for [images, labels] in pairs {
                    named.push(("images".to_owned(), images.as_path()));
                    named.push(("labels".to_owned(), labels.as_path()));
                }
            }
            Self::Files(files) => {
                named.extend(files.iter().map(|file| ("file".to_owned(), file.as_path())));
            }
            Self::Folder(_, list) => {
                let files = list.files.iter();
                named.extend(files.map(|(class, file)| (format!("class {class}"), file.as_path())));
            }
            Self::Features(features, labels) | Self::Paired(features, labels, _) => {
                named.push(("features".to_owned(), features.as_path()));
                named.extend(
                    labels
                        .iter()
                        .map(|file| ("labels".to_owned(), file.as_path())),
                );
            }
            Self::Parts(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    let files = part.named().into_iter();
                    named.extend(files.map(|(name, file)| (format!("part {place} {name}"), file)));
                }
            }
        }
        match self {
            Self::Paired(_, _, PairedFiles::Array(path)) => {
                named.push(("images".to_owned(), path.as_path()));
            }
            Self::Paired(_, _, PairedFiles::Folder(_, list, files)) => {
                named.push(("list".to_owned(), list.as_path()));
                named.extend(
                    files
                        .iter()
                        .map(|file| ("image".to_owned(), file.as_path())),
                );
            }
            _ => {}
        }
        named
    }

    /// BLAKE3 over what every file is and over its content, in their order.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn hash(&self) -> Result<[u8; 32], DatasetError> {
        let mut hasher = blake3::Hasher::new();
        for (name, path) in self.named() {
            let mut content = blake3::Hasher::new();
            content
                .update_reader(files::open_raw(path, &mut Reading::default())?)
                .map_err(|error| DatasetError::read(path, error))?;
            // Hashes of both, so that no name can run into a content.
            hasher.update(blake3::hash(name.as_bytes()).as_bytes());
            hasher.update(content.finalize().as_bytes());
        }
        Ok(*hasher.finalize().as_bytes())
    }

    /// # Panics
    /// If a reader opened a file that the hash does not know: that would be a fault of this crate.
    pub fn assert_covers(&self, reading: &Reading) {
        let known: Vec<&Path> = self.named().into_iter().map(|(_, path)| path).collect();
        let known: std::collections::HashSet<&Path> = known.into_iter().collect();
        for path in reading.opened() {
            assert!(
                known.contains(path.as_path()),
                "{} was read, but belongs to no key",
                path.display()
            );
        }
    }
}
