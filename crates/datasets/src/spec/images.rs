//! Image sets (and features) by name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::files::{Checked, Need, content_hash, find_all};
use super::{Description, bare, catalogue};
use crate::{Colour, DatasetError, IdxAxes, IdxOptions, StrokeClasses};

/// Which part of a published dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The training part.
    Train,
    /// The test (or validation) part.
    Test,
    /// Both, as far as they are there.
    All,
}

/// The splits in which EMNIST is published.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EmnistSplit {
    /// 26 letters, capital and small together.
    #[default]
    Letters,
    /// Ten digits.
    Digits,
    /// 47 classes, as many of each.
    Balanced,
    /// 62 classes.
    ByClass,
    /// 47 classes.
    ByMerge,
    /// Ten digits, as MNIST.
    Mnist,
}

impl EmnistSplit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Letters => "letters",
            Self::Digits => "digits",
            Self::Balanced => "balanced",
            Self::ByClass => "byclass",
            Self::ByMerge => "bymerge",
            Self::Mnist => "mnist",
        }
    }

    pub(super) fn options(self) -> IdxOptions {
        let (classes, first_label) = match self {
            Self::Letters => (26, 1),
            Self::Digits | Self::Mnist => (10, 0),
            Self::Balanced | Self::ByMerge => (47, 0),
            Self::ByClass => (62, 0),
        };
        IdxOptions {
            classes,
            first_label,
            axes: IdxAxes::Columns,
            side: 32,
        }
    }
}

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
        /// Grey or RGB; RGB if not told.
        #[serde(default)]
        colour: Colour,
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
}

impl DatasetSpec {
    /// Whether this is features rather than images.
    pub fn is_features(&self) -> bool {
        matches!(self, Self::Features { .. })
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

    /// What it is and where it comes from.
    pub fn describe(&self) -> Description {
        match self {
            Self::Strokes { .. } => catalogue::STROKES,
            Self::Mnist { .. } => catalogue::MNIST,
            Self::Emnist { .. } => catalogue::EMNIST,
            Self::Notmnist { .. } => catalogue::NOTMNIST,
            Self::Omniglot { .. } => catalogue::OMNIGLOT,
            Self::Cifar10 { .. } => catalogue::CIFAR10,
            Self::Cifar100 { .. } => catalogue::CIFAR100,
            Self::TinyImagenet32 { .. } => catalogue::TINY_IMAGENET,
            Self::Celeba { .. } => catalogue::CELEBA,
            Self::ImageFolder { .. } => catalogue::IMAGE_FOLDER,
            Self::Mixed(_) => catalogue::MIXED,
            Self::Features { .. } => catalogue::FEATURES,
        }
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
            Self::ImageFolder { path, .. } => vec![own_file("the folder of class folders", path)],
            Self::Mixed(parts) => parts.iter().flat_map(|part| part.files(data_dir)).collect(),
            Self::Features { path, labels } => {
                let labels = labels.as_ref().map(|path| own_file("the labels", path));
                std::iter::once(own_file("the features", path))
                    .chain(labels)
                    .collect()
            }
        }
    }

    /// Looks for every file it needs and, where `sums`, compares published checksums.
    pub fn verify(&self, data_dir: &Path, sums: bool) -> Vec<Checked> {
        let needs = self.files(data_dir).into_iter();
        needs.map(|need| need.check(data_dir, sums)).collect()
    }

    /// BLAKE3 over the content of the files it is read from, for cache keys.
    ///
    /// # Errors
    /// If a file is missing or cannot be read.
    pub fn content_hash(&self, data_dir: &Path) -> Result<[u8; 32], DatasetError> {
        let mut files = Vec::new();
        match self {
            Self::Mixed(parts) => {
                for part in parts {
                    files.extend(part.find(data_dir)?);
                }
            }
            _ => files = self.find(data_dir)?,
        }
        content_hash(&files)
    }

    pub(super) fn find(&self, data_dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
        let hint = match self.describe().sources {
            [] => "check the path and the data folder".to_owned(),
            [first, ..] => format!("`scripts/fetch-data.sh` or {}", first.url),
        };
        find_all(&self.files(data_dir), self.describe().name, data_dir, &hint)
    }

    pub(super) fn idx_pairs(&self) -> Vec<[Need; 2]> {
        match self {
            Self::Mnist { part, .. } => catalogue::mnist(*part),
            Self::Emnist { split, part, .. } => catalogue::emnist(*split, *part),
            Self::Notmnist { part, .. } => catalogue::notmnist(*part),
            _ => Vec::new(),
        }
    }
}

fn own_file(what: &str, path: &Path) -> Need {
    Need {
        what: what.into(),
        names: vec![path.to_path_buf()],
        md5: None,
        required: true,
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
