//! Ciphertexts: hidden messages that know their level, scale and key.

use crate::CkksError;
use crate::context::Context;
use crate::key_id::KeyId;
use crate::poly::{Basis, Poly};
use crate::sampling::{Seed, uniform};

/// An encryption (c_0, c_1) of m: c_0 + c_1·s = m + e modulo Q_level; (c_0, c_1, c_2) with c_2·s²
/// after a product, until it is relinearised.
#[derive(Clone)]
pub struct Ciphertext {
    pub(crate) context: Context,
    pub(crate) key: KeyId,
    pub(crate) parts: Vec<Poly>,
    pub(crate) scale: f64,
}

impl std::fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ciphertext")
            .field("level", &self.level())
            .field("scale", &self.scale)
            .field("parts", &self.parts.len())
            .finish_non_exhaustive()
    }
}

impl Ciphertext {
    /// The level ℓ: rescalings left.
    pub fn level(&self) -> usize {
        self.parts[0].basis.level
    }

    /// The scale Δ of the hidden message.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// 2, or 3 for a product that has not been relinearised.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The secret key this belongs to (a public name, not the key).
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// The context this was made under.
    pub fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn check_two_parts(&self, operation: &'static str) -> Result<(), CkksError> {
        if self.parts.len() == 2 {
            Ok(())
        } else {
            Err(CkksError::NotRelinearised {
                operation,
                parts: self.parts.len(),
            })
        }
    }

    pub(crate) fn check_with(
        &self,
        other: &Self,
        operation: &'static str,
    ) -> Result<(), CkksError> {
        self.context.same(&other.context, operation)?;
        if self.key != other.key {
            return Err(CkksError::Key { operation });
        }
        check_levels(operation, self.level(), other.level())
    }

    pub(crate) fn with_parts(&self, parts: Vec<Poly>, scale: f64) -> Self {
        Self {
            context: self.context.clone(),
            key: self.key,
            parts,
            scale,
        }
    }
}

/// A fresh ciphertext whose c_1 is named by a seed: half the bytes to send.
#[derive(Clone)]
pub struct SeededCiphertext {
    pub(crate) context: Context,
    pub(crate) key: KeyId,
    pub(crate) body: Poly,
    pub(crate) seed: Seed,
    pub(crate) scale: f64,
}

impl SeededCiphertext {
    /// The ciphertext itself.
    pub fn expand(&self) -> Ciphertext {
        let mask = uniform(&self.context, Basis::q(self.level()), &self.seed, 0);
        Ciphertext {
            context: self.context.clone(),
            key: self.key,
            parts: vec![self.body.clone(), mask],
            scale: self.scale,
        }
    }

    /// The level ℓ.
    pub fn level(&self) -> usize {
        self.body.basis.level
    }

    /// The scale Δ.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The secret key this belongs to.
    pub fn key_id(&self) -> KeyId {
        self.key
    }
}

impl std::fmt::Debug for SeededCiphertext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeededCiphertext")
            .field("level", &self.level())
            .field("scale", &self.scale)
            .finish_non_exhaustive()
    }
}

pub(crate) fn check_levels(
    operation: &'static str,
    left: usize,
    right: usize,
) -> Result<(), CkksError> {
    if left == right {
        Ok(())
    } else {
        Err(CkksError::Level {
            operation,
            left,
            right,
        })
    }
}

/// Scales are tracked exactly; only the rounding of their own products (2^-52 each) is forgiven.
pub(crate) fn check_scales(
    operation: &'static str,
    left: f64,
    right: f64,
) -> Result<(), CkksError> {
    if (left / right - 1.0).abs() < 1e-12 {
        Ok(())
    } else {
        Err(CkksError::Scale {
            operation,
            left: left.log2(),
            right: right.log2(),
        })
    }
}
