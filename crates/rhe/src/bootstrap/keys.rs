//! Public keys that bootstrapping needs: the secret's coefficients encrypted under each other.

use super::set::SET;
use crate::error::RheError;
use crate::keys::{Identity, LWE_DIMENSION, SecretKey};
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{SystemSeeder, fill_from_system};
use tfhe::core_crypto::commons::math::random::{CompressionSeed, Seed};
use tfhe::core_crypto::prelude::*;

/// Words of the keyswitching key's bodies: one a secret coefficient and level.
pub(crate) const KEYSWITCH_WORDS: usize = POLYNOMIAL_SIZE * SET.ks_level.0;
/// Words of the bootstrapping key's bodies: two polynomials a small secret coefficient.
pub(crate) const BOOTSTRAP_WORDS: usize = LWE_DIMENSION * 2 * SET.pbs_level.0 * POLYNOMIAL_SIZE;

/// What a classifier needs to bootstrap: 30 MB in its seeded form. One set serves every head
/// of a secret key that bootstraps: ReLU heads, and decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluationKeys {
    pub(crate) key: Identity,
    pub(crate) keyswitch_seed: [u8; 16],
    pub(crate) keyswitch: Vec<u64>,
    pub(crate) bootstrap_seed: [u8; 16],
    pub(crate) bootstrap: Vec<u64>,
}

pub(super) fn compression_seed(bytes: [u8; 16]) -> CompressionSeed {
    Seed(u128::from_le_bytes(bytes)).into()
}

impl EvaluationKeys {
    /// Encrypts the key under itself; some seconds of work, on all threads.
    pub fn generate(key: &SecretKey) -> Result<Self, RheError> {
        let mut seeds = [[0; 16]; 2];
        seeds
            .iter_mut()
            .try_for_each(|seed| fill_from_system(seed))?;
        let [keyswitch_seed, bootstrap_seed] = seeds;
        let mut seeder = SystemSeeder::new()?;
        let small = LweSecretKey::from_container(key.lwe_coefficients().to_vec());
        let ring = GlweSecretKey::from_container(key.coefficients().to_vec(), SET.polynomial_size);
        let large = ring.clone().into_lwe_secret_key();
        let mut keyswitch = SeededLweKeyswitchKey::new(
            0u64,
            SET.ks_base_log,
            SET.ks_level,
            large.lwe_dimension(),
            small.lwe_dimension(),
            compression_seed(keyswitch_seed),
            SET.ciphertext_modulus,
        );
        generate_seeded_lwe_keyswitch_key(
            &large,
            &small,
            &mut keyswitch,
            SET.lwe_noise_distribution,
            &mut seeder,
        );
        let mut bootstrap = SeededLweBootstrapKey::new(
            0u64,
            ring.glwe_dimension().to_glwe_size(),
            ring.polynomial_size(),
            SET.pbs_base_log,
            SET.pbs_level,
            small.lwe_dimension(),
            compression_seed(bootstrap_seed),
            SET.ciphertext_modulus,
        );
        par_generate_seeded_lwe_bootstrap_key(
            &small,
            &ring,
            &mut bootstrap,
            SET.glwe_noise_distribution,
            &mut seeder,
        );
        wipe(small.into_container());
        wipe(large.into_container());
        wipe(ring.into_container());
        Ok(Self {
            key: key.id(),
            keyswitch_seed,
            keyswitch: keyswitch.into_container(),
            bootstrap_seed,
            bootstrap: bootstrap.into_container(),
        })
    }

    /// The name of the secret key that they belong to.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// That `head`, the key name of a protected head, is theirs.
    pub(crate) fn check(&self, what: &'static str, head: Identity) -> Result<(), RheError> {
        if self.key == head {
            return Ok(());
        }
        Err(RheError::OtherKey {
            what,
            expected: self.key.to_string(),
            found: head.to_string(),
        })
    }

    /// The keyswitching key, masks written out: `2048 × levels × 919` words.
    pub(super) fn open_keyswitch(&self) -> Vec<u64> {
        SeededLweKeyswitchKey::from_container(
            self.keyswitch.clone(),
            SET.ks_base_log,
            SET.ks_level,
            SET.lwe_dimension.to_lwe_size(),
            compression_seed(self.keyswitch_seed),
            SET.ciphertext_modulus,
        )
        .decompress_into_lwe_keyswitch_key()
        .into_container()
    }

    /// The bootstrapping key in the Fourier domain.
    pub(super) fn open_bootstrap(&self) -> FourierLweBootstrapKeyOwned {
        let standard = SeededLweBootstrapKey::from_container(
            self.bootstrap.clone(),
            SET.glwe_dimension.to_glwe_size(),
            SET.polynomial_size,
            SET.pbs_base_log,
            SET.pbs_level,
            compression_seed(self.bootstrap_seed),
            SET.ciphertext_modulus,
        )
        .par_decompress_into_lwe_bootstrap_key();
        let mut fourier = FourierLweBootstrapKey::new(
            standard.input_lwe_dimension(),
            standard.glwe_size(),
            standard.polynomial_size(),
            standard.decomposition_base_log(),
            standard.decomposition_level_count(),
        );
        par_convert_standard_lwe_bootstrap_key_to_fourier(&standard, &mut fourier);
        fourier
    }
}

fn wipe(mut secret: Vec<u64>) {
    zeroize::Zeroize::zeroize(&mut secret);
}
