//! Encrypted accumulators: GLWE ciphertexts over 2^64 whose masks are left to a seed.

use super::keys::compression_seed;
use super::set::SET;
use crate::error::RheError;
use crate::keys::SecretKey;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{SystemSeeder, fill_from_system};
use tfhe::core_crypto::prelude::*;
use zeroize::Zeroizing;

/// One encrypted polynomial over 2^64: a 16-byte seed for its mask, and body words: all N for an
/// accumulator, or only the first few where no more coefficients are ever read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EncryptedTable {
    pub(crate) seed: [u8; 16],
    pub(crate) body: Vec<u64>,
}

impl EncryptedTable {
    /// Encrypts each of `messages` (at most N words of the torus each, the rest of the polynomial
    /// zero), and keeps as many body words as there are messages.
    pub(crate) fn encrypt_all(
        key: &SecretKey,
        messages: impl Iterator<Item = Vec<u64>>,
    ) -> Result<Vec<Self>, RheError> {
        let mut seeder = SystemSeeder::new()?;
        let secret = Zeroizing::new(key.coefficients().to_vec());
        let ring = GlweSecretKey::from_container(secret.as_slice(), SET.polynomial_size);
        messages
            .map(|mut message| {
                let kept = message.len();
                message.resize(POLYNOMIAL_SIZE, 0);
                let message = Zeroizing::new(message);
                let mut seed = [0; 16];
                fill_from_system(&mut seed)?;
                let mut table = SeededGlweCiphertext::new(
                    0u64,
                    ring.glwe_dimension().to_glwe_size(),
                    ring.polynomial_size(),
                    compression_seed(seed),
                    SET.ciphertext_modulus,
                );
                encrypt_seeded_glwe_ciphertext(
                    &ring,
                    &mut table,
                    &PlaintextList::from_container(message.as_slice()),
                    SET.glwe_noise_distribution,
                    &mut seeder,
                );
                let mut body = table.into_container();
                body.truncate(kept);
                Ok(Self { seed, body })
            })
            .collect()
    }

    /// The ciphertext with its mask written out, 2N words; body words that were not kept are zero
    /// and decrypt to noise.
    pub(crate) fn open(&self) -> Vec<u64> {
        let mut body = self.body.clone();
        body.resize(POLYNOMIAL_SIZE, 0);
        SeededGlweCiphertext::from_container(
            body,
            SET.glwe_dimension.to_glwe_size(),
            compression_seed(self.seed),
            SET.ciphertext_modulus,
        )
        .decompress_into_glwe_ciphertext()
        .into_container()
    }
}
