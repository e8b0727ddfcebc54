//! What each operation adds to the noise.
//!
//! The model follows the variance of one coefficient of the error polynomial, taking coefficients
//! as independent (a convolution then multiplies a variance by the other factor's squared norm).
//! s is ternary with variance 2/3, e has variance σ² = 10.5, N is the ring degree:
//!
//! | operation | variance of the error's coefficients |
//! |---|---|
//! | encoding | 1/12 |
//! | encryption, secret key | σ² |
//! | encryption, public key | σ²(1 + 4N/3) |
//! | sum | v₁ + v₂ |
//! | product with plaintext p | v·‖p‖², and ‖m‖²/12 for p's own rounding |
//! | product of ciphertexts | v₁‖m₂‖² + v₂‖m₁‖² + N v₁v₂ |
//! | square | 4v‖m‖² + 2N v² |
//! | key switch at level ℓ | Nσ² Σ_(j≤ℓ) (q_j/P)²/12 + (1 + 2N/3)/12 |
//! | rescaling at level ℓ | v/q_ℓ² + (1 + 2N/3)/12 |
//!
//! ‖m‖² is the squared norm of the scaled message's coefficients: Δ² times the mean squared modulus
//! of its slots (Parseval). A slot's error has variance N·v/Δ².

use crate::context::Context;
use crate::key_switch::digit_noise;
use crate::sampling::{NOISE_VARIANCE, TERNARY_VARIANCE};
use crate::{Ciphertext, CkksError, Plaintext, SecretKey};

/// Variance of an error polynomial's coefficients.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Variance(pub f64);

impl Variance {
    /// Standard deviation of a coefficient.
    pub fn deviation(self) -> f64 {
        self.0.sqrt()
    }
}

impl std::ops::Add for Variance {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// Predicts the noise of operations under one parameter set.
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

    /// Rounding of slots to integer coefficients.
    pub fn encoding(&self) -> Variance {
        Variance(1.0 / 12.0)
    }

    /// A fresh encryption under the secret key.
    pub fn secret_encryption(&self) -> Variance {
        Variance(NOISE_VARIANCE)
    }

    /// A fresh encryption under the public key.
    pub fn public_encryption(&self) -> Variance {
        Variance(NOISE_VARIANCE * (1.0 + 2.0 * TERNARY_VARIANCE * self.degree()))
    }

    /// ‖m‖² of a message with this mean squared slot, at `scale`.
    pub fn norm(&self, mean_square_slot: f64, scale: f64) -> f64 {
        mean_square_slot * scale * scale
    }

    /// Product with a plaintext of squared norm `plain`, of a message of squared norm `message`.
    pub fn mul_plain(&self, noise: Variance, message: f64, plain: f64) -> Variance {
        Variance(noise.0 * plain + message / 12.0)
    }

    /// Product of two independent ciphertexts with messages of these squared norms.
    pub fn mul(
        &self,
        left: Variance,
        left_norm: f64,
        right: Variance,
        right_norm: f64,
    ) -> Variance {
        Variance(left.0 * right_norm + right.0 * left_norm + self.degree() * left.0 * right.0)
    }

    /// Square of a ciphertext with a message of this squared norm.
    pub fn square(&self, noise: Variance, norm: f64) -> Variance {
        Variance(4.0 * noise.0 * norm + 2.0 * self.degree() * noise.0 * noise.0)
    }

    /// What relinearising, rotating or conjugating at `level` adds.
    pub fn key_switch(&self, level: usize) -> Variance {
        Variance(digit_noise(&self.context, level)) + self.rounding()
    }

    /// Rescaling at `level`.
    ///
    /// # Errors
    /// If there is no such level.
    pub fn rescale(&self, noise: Variance, level: usize) -> Result<Variance, CkksError> {
        let prime = self.context.prime(level)?;
        Ok(Variance(noise.0 / (prime * prime)) + self.rounding())
    }

    /// Rounding two polynomials, the second times s.
    fn rounding(&self) -> Variance {
        Variance((1.0 + TERNARY_VARIANCE * self.degree()) / 12.0)
    }

    /// Standard deviation of a slot's error (real and imaginary part together) at `scale`.
    pub fn slot_error(&self, noise: Variance, scale: f64) -> f64 {
        (self.degree() * noise.0).sqrt() / scale
    }
}

impl SecretKey {
    /// The noise there is: the mean squared coefficient of the decryption minus `expected`, the
    /// exact message encoded at the ciphertext's level and scale.
    ///
    /// # Errors
    /// If the ciphertext and the message do not belong together.
    pub fn measure_noise(
        &self,
        ciphertext: &Ciphertext,
        expected: &Plaintext,
    ) -> Result<Variance, CkksError> {
        let mut negative = expected.clone();
        negative.poly.negate(&expected.context);
        let errors = self
            .decrypt(&ciphertext.add_plain(&negative)?)?
            .coefficients();
        Ok(Variance(
            errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64,
        ))
    }
}
