//! Encryption by whoever holds only the public key.

use crate::context::Context;
use crate::key_id::KeyId;
use crate::poly::{Basis, Poly};
use crate::sampling::{Seed, noise, ternary, to_poly, uniform};
use crate::{Ciphertext, CkksError, Plaintext, SecretKey};
use zeroize::Zeroizing;

/// (e − a·s, a) modulo Q at the highest level, a named by a seed.
#[derive(Clone)]
pub struct PublicKey {
    pub(crate) context: Context,
    pub(crate) key: KeyId,
    pub(crate) body: Poly,
    pub(crate) seed: Seed,
}

impl SecretKey {
    /// A public key of this secret key.
    pub fn public_key(&self) -> Result<PublicKey, CkksError> {
        let zero = self
            .context
            .encode_real(&[], self.context.max_level(), 1.0)?;
        let fresh = self.encrypt_seeded(&zero)?;
        Ok(PublicKey {
            context: self.context.clone(),
            key: self.id,
            body: fresh.body,
            seed: fresh.seed,
        })
    }
}

impl PublicKey {
    /// (b·v + e_0 + m, a·v + e_1) with ternary v.
    ///
    /// # Errors
    /// If the plaintext belongs to another parameter set or the system gives no randomness.
    pub fn encrypt(&self, plain: &Plaintext) -> Result<Ciphertext, CkksError> {
        self.context.same(&plain.context, "encrypt")?;
        let basis = Basis::q(plain.level());
        let degree = self.context.degree();
        let small = |coefficients: Zeroizing<Vec<i64>>| {
            Zeroizing::new(to_poly(&self.context, basis, &coefficients))
        };
        let v = small(ternary(degree)?);
        let mask = uniform(&self.context, basis, &self.seed, 0);
        let mut parts = Vec::with_capacity(2);
        for source in [&self.body, &mask] {
            let mut part = Poly::zero(&self.context, basis);
            part.mul_accumulate(&self.context, &v, source);
            part.add_assign(&self.context, &small(noise(degree)?));
            parts.push(part);
        }
        parts[0].add_assign(&self.context, &plain.poly);
        Ok(Ciphertext {
            context: self.context.clone(),
            key: self.key,
            parts,
            scale: plain.scale,
        })
    }

    /// The secret key this belongs to.
    pub fn key_id(&self) -> KeyId {
        self.key
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
