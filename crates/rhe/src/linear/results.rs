//! Encrypted logits: what leaves the machine that classifies.

use super::Binding;
use crate::keys::Identity;
use rayon::prelude::*;

/// The encrypted logits of one or more images.
///
/// For each image its quantised features x̂ and their scale β, one body word a class, and a tag. The
/// features are the owner's to see in any scheme whose answers they can open: here they are sent,
/// for with them the answer takes 2 KB in place of the 82 KB of ring masks they would determine.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearResults {
    pub(crate) binding: Binding,
    /// β of each image.
    pub(crate) scales: Vec<u32>,
    /// x̂, `images × d`.
    pub(crate) features: Vec<i16>,
    /// K bodies and the tag of each image.
    pub(crate) words: Vec<u64>,
}

/// Some images of results, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) scales: &'a [u32],
    features: &'a [i16],
    words: &'a [u64],
}

impl<'a> Batch<'a> {
    pub(crate) fn images(&self) -> usize {
        self.scales.len()
    }

    /// x̂ of image i.
    pub(crate) fn features_of(&self, image: usize) -> &'a [i16] {
        let width = self.features.len() / self.scales.len();
        &self.features[image * width..(image + 1) * width]
    }

    /// Bodies and tag of image i.
    pub(crate) fn words_of(&self, image: usize) -> (&'a [u64], u64) {
        let width = self.words.len() / self.scales.len();
        let words = &self.words[image * width..(image + 1) * width];
        (&words[..width - 1], words[width - 1])
    }
}

impl LinearResults {
    /// Images that are worked on together.
    pub(crate) const BATCH: usize = 64;

    pub(crate) fn empty(binding: Binding) -> Self {
        Self {
            binding,
            scales: Vec::new(),
            features: Vec::new(),
            words: Vec::new(),
        }
    }

    pub(crate) fn resize(&mut self, images: usize) {
        let shape = &self.binding.shape;
        self.scales.resize(images, 0);
        self.features.resize(images * shape.features, 0);
        self.words.resize(images * (shape.classes + 1), 0);
    }

    /// The images in batches.
    pub(crate) fn batches(&self) -> impl IndexedParallelIterator<Item = Batch<'_>> {
        let shape = &self.binding.shape;
        let scales = self.scales.par_chunks(Self::BATCH);
        let features = self.features.par_chunks(Self::BATCH * shape.features);
        let words = self.words.par_chunks(Self::BATCH * (shape.classes + 1));
        let parts = scales.zip(features).zip(words);
        parts.map(|((scales, features), words)| Batch {
            scales,
            features,
            words,
        })
    }

    /// The number of images.
    pub fn images(&self) -> usize {
        self.scales.len()
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.binding.shape.classes
    }

    /// The name of the key that opens them.
    pub fn key_id(&self) -> Identity {
        self.binding.key
    }

    /// The name of the head that made them.
    pub fn head_id(&self) -> Identity {
        self.binding.head
    }

    /// Bytes that one image takes.
    pub fn bytes_per_image(&self) -> usize {
        self.binding.shape.record_bytes()
    }

    /// The K body words of image i, the ciphertext proper.
    pub(crate) fn bodies(&self, image: usize) -> &[u64] {
        let words = self.words.chunks_exact(self.classes() + 1).nth(image);
        words.map_or(&[], |words| &words[..self.classes()])
    }
}
