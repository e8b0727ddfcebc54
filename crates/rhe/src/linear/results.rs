//! Encrypted logits: what leaves the machine that classifies.

use super::LinearShape;
use crate::keys::{Identity, SealedNumbers};

/// The encrypted logits of one or more images.
///
/// For each image and group a mask polynomial in evaluation form, N words, and for each class one
/// body word: bodies of coefficients other than the logits' are never computed, so nothing but
/// logits can be decrypted. Masks do not hide the features from who holds the head (they are a
/// public linear function of them).
#[derive(Clone, Debug, PartialEq)]
pub struct LinearResults {
    pub(crate) shape: LinearShape,
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    pub(crate) step: SealedNumbers,
    /// β and ‖x̂‖² + β² of each image.
    pub(crate) scales: Vec<(u32, u64)>,
    /// `images × groups × N`.
    pub(crate) masks: Vec<u64>,
    /// `images × classes`.
    pub(crate) bodies: Vec<u64>,
}

impl LinearResults {
    /// The number of images.
    pub fn images(&self) -> usize {
        self.scales.len()
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.shape.packing.classes
    }

    /// The name of the key that opens them.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// The name of the head that made them.
    pub fn head_id(&self) -> Identity {
        self.head
    }

    /// Bytes of ciphertext for one image.
    pub fn bytes_per_image(&self) -> usize {
        8 * (self.shape.packing.groups * crate::parameters::POLYNOMIAL_SIZE + self.classes())
    }

    /// The numbers that an observer of image i's result sees: masks, then bodies.
    pub fn ciphertext(&self, image: usize) -> impl Iterator<Item = u64> + '_ {
        let words = self.shape.packing.groups * crate::parameters::POLYNOMIAL_SIZE;
        let masks = self.masks.chunks_exact(words).nth(image);
        let bodies = self.bodies.chunks_exact(self.classes()).nth(image);
        masks.into_iter().chain(bodies).flatten().copied()
    }
}
