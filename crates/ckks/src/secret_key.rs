//! Secret keys: generation and decryption.

use crate::context::Context;
use crate::key_id::KeyId;
use crate::poly::{Basis, Poly};
use crate::sampling::{random_bytes, ternary, to_poly};
use crate::{Ciphertext, CkksError, Plaintext};
use zeroize::Zeroize;

/// A uniform ternary secret s. Wiped when dropped; never printed.
pub struct SecretKey {
    pub(crate) context: Context,
    pub(crate) id: KeyId,
    /// s modulo QP.
    pub(crate) poly: Poly,
}

impl SecretKey {
    /// Draws a key from the operating system's generator.
    pub fn generate(context: &Context) -> Result<Self, CkksError> {
        let id = KeyId(random_bytes()?);
        Ok(Self::of(context, id, &ternary(context.degree())?))
    }

    pub(crate) fn of(context: &Context, id: KeyId, coefficients: &[i64]) -> Self {
        Self {
            context: context.clone(),
            id,
            poly: to_poly(context, Basis::qp(context.max_level()), coefficients),
        }
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// c_0 + c_1·s (+ c_2·s²): the message and its noise.
    ///
    /// # Errors
    /// If the ciphertext belongs to another key or parameter set.
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Plaintext, CkksError> {
        self.context.same(&ciphertext.context, "decrypt")?;
        if ciphertext.key != self.id {
            return Err(CkksError::Key {
                operation: "decrypt",
            });
        }
        let mut sum = ciphertext.parts[ciphertext.parts.len() - 1].clone();
        for part in ciphertext.parts.iter().rev().skip(1) {
            // Horner: the secret has more rows than the ciphertext, in the same order.
            for (row, values) in sum.rows_mut().enumerate() {
                self.context.q(row).mul_assign(values, self.poly.row(row));
            }
            sum.add_assign(&self.context, part);
        }
        Ok(Plaintext {
            context: self.context.clone(),
            poly: sum,
            scale: ciphertext.scale,
        })
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.poly.zeroize();
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
