//! What an adversary sees of ciphertexts, as plain numbers, for experiments that attack them.
//!
//! All randomness comes from a given generator, so that an experiment can be repeated: no key of
//! this module protects anything, and no usable key or ciphertext leaves it.

use std::convert::Infallible;

use rand::CryptoRng;

use crate::context::Context;
use crate::key_id::KeyId;
use crate::sampling::{noise_from, ternary_from};
use crate::{Ciphertext, CkksError, Complex64, Plaintext, SecretKey};

/// A secret drawn from an experiment's generator.
#[derive(Debug)]
pub struct SimulatedKey(SecretKey);

/// An encryption under a [`SimulatedKey`], to be looked at.
#[derive(Debug)]
pub struct Observed(Ciphertext);

impl SimulatedKey {
    /// Draws a key, by the law of [`SecretKey::generate`].
    pub fn draw(context: &Context, rng: &mut impl CryptoRng) -> Self {
        let Ok(coefficients) = ternary_from(context.degree(), |bytes| fill(rng, bytes));
        Self(SecretKey::of(context, KeyId([0; 16]), &coefficients))
    }

    /// Encrypts a message, by the law of [`SecretKey::encrypt`].
    ///
    /// # Errors
    /// If the plaintext belongs to another parameter set.
    pub fn observe(
        &self,
        plain: &Plaintext,
        rng: &mut impl CryptoRng,
    ) -> Result<Observed, CkksError> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let Ok(noise) = noise_from(self.0.context.degree(), |bytes| fill(rng, bytes));
        Ok(Observed(self.0.hide(plain, seed, &noise)?.expand()))
    }

    /// The slots of message and noise: what the key shows of an encryption.
    ///
    /// # Errors
    /// If it was made under another parameter set.
    pub fn open(&self, observed: &Observed) -> Result<Vec<Complex64>, CkksError> {
        Ok(self.0.decrypt(&observed.0)?.decode())
    }
}

impl Observed {
    /// The body c_0 modulo q_0 over q_0, in [−1/2, 1/2), mapped to slots as messages are and divided
    /// by √N: slot j hides the message's slot j, with a variance of 1/24 a part.
    pub fn body(&self) -> Vec<Complex64> {
        let (context, part) = (&self.0.context, &self.0.parts[0]);
        let prime = context.q(0);
        let mut row = part.row(0).to_vec();
        prime.inverse(&mut row);
        let root = (context.degree() as f64).sqrt();
        let centred: Vec<f64> = row
            .iter()
            .map(|&x| centred(x, prime.value()) / root)
            .collect();
        context.encoder().slots(&centred)
    }

    /// The mask c_1 modulo q_0 over q_0 in evaluation form: N numbers of [−1/2, 1/2).
    pub fn mask(&self) -> Vec<f64> {
        let prime = self.0.context.q(0).value();
        let row = self.0.parts[1].row(0).iter();
        row.map(|&x| centred(x, prime)).collect()
    }
}

fn centred(residue: u64, prime: u64) -> f64 {
    let signed = if residue > prime / 2 {
        residue as i64 - prime as i64
    } else {
        residue as i64
    };
    signed as f64 / prime as f64
}

fn fill(rng: &mut impl CryptoRng, bytes: &mut [u8]) -> Result<(), Infallible> {
    rng.fill_bytes(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameters;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn what_is_seen_is_uniform_and_repeats_and_the_key_opens_it() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let slots: Vec<f64> = (0..context.slots()).map(|j| (j as f64).sin()).collect();
        let plain = context.encode_real(&slots, 1, context.scale()).unwrap();
        let look = |seed: u64| {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let key = SimulatedKey::draw(&context, &mut rng);
            let seen = key.observe(&plain, &mut rng).unwrap();
            (seen.body(), seen.mask(), key.open(&seen).unwrap())
        };
        let (body, mask, opened) = look(1);
        assert_eq!(look(1), (body.clone(), mask.clone(), opened.clone()));
        assert_ne!(look(2).0, body);
        for (found, right) in opened.iter().zip(&slots) {
            assert!((found.re - right).abs() < 2e-6 && found.im.abs() < 2e-6);
        }
        // Moments of uniform numbers, within six standard errors.
        let count = mask.len() as f64;
        let square = mask.iter().map(|x| x * x).sum::<f64>() / count;
        assert!((square - 1.0 / 12.0).abs() < 6.0 * (1.0 / 180.0 / count).sqrt());
        let parts: Vec<f64> = body.iter().flat_map(|z| [z.re, z.im]).collect();
        let count = parts.len() as f64;
        let square = parts.iter().map(|x| x * x).sum::<f64>() / count;
        assert!(
            (square * 24.0 - 1.0).abs() < 6.0 * (2.0 / count).sqrt(),
            "{square}"
        );
        // No trace of the message.
        let trace: f64 = body.iter().zip(&slots).map(|(z, m)| z.re * m).sum();
        let spread = (slots.iter().map(|m| m * m).sum::<f64>() / 24.0).sqrt();
        assert!(trace.abs() < 6.0 * spread, "{trace} against {spread}");
    }
}
