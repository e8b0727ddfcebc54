//! Reading image sets and features by name.

use std::path::{Path, PathBuf};

use super::images::DatasetSpec;
use super::inputs::Inputs;
use super::part::Part;
use crate::read::*;
use crate::{Colour, DatasetError, FeatureSet, ImageSet, Reading, StreamKey, Strokes};

impl DatasetSpec {
    /// Reads the images, or draws them with `key`.
    ///
    /// # Errors
    /// A missing or damaged file, or [`DatasetSpec::Features`], which holds none.
    ///
    /// # Panics
    /// If a file was read that [`DatasetSpec::content_hash`] does not cover: that would be a fault
    /// of this crate.
    pub fn load(&self, data_dir: &Path, key: StreamKey) -> Result<ImageSet, DatasetError> {
        self.load_with(data_dir, key, &mut Reading::default())
    }

    /// As [`DatasetSpec::load`], with an account of what was opened and left out.
    ///
    /// # Errors
    /// As [`DatasetSpec::load`].
    ///
    /// # Panics
    /// As [`DatasetSpec::load`].
    pub fn load_with(
        &self,
        data_dir: &Path,
        key: StreamKey,
        reading: &mut Reading,
    ) -> Result<ImageSet, DatasetError> {
        check_sizes(self)?;
        match self {
            Self::Strokes { classes, images } => {
                let (classes, images) = (*classes, *images);
                return Strokes { classes, images }.generate(key);
            }
            Self::Mixed(parts) => return load_mixed(parts, data_dir, key, reading),
            Self::Features { path, .. } => {
                return Err(DatasetError::Setting {
                    setting: "features".into(),
                    reason: format!("{} holds features, but images are needed", path.display()),
                });
            }
            _ => {}
        }
        let mut own = Reading::default();
        let inputs = self.inputs(data_dir, &mut own)?;
        let set = self.read(&inputs, &mut own)?;
        inputs.assert_covers(&own);
        reading.add(own);
        Ok(match self.limit() {
            Some(limit) => set.limited(limit, key.child("limit")),
            None => set,
        })
    }

    /// All images in files that were found.
    fn read(&self, inputs: &Inputs, reading: &mut Reading) -> Result<ImageSet, DatasetError> {
        match (self, inputs) {
            (Self::Emnist { split, .. }, Inputs::Pairs(pairs)) => {
                read_pairs(pairs, split.options(), reading)
            }
            (_, Inputs::Pairs(pairs)) => read_pairs(pairs, IdxOptions::mnist(), reading),
            (Self::ImageFolder { side, colour, .. }, Inputs::Folder(folder, list)) => {
                let (side, colour) = (*side, *colour);
                read_class_files(folder, list, PictureOptions { side, colour }, reading)
            }
            (Self::Paired { side, colour, .. }, paired @ Inputs::Paired(..)) => {
                let options = PictureOptions {
                    side: side.unwrap_or(DatasetSpec::PAIRED_SIDE),
                    colour: *colour,
                };
                let read = paired.read_paired(options, reading);
                read.unwrap_or_else(|| unreachable!("matched above"))
                    .map(|(images, _)| images)
            }
            (Self::Omniglot { .. }, Inputs::Files(files)) => read_omniglot(files, 32, reading),
            (Self::Cifar10 { .. }, Inputs::Files(files)) => {
                read_cifar(files, CifarLabels::Ten, reading)
            }
            (Self::Cifar100 { coarse, .. }, Inputs::Files(files)) => {
                let labels = if *coarse {
                    CifarLabels::Coarse
                } else {
                    CifarLabels::Fine
                };
                read_cifar(files, labels, reading)
            }
            (Self::TinyImagenet32 { part, .. }, Inputs::Files(files)) => {
                let parts: &[&str] = match part {
                    Part::Train => &["train"],
                    Part::Test => &["val"],
                    Part::All => &["train", "val"],
                };
                read_tiny_imagenet(&files[0], parts, RGB32, reading)
            }
            (
                Self::Celeba {
                    label,
                    side,
                    images_per_class,
                    ..
                },
                Inputs::Files(files),
            ) => {
                let options = PictureOptions {
                    side: *side,
                    ..RGB32
                };
                let set = read_labelled_archive(&files[0], &files[1], label, options, reading)?;
                match images_per_class {
                    Some(count) => set.with_classes_of(*count),
                    None => Ok(set),
                }
            }
            _ => Err(DatasetError::Setting {
                setting: self.describe().name.into(),
                reason: "is not read from files".into(),
            }),
        }
    }

    /// Rows and columns of listed pictures, where they are not told.
    const PAIRED_SIDE: usize = 32;

    /// Reads the features of [`DatasetSpec::Features`] or of [`DatasetSpec::Paired`].
    ///
    /// # Errors
    /// A missing or damaged file, or a dataset of images.
    ///
    /// # Panics
    /// As [`DatasetSpec::load`].
    pub fn load_features(&self, data_dir: &Path) -> Result<FeatureSet, DatasetError> {
        self.load_features_with(data_dir, &mut Reading::default())
    }

    /// As [`DatasetSpec::load_features`], with an account of what was opened and left out.
    ///
    /// # Errors
    /// As [`DatasetSpec::load_features`].
    ///
    /// # Panics
    /// As [`DatasetSpec::load`].
    pub fn load_features_with(
        &self,
        data_dir: &Path,
        reading: &mut Reading,
    ) -> Result<FeatureSet, DatasetError> {
        if !self.has_features() {
            return Err(DatasetError::Setting {
                setting: self.describe().name.into(),
                reason: "holds images, but features are needed".into(),
            });
        }
        let mut own = Reading::default();
        let inputs = self.inputs(data_dir, &mut own)?;
        let features = match inputs.read_features(&mut own) {
            Some(features) => features?,
            None => unreachable!("features have files of features"),
        };
        inputs.assert_covers(&own);
        reading.add(own);
        Ok(features)
    }
}

/// What pictures of published sets in colour are brought to.
const RGB32: PictureOptions = PictureOptions {
    side: 32,
    colour: Some(Colour::Rgb),
};

/// Parts of one dataset one after the other, with the same classes.
fn read_pairs(
    pairs: &[[PathBuf; 2]],
    options: IdxOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let read = |[images, labels]: &[PathBuf; 2]| read_idx(images, labels, options, reading);
    ImageSet::append(pairs.iter().map(read).collect::<Result<_, _>>()?)
}

/// Datasets side by side. Those whose colour their files decide take that of the others, or are all
/// in colour if one is.
fn load_mixed(
    parts: &[DatasetSpec],
    data_dir: &Path,
    key: StreamKey,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut sets = Vec::with_capacity(parts.len());
    for (place, part) in parts.iter().enumerate() {
        sets.push(part.load_with(data_dir, key.child(&place.to_string()), reading)?);
    }
    let free: Vec<bool> = parts.iter().map(DatasetSpec::colour_is_free).collect();
    let channels = |set: &ImageSet| set.shape().channels;
    let fixed = sets.iter().zip(&free).find(|(_, free)| !**free);
    let wanted = match fixed {
        Some((set, _)) => channels(set),
        None => sets.iter().map(channels).max().unwrap_or(1),
    };
    let colour = Colour::of(wanted);
    let settled = sets.into_iter().zip(free).map(|(set, free)| match free {
        true => set.coloured(colour),
        false => set,
    });
    ImageSet::concat(settled.collect())
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
        DatasetSpec::Paired {
            side: Some(side), ..
        } if !(8..=1024).contains(side) => wrong("side", *side, "between 8 and 1024"),
        _ if spec.limit() == Some(0) => wrong("limit", 0, "at least 1"),
        _ => Ok(()),
    }
}
