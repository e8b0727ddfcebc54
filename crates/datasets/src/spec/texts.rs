//! Text sets by name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::facts::Description;
use super::files::{Checked, Need, find_all};
use super::inputs::Inputs;
use super::part::Part;
use super::{bare, catalogue};
use crate::read::label_file;
use crate::text::{HashingEmbedder, Messages, TextSet, Topic, read_imdb, read_sms, read_youtube};
use crate::{DatasetError, FeatureSet, Reading, StreamKey};

fn train() -> Part {
    Part::Train
}

/// Texts with two labels, by name; `sms` or `{ sms: { limit: 1000 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(transform = bare::allow_names)]
pub enum TextSpec {
    /// Procedural messages, written when needed.
    Messages {
        /// What the labels tell apart.
        topic: Topic,
        /// How many.
        count: usize,
    },
    /// The SMS Spam Collection.
    Sms {
        /// Most messages.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// The YouTube Spam Collection, its five files one after the other.
    Youtube {
        /// Most comments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// IMDB reviews.
    Imdb {
        /// Which part; the training part if not told.
        #[serde(default = "train")]
        part: Part,
        /// Most reviews.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    },
    /// Embeddings computed elsewhere: no texts, see [`TextSpec::load_features`].
    Embeddings {
        /// The file: `.safetensors`, `.npy` or `.csv`.
        path: PathBuf,
    },
}

impl TextSpec {
    /// Reads the texts, or writes them with `key`.
    ///
    /// # Errors
    /// A missing or damaged file, or [`TextSpec::Embeddings`], which holds no text.
    pub fn load(&self, data_dir: &Path, key: StreamKey) -> Result<TextSet, DatasetError> {
        self.load_with(data_dir, key, &mut Reading::default())
    }

    /// As [`TextSpec::load`], with an account of what was opened and left out.
    ///
    /// # Errors
    /// As [`TextSpec::load`].
    pub fn load_with(
        &self,
        data_dir: &Path,
        key: StreamKey,
        reading: &mut Reading,
    ) -> Result<TextSet, DatasetError> {
        let (inputs, mut own) = (self.inputs(data_dir)?, Reading::default());
        let files: &[PathBuf] = match &inputs {
            Inputs::Files(files) => files,
            _ => &[],
        };
        let (set, limit) = match self {
            Self::Messages { topic, count } => {
                let (topic, count) = (*topic, *count);
                return Messages { topic, count }.generate(key);
            }
            Self::Embeddings { path } => {
                return Err(DatasetError::Setting {
                    setting: "embeddings".into(),
                    reason: format!("{} holds vectors, but texts are needed", path.display()),
                });
            }
            Self::Sms { limit } => (read_sms(&files[0], &mut own)?, limit),
            Self::Youtube { limit } => (read_youtube(files, &mut own)?, limit),
            Self::Imdb { part, limit } => (load_imdb(files, *part, &mut own)?, limit),
        };
        inputs.assert_covers(&own);
        reading.add(own);
        Ok(match limit {
            Some(limit) => set.limited(*limit, key.child("limit")),
            None => set,
        })
    }

    /// The embeddings as they are, or the texts through `embedder`.
    ///
    /// # Errors
    /// A missing or damaged file, or an embedder of width 0.
    pub fn load_features(
        &self,
        data_dir: &Path,
        key: StreamKey,
        embedder: &HashingEmbedder,
    ) -> Result<FeatureSet, DatasetError> {
        self.load_features_with(data_dir, key, embedder, &mut Reading::default())
    }

    /// As [`TextSpec::load_features`], with an account of what was opened and left out.
    ///
    /// # Errors
    /// As [`TextSpec::load_features`].
    pub fn load_features_with(
        &self,
        data_dir: &Path,
        key: StreamKey,
        embedder: &HashingEmbedder,
        reading: &mut Reading,
    ) -> Result<FeatureSet, DatasetError> {
        let (inputs, mut own) = (self.inputs(data_dir)?, Reading::default());
        let features = match inputs.read_features(&mut own) {
            Some(features) => features?,
            None => return self.load_with(data_dir, key, reading)?.embed(embedder),
        };
        inputs.assert_covers(&own);
        reading.add(own);
        Ok(features)
    }

    /// One of each, with its usual settings.
    pub fn known() -> Vec<Self> {
        vec![
            Self::Messages {
                topic: Topic::Spam,
                count: 2000,
            },
            Self::Sms { limit: None },
            Self::Youtube { limit: None },
            Self::Imdb {
                part: Part::Train,
                limit: None,
            },
        ]
    }

    /// What it is and where it comes from.
    pub fn describe(&self) -> Description {
        match self {
            Self::Messages { .. } => catalogue::MESSAGES,
            Self::Sms { .. } => catalogue::SMS,
            Self::Youtube { .. } => catalogue::YOUTUBE,
            Self::Imdb { .. } => catalogue::IMDB,
            Self::Embeddings { .. } => catalogue::EMBEDDINGS,
        }
    }

    /// The files it needs.
    pub fn files(&self) -> Vec<Need> {
        match self {
            Self::Messages { .. } => Vec::new(),
            Self::Sms { .. } => vec![catalogue::sms()],
            Self::Youtube { .. } => catalogue::youtube(),
            Self::Imdb { part, .. } if *part == Part::All => {
                vec![catalogue::imdb(Part::Train), catalogue::imdb(Part::Test)]
            }
            Self::Imdb { part, .. } => vec![catalogue::imdb(*part)],
            Self::Embeddings { path } => {
                let labels = label_file(path, None);
                let labels = labels.map(|path| Need::own("the labels", &path, false));
                std::iter::once(Need::own("the embeddings", path, false))
                    .chain(labels)
                    .collect()
            }
        }
    }

    /// Looks for every file it needs and, where `sums`, compares published checksums.
    pub fn verify(&self, data_dir: &Path, sums: bool) -> Vec<Checked> {
        let needs = self.files().into_iter();
        needs.map(|need| need.check(data_dir, sums)).collect()
    }

    /// BLAKE3 over the content of every file that it is read from, for cache keys.
    ///
    /// # Errors
    /// If a file is missing or cannot be read.
    pub fn content_hash(&self, data_dir: &Path) -> Result<[u8; 32], DatasetError> {
        self.inputs(data_dir)?.hash()
    }

    fn inputs(&self, data_dir: &Path) -> Result<Inputs, DatasetError> {
        let found = find_all(
            &self.files(),
            self.describe().name,
            data_dir,
            &self.describe().hint(),
        )?;
        Ok(match self {
            Self::Embeddings { path } => Inputs::features(data_dir.join(path), None),
            _ => Inputs::Files(found),
        })
    }
}

fn load_imdb(
    files: &[PathBuf],
    part: Part,
    reading: &mut Reading,
) -> Result<TextSet, DatasetError> {
    let parts: &[&str] = match part {
        Part::Train => &["train"],
        Part::Test => &["test"],
        Part::All => &["train", "test"],
    };
    let (mut texts, mut labels) = (Vec::new(), Vec::new());
    for (file, part) in files.iter().zip(parts) {
        let set = read_imdb(file, part, reading)?;
        labels.extend_from_slice(set.labels());
        texts.extend_from_slice(set.texts());
    }
    TextSet::new(texts, labels, 2)
}

impl<'de> bare::Tagged<'de> for TextSpec {
    fn tagged<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for TextSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bare::deserialize(deserializer)
    }
}

impl Serialize for TextSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
