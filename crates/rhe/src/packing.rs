//! Where the weights lie in the coefficients of the ciphertexts.
//!
//! Features are cut into C *chunks* of w; a ciphertext holds, for one chunk, the pieces of
//! S = ⌊N/w⌋ classes side by side, class t's at coefficients t·w, …, t·w + w − 1. Multiplied by
//! x(X^-1) = Σ_j x_j·X^-j of that chunk, coefficient t·w becomes class t's inner product (no index
//! wraps round). A *group* of S classes is the sum over its C ciphertexts; the other coefficients
//! of the product are partial sums, and their bodies are never computed.

use crate::error::RheError;
use crate::parameters::POLYNOMIAL_SIZE;

/// Most chunks that a search for a packing tries beyond the fewest possible.
const EXTRA_CHUNKS: usize = 64;

/// A packing of K classes of d weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// K.
    pub classes: usize,
    /// d.
    pub features: usize,
    /// w, features in a chunk.
    pub width: usize,
    /// C, chunks.
    pub chunks: usize,
    /// S, classes side by side in a ciphertext.
    pub slots: usize,
    /// ⌈K/S⌉, the number of groups.
    pub groups: usize,
}

impl Packing {
    /// The packing with the least work: ciphertexts (each stored, and multiplied once) plus
    /// chunks (each transformed once).
    pub fn new(features: usize, classes: usize) -> Result<Self, RheError> {
        Self::of_size(features, classes, POLYNOMIAL_SIZE)
    }

    /// The same for polynomials of `size` coefficients.
    pub(crate) fn of_size(features: usize, classes: usize, size: usize) -> Result<Self, RheError> {
        if features == 0 || classes == 0 || features > 1 << 20 || classes > 1 << 16 {
            return Err(RheError::head(format!(
                "it maps {features} features to {classes} outputs; 1 to 2^20 and 1 to 2^16 are \
                 supported"
            )));
        }
        let fewest = features.div_ceil(size);
        let most = (fewest + EXTRA_CHUNKS).min(features);
        let all = (fewest..=most).map(|chunks| Self::with_chunks(features, classes, size, chunks));
        all.min_by_key(|p| (p.ciphertexts() + p.chunks, p.chunks))
            .ok_or_else(|| RheError::head("no packing fits it"))
    }

    fn with_chunks(features: usize, classes: usize, size: usize, chunks: usize) -> Self {
        let width = features.div_ceil(chunks);
        let slots = (size / width).min(classes);
        Self {
            classes,
            features,
            width,
            chunks: features.div_ceil(width),
            slots,
            groups: classes.div_ceil(slots),
        }
    }

    /// The number of ciphertexts, groups × chunks; ciphertext g·C + c is chunk c of group g.
    pub fn ciphertexts(&self) -> usize {
        self.groups * self.chunks
    }

    /// Group and slot of a class.
    pub fn place(&self, class: usize) -> (usize, usize) {
        (class / self.slots, class % self.slots)
    }

    /// The features of chunk c.
    pub fn chunk(&self, c: usize) -> std::ops::Range<usize> {
        c * self.width..((c + 1) * self.width).min(self.features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_classes_of_1024_take_five_ciphertexts() {
        let packing = Packing::new(1024, 10).unwrap();
        assert_eq!((packing.ciphertexts(), packing.chunks), (5, 1));
    }

    #[test]
    fn widths_that_divide_badly_are_cut() {
        let packing = Packing::new(1280, 10).unwrap();
        assert_eq!(
            (packing.ciphertexts(), packing.chunks, packing.slots),
            (8, 2, 3)
        );
    }

    proptest! {
        #[test]
        fn every_weight_has_its_own_place(features in 1usize..5000, classes in 1usize..40) {
            let p = Packing::new(features, classes).unwrap();
            prop_assert!(p.slots * p.width <= POLYNOMIAL_SIZE);
            prop_assert!(p.groups * p.slots >= classes);
            let covered: usize = (0..p.chunks).map(|c| p.chunk(c).len()).sum();
            prop_assert_eq!(covered, features);
            prop_assert!((0..p.chunks).all(|c| !p.chunk(c).is_empty()));
            prop_assert!(p.place(classes - 1).0 < p.groups);
        }
    }
}
