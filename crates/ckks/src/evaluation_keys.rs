//! The keys a server needs: relinearisation and the rotations that were asked for, no others.

use crate::context::Context;
use crate::key_id::KeyId;
use crate::key_switch::KeySwitchKey;
use crate::poly::Poly;
use crate::sampling::random_bytes;
use crate::{CkksError, SecretKey};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Public keys for computing on the ciphertexts of one secret key.
#[derive(Clone)]
pub struct EvaluationKeys {
    context: Context,
    key: KeyId,
    relinearisation: Option<KeySwitchKey>,
    galois: BTreeMap<u32, GaloisKey>,
}

/// A key for one automorphism φ.
///
/// It switches s to φ^-1(s): the digits are multiplied as they are and φ is applied to the two
/// results, not to every digit.
#[derive(Clone)]
pub(crate) struct GaloisKey {
    pub(crate) switch: KeySwitchKey,
    pub(crate) permutation: Vec<u32>,
}

/// Collects which keys to generate.
pub struct EvaluationKeyBuilder<'a> {
    secret: &'a SecretKey,
    relinearisation: bool,
    elements: BTreeSet<u32>,
}

impl SecretKey {
    /// Starts a set of evaluation keys: nothing is generated that is not asked for.
    pub fn evaluation_keys(&self) -> EvaluationKeyBuilder<'_> {
        EvaluationKeyBuilder {
            secret: self,
            relinearisation: false,
            elements: BTreeSet::new(),
        }
    }
}

impl EvaluationKeyBuilder<'_> {
    /// Adds the key that [`crate::Ciphertext::relinearise`] needs.
    pub fn relinearisation(mut self) -> Self {
        self.relinearisation = true;
        self
    }

    /// Adds keys for rotations by these numbers of slots (positive: towards slot 0).
    pub fn rotations(mut self, steps: impl IntoIterator<Item = i64>) -> Self {
        for steps in steps {
            let element = self.secret.context().galois_element(steps);
            if element != 1 {
                self.elements.insert(element);
            }
        }
        self
    }

    /// Adds the key for complex conjugation.
    pub fn conjugation(mut self) -> Self {
        let element = self.secret.context().conjugation();
        self.elements.insert(element);
        self
    }

    /// Generates the keys.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn build(self) -> Result<EvaluationKeys, CkksError> {
        let secret = self.secret;
        let context = secret.context();
        let relinearisation = self
            .relinearisation
            .then(|| {
                let mut square: Zeroizing<Poly> = Zeroizing::new(secret.poly.clone());
                square.mul_assign(context, &secret.poly);
                KeySwitchKey::generate(context, &square, &secret.poly, random_bytes()?)
            })
            .transpose()?;
        let galois = self
            .elements
            .into_iter()
            .map(|element| {
                let inverse = context.permutation(context.inverse_element(element));
                let target = Zeroizing::new(secret.poly.permuted(&inverse));
                let switch =
                    KeySwitchKey::generate(context, &secret.poly, &target, random_bytes()?)?;
                Ok((element, GaloisKey::new(context, element, switch)))
            })
            .collect::<Result<_, CkksError>>()?;
        Ok(EvaluationKeys {
            context: context.clone(),
            key: secret.id(),
            relinearisation,
            galois,
        })
    }
}

impl GaloisKey {
    pub(crate) fn new(context: &Context, element: u32, switch: KeySwitchKey) -> Self {
        Self {
            switch,
            permutation: context.permutation(element),
        }
    }
}

impl EvaluationKeys {
    pub(crate) fn from_parts(
        context: &Context,
        key: KeyId,
        relinearisation: Option<KeySwitchKey>,
        galois: BTreeMap<u32, GaloisKey>,
    ) -> Self {
        Self {
            context: context.clone(),
            key,
            relinearisation,
            galois,
        }
    }

    /// The context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The secret key these belong to.
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// Number of key-switching keys held.
    pub fn len(&self) -> usize {
        self.galois.len() + usize::from(self.relinearisation.is_some())
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held in memory.
    pub fn bytes_held(&self) -> usize {
        let primes = self.context.max_level() + 2;
        let key = 2 * (primes - 1) * primes * self.context.degree() * 8;
        self.len() * key + self.galois.len() * self.context.degree() * 4
    }

    /// Whether a rotation by `steps` slots is possible.
    pub fn has_rotation(&self, steps: i64) -> bool {
        let element = self.context.galois_element(steps);
        element == 1 || self.galois.contains_key(&element)
    }

    pub(crate) fn relinearisation_key(&self) -> Option<&KeySwitchKey> {
        self.relinearisation.as_ref()
    }

    pub(crate) fn galois_keys(&self) -> &BTreeMap<u32, GaloisKey> {
        &self.galois
    }

    pub(crate) fn relinearisation(
        &self,
        operation: &'static str,
    ) -> Result<&KeySwitchKey, CkksError> {
        self.relinearisation.as_ref().ok_or(CkksError::MissingKey {
            operation,
            what: "relinearisation".into(),
        })
    }

    /// The key of an automorphism; `what` names it in the error.
    pub(crate) fn galois(
        &self,
        operation: &'static str,
        element: u32,
        what: impl FnOnce() -> String,
    ) -> Result<&GaloisKey, CkksError> {
        self.galois
            .get(&element)
            .ok_or_else(|| CkksError::MissingKey {
                operation,
                what: what(),
            })
    }
}

impl std::fmt::Debug for EvaluationKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvaluationKeys")
            .field("relinearisation", &self.relinearisation.is_some())
            .field("galois", &self.galois.keys())
            .finish_non_exhaustive()
    }
}
