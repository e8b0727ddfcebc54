//! How the words of a linear head are hidden, and what the key takes off again.

use super::{Binding, Scheme, encrypt_words, mask_products};
use crate::error::RheError;
use crate::keys::SecretKey;
use crate::quantise::QuantisedLinear;
use crate::randomness::system_generator;
use crate::transform::{Backend, Transform};
use rand::Rng as _;
use zeroize::Zeroizing;

impl Binding {
    /// B, `K × (d + 1)`: the words of a quantised head, hidden.
    pub(crate) fn hide(
        &self,
        key: &SecretKey,
        head: &QuantisedLinear,
    ) -> Result<Vec<u64>, RheError> {
        match self.scheme {
            Scheme::Lattice => {
                let transform = Transform::new(Backend::Detected);
                let secret = self.secret(key, &transform);
                let mut words = self.shape.messages(head);
                let mut noise = system_generator()?;
                encrypt_words(&transform, &secret, &self.seed, &mut noise, &mut words);
                Ok(words)
            }
            Scheme::Pad => {
                let pad = self.pad(key);
                let rows = head.weights.chunks_exact(head.features).zip(&head.biases);
                let words = rows.flat_map(|(row, bias)| {
                    let row = row.iter().map(|&w| i64::from(w));
                    row.chain([*bias]).collect::<Vec<i64>>()
                });
                let hidden = words.zip(pad.iter());
                Ok(hidden
                    .map(|(word, pad)| u64::from((word as u32).wrapping_add(*pad as u32)))
                    .collect())
            }
        }
    }

    /// What hides each word of the head, for who holds the key.
    pub(crate) fn masks(&self, key: &SecretKey) -> Zeroizing<Vec<u64>> {
        match self.scheme {
            Scheme::Lattice => {
                let transform = Transform::new(Backend::Detected);
                let secret = self.secret(key, &transform);
                let count = self.shape.words();
                let mut words = Zeroizing::new(vec![0; count]);
                mask_products(&transform, &secret, &self.seed, count, |start, products| {
                    words[start..start + products.len()].copy_from_slice(products);
                });
                words
            }
            Scheme::Pad => self.pad(key),
        }
    }

    /// P, below 2^32 each.
    fn pad(&self, key: &SecretKey) -> Zeroizing<Vec<u64>> {
        let mut stream = key.derived("rhea rhe linear head pad", &self.bytes());
        let draw = (0..self.shape.words()).map(|_| u64::from(stream.next_u32()));
        Zeroizing::new(draw.collect())
    }
}
