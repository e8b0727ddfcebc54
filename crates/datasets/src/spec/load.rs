//! Reading image sets and features by name.

use std::path::Path;

use super::images::{DatasetSpec, Part};
use crate::read::*;
use crate::{Colour, DatasetError, FeatureSet, ImageSet, StreamKey, Strokes};

impl DatasetSpec {
    /// Reads the images, or draws them with `key`.
    ///
    /// # Errors
    /// A missing or damaged file, or [`DatasetSpec::Features`], which holds none.
    pub fn load(&self, data_dir: &Path, key: StreamKey) -> Result<ImageSet, DatasetError> {
        check_sizes(self)?;
        let (set, limit) = match self {
            Self::Strokes { classes, images } => {
                let (classes, images) = (*classes, *images);
                return Strokes { classes, images }.generate(key);
            }
            Self::Mixed(parts) => {
                let load =
                    |(i, part): (usize, &Self)| part.load(data_dir, key.child(&i.to_string()));
                let sets: Result<_, _> = parts.iter().enumerate().map(load).collect();
                return ImageSet::concat(sets?);
            }
            Self::Features { path, .. } => {
                return Err(DatasetError::Setting {
                    setting: "features".into(),
                    reason: format!("{} holds features, but images are needed", path.display()),
                });
            }
            Self::Mnist { limit, .. } => (self.load_idx(data_dir, IdxOptions::mnist())?, limit),
            Self::Notmnist { limit, .. } => (self.load_idx(data_dir, IdxOptions::mnist())?, limit),
            Self::Emnist { split, limit, .. } => (self.load_idx(data_dir, split.options())?, limit),
            Self::Omniglot { limit } => (read_omniglot(&self.find(data_dir)?, 32)?, limit),
            Self::Cifar10 { limit, .. } => {
                (read_cifar(&self.find(data_dir)?, CifarLabels::Ten)?, limit)
            }
            Self::Cifar100 { coarse, limit, .. } => {
                let labels = if *coarse {
                    CifarLabels::Coarse
                } else {
                    CifarLabels::Fine
                };
                (read_cifar(&self.find(data_dir)?, labels)?, limit)
            }
            Self::TinyImagenet32 { part, limit } => {
                (load_tiny(&self.find(data_dir)?[0], *part)?, limit)
            }
            Self::Celeba {
                label,
                side,
                images_per_class,
                limit,
            } => {
                let files = self.find(data_dir)?;
                let (side, colour) = (*side, Colour::Rgb);
                let options = PictureOptions { side, colour };
                let set = read_labelled_archive(&files[0], &files[1], label, options)?;
                let set = match images_per_class {
                    Some(count) => set.with_classes_of(*count)?,
                    None => set,
                };
                (set, limit)
            }
            Self::ImageFolder {
                path,
                side,
                colour,
                limit,
            } => {
                let (side, colour) = (*side, *colour);
                let options = PictureOptions { side, colour };
                self.find(data_dir)?;
                (read_class_folders(&data_dir.join(path), options)?, limit)
            }
        };
        Ok(match limit {
            Some(limit) => set.limited(*limit, key.child("limit")),
            None => set,
        })
    }

    /// Reads [`DatasetSpec::Features`].
    ///
    /// # Errors
    /// A missing or damaged file, or a dataset of images.
    pub fn load_features(&self, data_dir: &Path) -> Result<FeatureSet, DatasetError> {
        let Self::Features { path, labels } = self else {
            return Err(DatasetError::Setting {
                setting: self.describe().name.into(),
                reason: "holds images, but features are needed".into(),
            });
        };
        let labels = labels.as_ref().map(|labels| data_dir.join(labels));
        self.find(data_dir)?;
        read_features(&data_dir.join(path), labels.as_deref())
    }

    /// The parts one after the other, with the same classes.
    fn load_idx(&self, data_dir: &Path, options: IdxOptions) -> Result<ImageSet, DatasetError> {
        let found = self.find(data_dir)?;
        let mut sets = Vec::new();
        for [images, labels] in self.idx_pairs() {
            let images_path = images.find(data_dir).filter(|path| found.contains(path));
            let Some(images_path) = images_path else {
                continue;
            };
            let name = self.describe().name;
            let labels = labels.require(name, data_dir, "images and labels belong together")?;
            sets.push(read_idx(&images_path, &labels, options)?);
        }
        ImageSet::append(sets)
    }
}

fn load_tiny(archive: &Path, part: Part) -> Result<ImageSet, DatasetError> {
    let (side, colour) = (32, Colour::Rgb);
    let folders: &[&str] = match part {
        Part::Train => &["train"],
        Part::Test => &["val"],
        Part::All => &["train", "val"],
    };
    let read = |folder: &&str| read_class_archive(archive, folder, PictureOptions { side, colour });
    ImageSet::append(folders.iter().map(read).collect::<Result<_, _>>()?)
}

/// Sizes that cannot be meant.
fn check_sizes(spec: &DatasetSpec) -> Result<(), DatasetError> {
    let wrong = |setting: &str, value: usize, range: &str| {
        Err(DatasetError::Setting {
            setting: format!("{}.{setting}", spec.describe().name),
            reason: format!("{value} is not {range}"),
        })
    };
    match spec {
        DatasetSpec::Celeba { side, .. } | DatasetSpec::ImageFolder { side, .. }
            if !(8..=1024).contains(side) =>
        {
            wrong("side", *side, "between 8 and 1024")
        }
        DatasetSpec::Mnist { limit: Some(0), .. }
        | DatasetSpec::Emnist { limit: Some(0), .. }
        | DatasetSpec::Notmnist { limit: Some(0), .. }
        | DatasetSpec::Omniglot { limit: Some(0) }
        | DatasetSpec::Cifar10 { limit: Some(0), .. }
        | DatasetSpec::Cifar100 { limit: Some(0), .. }
        | DatasetSpec::TinyImagenet32 { limit: Some(0), .. }
        | DatasetSpec::Celeba { limit: Some(0), .. }
        | DatasetSpec::ImageFolder { limit: Some(0), .. } => wrong("limit", 0, "at least 1"),
        _ => Ok(()),
    }
}
