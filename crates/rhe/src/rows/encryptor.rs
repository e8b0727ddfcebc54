//! Encryption of polynomials whose masks come from a public seed.

use crate::modular::add;
use crate::randomness::{MaskSeed, MaskStream, add_noise};
use crate::transform::Transform;
use rand::CryptoRng;

/// Encrypts under one secret, one polynomial after the other of a mask stream.
pub(crate) struct Encryptor<'a, R> {
    transform: &'a Transform,
    /// The secret in evaluation form.
    secret: &'a [u64],
    masks: MaskStream,
    noise: &'a mut R,
}

impl<'a, R: CryptoRng> Encryptor<'a, R> {
    pub(crate) fn new(
        transform: &'a Transform,
        secret: &'a [u64],
        seed: &MaskSeed,
        noise: &'a mut R,
    ) -> Self {
        Self {
            transform,
            secret,
            masks: MaskStream::new(seed),
            noise,
        }
    }

    /// Draws the next mask a into `mask` (evaluation form) and turns `message` m (N residues) into
    /// the body a·s + e + m.
    pub(crate) fn encrypt(&mut self, mask: &mut [u64], message: &mut [u64]) {
        self.masks.fill(mask);
        let mut product = zeroize::Zeroizing::new(vec![0; mask.len()]);
        self.transform.multiply(&mut product, mask, self.secret);
        self.transform.inverse(&mut product);
        for (m, &p) in message.iter_mut().zip(product.iter()) {
            *m = add(*m, p);
        }
        add_noise(self.noise, message);
    }
}
