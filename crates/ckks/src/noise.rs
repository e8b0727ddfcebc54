//! What each operation adds to the noise.
//!
//! The model follows the variance s_j of each slot's error (real and imaginary part together, of the
//! scaled message). Errors of a transform's many coefficients are taken as independent, so an error
//! polynomial with coefficient variance v gives every slot N·v. m_j are a message's slots, scaled;
//! the secret is ternary (variance 2/3), σ² = 10.5, N is the ring degree:
//!
//! | operation | variance of slot j's error |
//! |---|---|
//! | encoding | N/12 |
//! | encryption, secret key | N σ² |
//! | encryption, public key | N σ²(1 + 4N/3) |
//! | sum | s₁ + s₂ |
//! | product with plaintext p | s·abs(p_j)² + N/12·abs(m_j)² |
//! | product of ciphertexts | s₁·abs(m₂)² + s₂·abs(m₁)² + s₁s₂ |
//! | square | 4s·abs(m)² + 2s² |
//! | key switch at level ℓ | s + D + R, D = N · Nσ² Σ_(i≤ℓ) (q_i/P)²/12, R = N(1 + 2N/3)/12 |
//! | rescaling at level ℓ | s/q_ℓ² + R |
//! | linear map | Σ_r abs(d_r,j)²(s_(j+r) + D) + N/12·abs(m_(j+r))² + giant steps·(D + R) + R |
//!
//! The mean of s_j over the slots is N times the variance of a coefficient.

use crate::context::Context;
use crate::key_switch::digit_noise;
use crate::sampling::{NOISE_VARIANCE, TERNARY_VARIANCE};
use crate::{Ciphertext, CkksError, LinearMap, Plaintext, SecretKey};

/// Variance of every slot's error, in units of the scaled message.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    slots: Vec<f64>,
}

impl Noise {
    /// Variance of each slot's error.
    pub fn slots(&self) -> &[f64] {
        &self.slots
    }

    /// Root mean square of the slots' errors for a message at `scale`.
    pub fn slot_deviation(&self, scale: f64) -> f64 {
        (self.slots.iter().sum::<f64>() / self.slots.len() as f64).sqrt() / scale
    }

    fn map(&self, f: impl Fn(usize, f64) -> f64) -> Self {
        let slots = self.slots.iter().enumerate();
        Self {
            slots: slots.map(|(j, &s)| f(j, s)).collect(),
        }
    }
}

/// Predicts the noise of operations under one parameter set.
///
/// Messages are the unscaled slots' moduli (or real values), one for each of the N/2 slots; slots
/// beyond a shorter slice count as zero.
#[derive(Clone, Debug)]
pub struct NoiseModel {
    context: Context,
}

impl NoiseModel {
    /// The model of `context`'s parameters.
    pub fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    fn degree(&self) -> f64 {
        self.context.degree() as f64
    }

    fn everywhere(&self, coefficient_variance: f64) -> Noise {
        Noise {
            slots: vec![self.degree() * coefficient_variance; self.context.slots()],
        }
    }

    /// Rounding of slots to integer coefficients.
    pub fn encoding(&self) -> Noise {
        self.everywhere(1.0 / 12.0)
    }

    /// A fresh encryption under the secret key (without the encoding's rounding).
    pub fn secret_encryption(&self) -> Noise {
        self.everywhere(NOISE_VARIANCE)
    }

    /// A fresh encryption under the public key (without the encoding's rounding).
    pub fn public_encryption(&self) -> Noise {
        self.everywhere(NOISE_VARIANCE * (1.0 + 2.0 * TERNARY_VARIANCE * self.degree()))
    }

    /// The sum of two ciphertexts with independent errors.
    pub fn add(&self, left: &Noise, right: &Noise) -> Noise {
        left.map(|j, s| s + right.slots[j])
    }

    /// Product of `message` at `scale` with plaintext `plain` at `plain_scale`.
    pub fn mul_plain(
        &self,
        noise: &Noise,
        (message, scale): (&[f64], f64),
        (plain, plain_scale): (&[f64], f64),
    ) -> Noise {
        let rounding = self.degree() / 12.0;
        noise.map(|j, s| s * square(plain, j, plain_scale) + rounding * square(message, j, scale))
    }

    /// Product of two ciphertexts with independent errors; messages with their scales.
    pub fn mul(
        &self,
        (left, m1, scale1): (&Noise, &[f64], f64),
        (right, m2, scale2): (&Noise, &[f64], f64),
    ) -> Noise {
        left.map(|j, s| {
            let t = right.slots[j];
            s * square(m2, j, scale2) + t * square(m1, j, scale1) + s * t
        })
    }

    /// Square of a ciphertext of `message` at `scale`.
    pub fn square(&self, noise: &Noise, message: &[f64], scale: f64) -> Noise {
        noise.map(|j, s| 4.0 * s * square(message, j, scale) + 2.0 * s * s)
    }

    /// Relinearising, rotating or conjugating at `level` (the slots' own movement left out).
    pub fn key_switch(&self, noise: &Noise, level: usize) -> Noise {
        let added = self.digits(level) + self.rounding();
        noise.map(|_, s| s + added)
    }

    /// Rescaling at `level`.
    ///
    /// # Errors
    /// If there is no such level.
    pub fn rescale(&self, noise: &Noise, level: usize) -> Result<Noise, CkksError> {
        let prime = self.context.prime(level)?;
        Ok(noise.map(|_, s| s / (prime * prime) + self.rounding()))
    }

    /// A linear map encoded at `map_scale` for `baby` baby steps, applied at `level` to `message` at
    /// `scale`, before rescaling.
    pub fn linear_map(
        &self,
        noise: &Noise,
        (message, scale): (&[f64], f64),
        (map, map_scale, baby): (&LinearMap, f64, usize),
        level: usize,
    ) -> Noise {
        let (digits, rounding) = (self.digits(level), self.degree() / 12.0);
        let slots = self.context.slots();
        let mut out = vec![0.0; slots];
        for (&rotation, diagonal) in map.diagonals() {
            let switched = if rotation % baby == 0 { 0.0 } else { digits };
            for (j, out) in out.iter_mut().enumerate() {
                let from = (j + rotation * map.stride()) % slots;
                *out += square(diagonal, j, map_scale) * (noise.slots[from] + switched)
                    + rounding * square(message, from, scale);
            }
        }
        let mut giants: Vec<usize> = map.diagonals().keys().map(|r| r / baby).collect();
        giants.dedup();
        let giants = giants.iter().filter(|&&giant| giant != 0).count() as f64;
        let added = giants * (digits + self.rounding()) + self.rounding();
        out.iter_mut().for_each(|s| *s += added);
        Noise { slots: out }
    }

    /// D: the key's noise, divided by P.
    fn digits(&self, level: usize) -> f64 {
        self.degree() * digit_noise(&self.context, level)
    }

    /// R: rounding two polynomials, the second times the secret.
    fn rounding(&self) -> f64 {
        self.degree() * (1.0 + TERNARY_VARIANCE * self.degree()) / 12.0
    }
}

fn square(values: &[f64], j: usize, scale: f64) -> f64 {
    values.get(j).map_or(0.0, |value| (value * scale).powi(2))
}

impl SecretKey {
    /// The noise there is: root mean square of the slots' errors of a decryption against `expected`,
    /// the exact message encoded at the ciphertext's level and scale.
    ///
    /// # Errors
    /// If the ciphertext and the message do not belong together.
    pub fn measure_noise(
        &self,
        ciphertext: &Ciphertext,
        expected: &Plaintext,
    ) -> Result<f64, CkksError> {
        let mut negative = expected.clone();
        negative.poly.negate(&expected.context);
        let errors = self.decrypt(&ciphertext.add_plain(&negative)?)?.decode();
        let squares: f64 = errors.iter().map(|error| error.norm_sqr()).sum();
        Ok((squares / errors.len() as f64).sqrt())
    }
}
