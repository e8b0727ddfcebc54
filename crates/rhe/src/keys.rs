//! The owner's secret key and the identities that tie files to it.

use crate::error::RheError;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::randomness::{fill_binary, fill_from_system};
use crate::transform::{Backend, Transform};
use rand::{Rng as _, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::fmt;
use zeroize::Zeroizing;

/// Dimension n of the small LWE key that bootstrapping works under.
pub(crate) const LWE_DIMENSION: usize = 918;

/// Sixteen bytes that name a key or a head.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity(pub(crate) [u8; 16]);

impl Identity {
    pub(crate) fn random() -> Result<Self, RheError> {
        let mut bytes = [0; 16];
        fill_from_system(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

/// The owner's secret: 32 bytes of the operating system's generator, from which every secret
/// polynomial is derived. Wiped from memory when dropped.
pub struct SecretKey {
    master: Zeroizing<[u8; 32]>,
    id: Identity,
    coefficients: Zeroizing<Vec<u64>>,
    values: Zeroizing<Vec<u64>>,
}

impl SecretKey {
    /// Makes a new key.
    ///
    /// ```
    /// let key = rhe::SecretKey::generate()?;
    /// assert_ne!(key.id(), rhe::SecretKey::generate()?.id());
    /// # Ok::<(), rhe::RheError>(())
    /// ```
    pub fn generate() -> Result<Self, RheError> {
        let mut master = Zeroizing::new([0; 32]);
        fill_from_system(&mut *master)?;
        Ok(Self::from_master(master))
    }

    pub(crate) fn from_master(master: Zeroizing<[u8; 32]>) -> Self {
        let mut coefficients = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        fill_binary(
            &mut stream(&master, "rhea rhe glwe secret"),
            &mut coefficients,
        );
        let mut values = coefficients.clone();
        Transform::new(Backend::Detected).forward(&mut values);
        let mut id = [0; 16];
        let digest = blake3::derive_key("rhea rhe key identity", &*master);
        id.copy_from_slice(&digest[..16]);
        Self {
            master,
            id: Identity(id),
            coefficients,
            values,
        }
    }

    /// The key's public name: a one-way function of it, stored in everything made with it.
    pub fn id(&self) -> Identity {
        self.id
    }

    pub(crate) fn master(&self) -> &[u8; 32] {
        &self.master
    }

    /// Coefficients of the secret that all heads share that bootstrap, N bits. (A linear head has a
    /// secret of its own.)
    pub(crate) fn coefficients(&self) -> &[u64] {
        &self.coefficients
    }

    /// The same polynomial in evaluation form modulo q.
    pub(crate) fn values(&self) -> &[u64] {
        &self.values
    }

    /// The small LWE secret, n bits.
    pub(crate) fn lwe_coefficients(&self) -> Zeroizing<Vec<u64>> {
        let mut bits = Zeroizing::new(vec![0; LWE_DIMENSION]);
        fill_binary(&mut stream(&self.master, "rhea rhe lwe secret"), &mut bits);
        bits
    }

    /// A generator for one purpose and whatever `context` names, such as one head.
    pub(crate) fn derived(&self, purpose: &str, context: &[u8]) -> ChaCha20Rng {
        let key = Zeroizing::new(blake3::derive_key(purpose, &*self.master));
        let seed = Zeroizing::new(*blake3::keyed_hash(&key, context).as_bytes());
        ChaCha20Rng::from_seed(*seed)
    }

    /// A tag that only the owner can compute, of bytes that follow their purpose.
    pub(crate) fn authenticate(&self, purpose: &str, parts: &[&[u8]]) -> blake3::Hash {
        let key = Zeroizing::new(blake3::derive_key(purpose, &*self.master));
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize()
    }

    /// Hides bytes under a pad of this purpose and head, which must be used once, and puts the tag
    /// of what that gives behind it.
    fn seal(&self, seal: &Seal, head: Identity, plain: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; plain.len()];
        self.derived(seal.pad, &head.0).fill_bytes(&mut bytes);
        bytes.iter_mut().zip(plain).for_each(|(b, p)| *b ^= p);
        let tag = self.authenticate(seal.tag, &[&head.0, &bytes]);
        bytes.extend_from_slice(tag.as_bytes());
        bytes
    }

    /// What was sealed; an error unless it was by this key, for this purpose and head.
    fn unseal(
        &self,
        seal: &Seal,
        head: Identity,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, RheError> {
        let forged = || RheError::result("what is sealed in it was not sealed by this key");
        let at = sealed.len().checked_sub(SEAL_TAG).ok_or_else(forged)?;
        let (hidden, tag) = sealed.split_at(at);
        // Hashes compare in constant time.
        let expected = self.authenticate(seal.tag, &[&head.0, hidden]);
        if blake3::Hash::from_slice(tag).ok() != Some(expected) {
            return Err(forged());
        }
        let mut bytes = Zeroizing::new(vec![0; hidden.len()]);
        self.derived(seal.pad, &head.0).fill_bytes(&mut bytes);
        bytes.iter_mut().zip(hidden).for_each(|(b, s)| *b ^= s);
        Ok(bytes)
    }

    pub(crate) fn check(&self, what: &'static str, found: Identity) -> Result<(), RheError> {
        if found == self.id {
            return Ok(());
        }
        Err(RheError::OtherKey {
            what,
            expected: self.id.to_string(),
            found: found.to_string(),
        })
    }
}

/// A generator for one purpose, derived from the master secret.
fn stream(master: &[u8; 32], purpose: &str) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(*Zeroizing::new(blake3::derive_key(purpose, master)))
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// Bytes of the tag behind what is sealed.
const SEAL_TAG: usize = blake3::OUT_LEN;

/// The purposes of the pad and of the tag of one kind of sealed value.
struct Seal {
    pad: &'static str,
    tag: &'static str,
}

/// Numbers that only the key's owner reads, such as the real value of one quantisation step: in
/// the clear it would tell the largest weight. A one-time pad keyed by the head's name, and a tag:
/// what was altered does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedNumbers(pub(crate) Vec<u8>);

impl SealedNumbers {
    const SEAL: Seal = Seal {
        pad: "rhea rhe sealed numbers",
        tag: "rhea rhe sealed numbers tag",
    };

    /// Bytes of `count` sealed numbers.
    pub(crate) const fn bytes(count: usize) -> usize {
        8 * count + SEAL_TAG
    }

    pub(crate) fn seal(values: &[f64], key: &SecretKey, head: Identity) -> Self {
        let plain = values.iter().flat_map(|v| v.to_bits().to_le_bytes());
        let plain = Zeroizing::new(plain.collect::<Vec<u8>>());
        Self(key.seal(&Self::SEAL, head, &plain))
    }

    /// The numbers, of which there is at least one, the first a positive scale.
    pub(crate) fn open(&self, key: &SecretKey, head: Identity) -> Result<Vec<f64>, RheError> {
        let bytes = key.unseal(&Self::SEAL, head, &self.0)?;
        let words = bytes.as_chunks::<8>().0.iter();
        let values: Vec<f64> = words
            .map(|b| f64::from_bits(u64::from_le_bytes(*b)))
            .collect();
        if values.iter().all(|v| v.is_finite()) && values.first().is_some_and(|v| *v > 0.0) {
            Ok(values)
        } else {
            Err(RheError::result(
                "its sealed numbers do not open to a scale",
            ))
        }
    }
}

/// Bytes that only the key's owner reads: the CKKS secret of one square head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedBytes(pub(crate) Vec<u8>);

impl SealedBytes {
    const SEAL: Seal = Seal {
        pad: "rhea rhe sealed secret",
        tag: "rhea rhe sealed secret tag",
    };

    pub(crate) fn seal(plain: &[u8], key: &SecretKey, head: Identity) -> Self {
        Self(key.seal(&Self::SEAL, head, plain))
    }

    pub(crate) fn open(
        &self,
        key: &SecretKey,
        head: Identity,
    ) -> Result<Zeroizing<Vec<u8>>, RheError> {
        key.unseal(&Self::SEAL, head, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_follows_from_the_master_secret() {
        let (a, b) = (
            SecretKey::from_master(Zeroizing::new([5; 32])),
            SecretKey::from_master(Zeroizing::new([5; 32])),
        );
        assert_eq!(a.id(), b.id());
        assert_eq!(a.coefficients(), b.coefficients());
        assert_ne!(a.coefficients()[..LWE_DIMENSION], a.lwe_coefficients()[..]);
        let other = SecretKey::from_master(Zeroizing::new([6; 32]));
        assert_ne!(a.id(), other.id());
        assert_ne!(a.coefficients(), other.coefficients());
        assert!(other.check("head", a.id()).is_err());
    }

    #[test]
    fn sealed_numbers_open_for_their_key_and_head_alone() {
        let (key, other) = (
            SecretKey::generate().unwrap(),
            SecretKey::generate().unwrap(),
        );
        let (head, second) = (Identity::random().unwrap(), Identity::random().unwrap());
        let values = [0.125, -3.0];
        let sealed = SealedNumbers::seal(&values, &key, head);
        assert_eq!(sealed.open(&key, head).unwrap(), values);
        assert_ne!(sealed.0[..8], 0.125f64.to_bits().to_le_bytes());
        assert!(sealed.open(&other, head).is_err());
        assert!(sealed.open(&key, second).is_err());
        assert_eq!(sealed.0.len(), SealedNumbers::bytes(2));
        for at in 0..sealed.0.len() {
            let mut altered = sealed.clone();
            altered.0[at] ^= 1;
            assert!(altered.open(&key, head).is_err(), "byte {at}");
            altered.0.truncate(at);
            assert!(altered.open(&key, head).is_err(), "{at} bytes");
        }
        // What is sealed for one purpose does not open for another.
        assert!(SealedBytes(sealed.0).open(&key, head).is_err());
    }

    #[test]
    fn printing_a_key_prints_its_name_only() {
        let key = SecretKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SecretKey({})", key.id()));
    }
}
