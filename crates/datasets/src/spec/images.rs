//! Image sets (and features) by name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::files::{Checked, Need, find_all};
use super::inputs::Inputs;
use super::part::{EmnistSplit, Part};
use super::{bare, catalogue};
use crate::read::{ClassFiles, label_file};
use crate::{Colour, DatasetError, Reading, StrokeClasses};

fn train() -> Part {
    Part::Train
}

fn all() -> Part {
    Part::All
}

fn identity() -> String {
    "identity".into()
}

fn side_32() -> usize {
    32
}

fn side_64() -> usize {
    64
}

/// A dataset by name: embedded, one of the published ones, or the user's.
///
/// In a config either `mnist` or `{ mnist: { part: test, limit: 1000 } }`; `limit` draws that many
/// images, as even over the classes as they come. Paths are below the data folder where relative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = bare::allow_names)]
pub enum DatasetSpec {
    /// Procedural handwriting, drawn when needed.
    Strokes {
        /// Which characters.
        classes: StrokeClasses,
        /// How many images, over all classes.
        images: usize,
    },
    /// MNIST digits.
    Mnist {
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// EMNIST.
    Emnist {
        /// Which split; the letters if not told.
        #[serde(default)]
        split: EmnistSplit,
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// notMNIST: letters from fonts.
    Notmnist {
        /// Which part; all that is there if not told.
        #[serde(default = "all")]
        part: Part,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// Omniglot: every archive of it that is there.
    Omniglot {
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// CIFAR-10: every batch of the part that is there.
    Cifar10 {
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// CIFAR-100.
    Cifar100 {
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Its 20 coarse classes instead of the 100 fine ones.
        #[serde(default)]
        coarse: bool,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// Tiny ImageNet at 32 x 32.
    TinyImagenet32 {
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// CelebA faces.
    Celeba {
        /// What is told apart: `identity`, or an attribute such as `male`.
        #[serde(default = "identity")]
        label: String,
        /// Rows and columns; 64 if not told.
        #[serde(default = "side_64")]
        side: usize,
        /// Only the classes (people) with at least as many images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        images_per_class: Option<usize>,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// One folder a class.
    ImageFolder {
        /// The folder of the folders.
        path: PathBuf,
        /// Rows and columns; 32 if not told.
        #[serde(default = "side_32")]
        side: usize,
        /// Grey or RGB. If not told, that of the data it is used with, or else of the files: grey if
        /// no pixel of any of them has a colour.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<Colour>,
        /// Most images.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// Several datasets, their classes side by side.
    Mixed(Vec<DatasetSpec>),
    /// Features extracted elsewhere: no images, see [`DatasetSpec::load_features`].
    Features {
        /// The file: `.safetensors`, `.npy` or `.csv`.
        path: PathBuf,
        /// The labels of an `.npy`; `NAME-labels.npy` beside it if not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<PathBuf>,
    },
    /// Features extracted elsewhere, and the images that they were extracted from, in the same order:
    /// any network at all, for every attack that sends no images of its own through it.
    Paired {
        /// The features: `.safetensors` or `.npy`.
        features: PathBuf,
        /// The labels of an `.npy`; `NAME-labels.npy` beside it if not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<PathBuf>,
        /// The images: an `.npy` of bytes (n x rows x columns, with 1 or 3 channels before or after
        /// them), or the folder of the pictures in `list`.
        images: PathBuf,
        /// A text file of pictures, one a line, as paths below the folder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        list: Option<PathBuf>,
        /// Rows and columns of listed pictures; 32 if not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        side: Option<usize>,
        /// Grey or RGB of listed pictures; what their files are if not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        colour: Option<Colour>,
    },
}

impl DatasetSpec {
    /// Whether this is features rather than images.
    pub fn is_features(&self) -> bool {
        matches!(self, Self::Features { .. })
    }

    /// Whether it comes with features, with images or without.
    pub fn has_features(&self) -> bool {
        matches!(self, Self::Features { .. } | Self::Paired { .. })
    }

    /// One of each, with its usual settings: what `harness data list` shows.
    pub fn known() -> Vec<Self> {
        let limit = None;
        let part = Part::Train;
        vec![
            Self::Strokes {
                classes: StrokeClasses::Digits,
                images: 20_000,
            },
            Self::Mnist { part, limit },
            Self::Emnist {
                split: EmnistSplit::Letters,
                part,
                limit,
            },
            Self::Notmnist {
                part: Part::All,
                limit,
            },
            Self::Omniglot { limit },
            Self::Cifar10 { part, limit },
            Self::Cifar100 {
                part,
                coarse: false,
                limit,
            },
            Self::TinyImagenet32 { part, limit },
            Self::Celeba {
                label: identity(),
                side: 64,
                images_per_class: None,
                limit,
            },
        ]
    }

    /// The files it needs; of CelebA the official ones, or the smaller set where only that is there.
    pub fn files(&self, data_dir: &Path) -> Vec<Need> {
        match self {
            Self::Strokes { .. } => Vec::new(),
            Self::Mnist { .. } | Self::Emnist { .. } | Self::Notmnist { .. } => {
                self.idx_pairs().concat()
            }
            Self::Omniglot { .. } => catalogue::omniglot(),
            Self::Cifar10 { part, .. } => catalogue::cifar10(*part),
            Self::Cifar100 { part, .. } => catalogue::cifar100(*part),
            Self::TinyImagenet32 { .. } => vec![catalogue::tiny_imagenet()],
            Self::Celeba { label, .. } => {
                let [official, small] = catalogue::celeba(label);
                let small_only =
                    official[0].find(data_dir).is_none() && small[0].find(data_dir).is_some();
                if small_only { small } else { official }.to_vec()
            }
            Self::ImageFolder { path, .. } => {
                vec![Need::own("the folder of class folders", path, true)]
            }
            Self::Mixed(parts) => parts.iter().flat_map(|part| part.files(data_dir)).collect(),
            Self::Features { path, labels } => {
                let labels = label_file(path, labels.as_deref());
                let labels = labels.map(|path| Need::own("the labels", &path, false));
                std::iter::once(Need::own("the features", path, false))
                    .chain(labels)
                    .collect()
            }
            Self::Paired {
                features,
                labels,
                images,
                list,
                ..
            } => {
                let labels = label_file(features, labels.as_deref());
                let labels = labels.map(|path| Need::own("the labels", &path, false));
                let list = list.as_ref();
                std::iter::once(Need::own("the features", features, false))
                    .chain(labels)
                    .chain([Need::own("the images", images, list.is_some())])
                    .chain(list.map(|list| Need::own("the list of the images", list, false)))
                    .collect()
            }
        }
    }

    /// Looks for every file it needs and, where `sums`, compares published checksums.
    pub fn verify(&self, data_dir: &Path, sums: bool) -> Vec<Checked> {
        let needs = self.files(data_dir).into_iter();
        needs.map(|need| need.check(data_dir, sums)).collect()
    }

    /// BLAKE3 over the content of every file that [`DatasetSpec::load`] or
    /// [`DatasetSpec::load_features`] opens, and of what each is, for cache keys.
    ///
    /// # Errors
    /// If a file is missing or cannot be read.
    pub fn content_hash(&self, data_dir: &Path) -> Result<[u8; 32], DatasetError> {
        self.inputs(data_dir, &mut Reading::default())?.hash()
    }

    /// Examples of each class, where files say so without a picture being decoded: class folders and
    /// features.
    ///
    /// # Errors
    /// A missing or damaged file.
    pub fn count_classes(&self, data_dir: &Path) -> Result<Option<Vec<usize>>, DatasetError> {
        let limited = self.limit().is_some();
        match self {
            Self::ImageFolder { .. } if !limited => {
                match self.inputs(data_dir, &mut Reading::default())? {
                    Inputs::Folder(_, list) => Ok(Some(list.counts())),
                    _ => Ok(None),
                }
            }
            Self::Features { .. } | Self::Paired { .. } => {
                let features = self.load_features(data_dir)?;
                let mut counts = vec![0; features.classes()];
                for &label in features.labels() {
                    counts[label as usize] += 1;
                }
                Ok(Some(counts))
            }
            _ => Ok(None),
        }
    }

    /// The files to read it from.
    ///
    /// # Errors
    /// If one is missing, or a folder cannot be listed.
    pub(super) fn inputs(
        &self,
        data_dir: &Path,
        reading: &mut Reading,
    ) -> Result<Inputs, DatasetError> {
        Ok(match self {
            Self::Mixed(parts) => {
                let parts = parts.iter().map(|part| part.inputs(data_dir, reading));
                Inputs::Parts(parts.collect::<Result<_, _>>()?)
            }
            Self::Mnist { .. } | Self::Emnist { .. } | Self::Notmnist { .. } => {
                Inputs::Pairs(self.find_pairs(data_dir)?)
            }
            Self::ImageFolder { path, .. } => {
                self.find(data_dir)?;
                let folder = data_dir.join(path);
                let list = ClassFiles::list(&folder, reading)?;
                Inputs::Folder(folder, list)
            }
            Self::Features { path, labels } => {
                self.find(data_dir)?;
                let labels = labels.as_ref().map(|labels| data_dir.join(labels));
                Inputs::features(data_dir.join(path), labels)
            }
            Self::Paired {
                features,
                labels,
                images,
                list,
                ..
            } => {
                self.find(data_dir)?;
                let labels = labels.as_ref().map(|labels| data_dir.join(labels));
                let list = list.as_ref().map(|list| data_dir.join(list));
                Inputs::paired(data_dir.join(features), labels, data_dir.join(images), list)?
            }
            _ => Inputs::Files(self.find(data_dir)?),
        })
    }

    fn find(&self, data_dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
        find_all(
            &self.files(data_dir),
            self.describe().name,
            data_dir,
            &self.describe().hint(),
        )
    }

    /// Images that are there, each with its labels.
    fn find_pairs(&self, data_dir: &Path) -> Result<Vec<[PathBuf; 2]>, DatasetError> {
        let found = self.find(data_dir)?;
        let mut pairs = Vec::new();
        for [images, labels] in self.idx_pairs() {
            let images = images.find(data_dir).filter(|path| found.contains(path));
            let Some(images) = images else {
                continue;
            };
            let name = self.describe().name;
            let labels = labels.require(name, data_dir, "images and labels belong together")?;
            pairs.push([images, labels]);
        }
        Ok(pairs)
    }

    fn idx_pairs(&self) -> Vec<[Need; 2]> {
        match self {
            Self::Mnist { part, .. } => catalogue::mnist(*part),
            Self::Emnist { split, part, .. } => catalogue::emnist(*split, *part),
            Self::Notmnist { part, .. } => catalogue::notmnist(*part),
            _ => Vec::new(),
        }
    }
}

impl<'de> bare::Tagged<'de> for DatasetSpec {
    fn tagged<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for DatasetSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bare::deserialize(deserializer)
    }
}

impl Serialize for DatasetSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
