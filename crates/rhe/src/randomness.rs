//! Randomness: where secrets come from, and the streams that masks and noise are drawn from.
//!
//! Secrets, seeds and noise come from the operating system's generator, never from an experiment's
//! seed. A *mask* is public: it is the ChaCha20 stream of a public 32-byte seed, so that a
//! compressed head stores the seed in its place.

use crate::error::RheError;
use crate::parameters::{MODULUS, NOISE_BOUND_LOG2, POLYNOMIAL_SIZE};
use rand::{CryptoRng, Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tfhe::core_crypto::commons::math::random::{Seed, Seeder};

/// A public seed of masks.
pub type MaskSeed = [u8; 32];

/// Fills `bytes` from the operating system's generator.
pub(crate) fn fill_from_system(bytes: &mut [u8]) -> Result<(), RheError> {
    getrandom::fill(bytes).map_err(RheError::Randomness)
}

/// A generator for secrets and noise, seeded with 32 bytes of the operating system's generator.
pub(crate) fn system_generator() -> Result<ChaCha20Rng, RheError> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    fill_from_system(&mut *seed)?;
    Ok(ChaCha20Rng::from_seed(*seed))
}

/// Gives tfhe's generators seeds drawn ahead from the operating system's generator.
pub(crate) struct SystemSeeder(ChaCha20Rng);

impl SystemSeeder {
    pub(crate) fn new() -> Result<Self, RheError> {
        Ok(Self(system_generator()?))
    }
}

impl Seeder for SystemSeeder {
    fn seed(&mut self) -> Seed {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        Seed(u128::from_le_bytes(bytes))
    }

    fn is_available() -> bool {
        let mut byte = [0];
        getrandom::fill(&mut byte).is_ok()
    }
}

/// The mask polynomials of a seed, in evaluation form: uniform residues, which the transform's
/// being a bijection makes the same as uniform coefficients.
pub(crate) struct MaskStream(ChaCha20Rng);

impl MaskStream {
    pub(crate) fn new(seed: &MaskSeed) -> Self {
        Self(ChaCha20Rng::from_seed(*seed))
    }

    /// Draws the next polynomial, N residues below q.
    pub(crate) fn fill(&mut self, mask: &mut [u64]) {
        fill_uniform(&mut self.0, mask);
    }
}

/// Uniform residues by rejection: a word is refused with probability 2^-32.
pub(crate) fn fill_uniform(rng: &mut impl Rng, out: &mut [u64]) {
    rng.fill_bytes(bytemuck::cast_slice_mut(out));
    for word in out {
        *word = u64::from_le(*word);
        while *word >= MODULUS {
            *word = rng.next_u64();
        }
    }
}

/// Binary secret coefficients, N of them.
pub(crate) fn fill_binary(rng: &mut impl CryptoRng, secret: &mut [u64]) {
    for chunk in secret.chunks_mut(64) {
        let bits = rng.next_u64();
        for (i, coefficient) in chunk.iter_mut().enumerate() {
            *coefficient = (bits >> i) & 1;
        }
    }
}

/// Adds `TUniform(2^17)` noise to N residues: 19 random bits, halved by rounding up, give each of
/// the 2^18 inner values with probability 2^-18 and the two ends with 2^-19.
pub(crate) fn add_noise(rng: &mut impl CryptoRng, out: &mut [u64]) {
    let mut words = [0u32; POLYNOMIAL_SIZE];
    for out in out.chunks_mut(POLYNOMIAL_SIZE) {
        let words = &mut words[..out.len()];
        rng.fill_bytes(bytemuck::cast_slice_mut(words));
        for (value, &word) in out.iter_mut().zip(words.iter()) {
            let drawn = i64::from(word >> (32 - NOISE_BOUND_LOG2 - 2));
            let noise = ((drawn + 1) >> 1) - (1 << NOISE_BOUND_LOG2);
            *value = crate::modular::add(*value, crate::modular::from_signed(noise));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modular::to_signed;
    use crate::parameters::noise_variance;

    #[test]
    fn noise_has_the_stated_support_mean_and_variance() {
        let mut noise = vec![0; 1 << 20];
        add_noise(&mut system_generator().unwrap(), &mut noise);
        let noise: Vec<f64> = noise.into_iter().map(|v| to_signed(v) as f64).collect();
        let bound = f64::from(1 << NOISE_BOUND_LOG2);
        assert!(noise.iter().all(|v| v.abs() <= bound));
        let count = noise.len() as f64;
        let mean = noise.iter().sum::<f64>() / count;
        let variance = noise.iter().map(|v| v * v).sum::<f64>() / count;
        // Standard errors: σ/√n, and σ²·√(0.8/n) for a uniform law; six of each.
        assert!(
            mean.abs() < 6.0 * (noise_variance() / count).sqrt(),
            "{mean}"
        );
        let relative = variance / noise_variance() - 1.0;
        assert!(relative.abs() < 6.0 * (0.8 / count).sqrt(), "{relative}");
    }

    #[test]
    fn a_seed_opens_to_the_chacha20_stream() {
        let mut mask = vec![0; POLYNOMIAL_SIZE];
        let mut stream = MaskStream::new(&[7; 32]);
        stream.fill(&mut mask);
        assert!(mask.iter().all(|&v| v < MODULUS));
        // The key stream that `openssl enc -chacha20` gives for this key and a zero nonce.
        assert_eq!(mask[..2], [0x41f6_aa57_7892_00f4, 0x7079_b3ac_ba61_f514]);
        assert_eq!(mask[POLYNOMIAL_SIZE - 1], 0xdef4_c37a_4499_2184);
        let first = mask.clone();
        stream.fill(&mut mask);
        assert_ne!(first, mask);
    }

    #[test]
    fn secrets_are_balanced_bits() {
        let mut secret = vec![0; 1 << 16];
        fill_binary(&mut system_generator().unwrap(), &mut secret);
        assert!(secret.iter().all(|&bit| bit < 2));
        let ones: u64 = secret.iter().sum();
        assert!((i64::try_from(ones).unwrap() - (1 << 15)).abs() < 6 * 128);
    }
}
