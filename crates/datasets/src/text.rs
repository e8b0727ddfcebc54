//! Labelled texts: readers, procedural messages, and an embedder that needs no model.

mod chat;
mod grammar;
mod hashing;
mod messages;
mod read;
mod reviews;

pub use hashing::HashingEmbedder;
pub use messages::{Messages, Topic};
pub use read::{read_imdb, read_sms, read_youtube};

use rand::seq::SliceRandom;

use crate::{DatasetError, FeatureSet, StreamKey};

/// `n` texts with a label each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSet {
    texts: Vec<String>,
    labels: Vec<u32>,
    classes: usize,
}

impl TextSet {
    /// Checks that there are as many labels as texts and that every label is below `classes`.
    ///
    /// # Errors
    /// If there are not, or if one is not.
    pub fn new(texts: Vec<String>, labels: Vec<u32>, classes: usize) -> Result<Self, DatasetError> {
        if texts.len() != labels.len() {
            return Err(DatasetError::Shape {
                what: "texts".into(),
                expected: format!("{} labels", texts.len()),
                found: labels.len().to_string(),
            });
        }
        if let Some(&label) = labels.iter().find(|&&label| label as usize >= classes) {
            return Err(DatasetError::Label { label, classes });
        }
        Ok(Self {
            texts,
            labels,
            classes,
        })
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Number of classes (labels are below it).
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All texts.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// All labels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// At most `limit` texts chosen by `key`, in the order they have here.
    pub fn limited(mut self, limit: usize, key: StreamKey) -> Self {
        if self.len() <= limit {
            return self;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut key.rng(0));
        order.truncate(limit);
        order.sort_unstable();
        let texts = order.iter().map(|&at| std::mem::take(&mut self.texts[at]));
        Self {
            texts: texts.collect(),
            labels: order.iter().map(|&at| self.labels[at]).collect(),
            classes: self.classes,
        }
    }

    /// Every text as a vector of `embedder`'s width, with its label.
    ///
    /// # Errors
    /// If the embedder's width is 0.
    pub fn embed(&self, embedder: &HashingEmbedder) -> Result<FeatureSet, DatasetError> {
        let values = embedder.embed_all(&self.texts);
        FeatureSet::new(embedder.width, values, self.labels.clone(), self.classes)
    }
}
