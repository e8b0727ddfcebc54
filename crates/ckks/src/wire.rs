//! Everything that is sent or kept, as bytes.
//!
//! A message is: magic (8 bytes), version (2), kind (1), 0 (1), parameter fingerprint (16), payload
//! length (8), payload, and the first 16 bytes of the BLAKE3 hash of all that. Integers are
//! little-endian. A reader checks all of it, and every count against the bytes there are, before it
//! allocates anything. The hash finds damage; it does not authenticate.

use crate::context::Context;
use crate::evaluation_keys::{EvaluationKeys, GaloisKey};
use crate::key_id::KeyId;
use crate::key_switch::KeySwitchKey;
use crate::packing::{pack, packed_len, unpack};
use crate::poly::{Basis, Poly};
use crate::sampling::to_poly;
use crate::{Ciphertext, CkksError, PublicKey, SecretKey, SeededCiphertext};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const MAGIC: [u8; 8] = *b"RHEACKKS";
const VERSION: u16 = 1;
const HEADER: usize = 36;
const DIGEST: usize = 16;

/// What a message holds; its number is part of the format.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Ciphertext = 1,
    SeededCiphertext = 2,
    PublicKey = 3,
    EvaluationKeys = 4,
    SecretKey = 5,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Ciphertext => "a ciphertext",
            Self::SeededCiphertext => "a seeded ciphertext",
            Self::PublicKey => "a public key",
            Self::EvaluationKeys => "evaluation keys",
            Self::SecretKey => "a secret key",
        }
    }
}

fn begin(context: &Context, kind: Kind) -> Vec<u8> {
    let mut out = Vec::from(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend([kind as u8, 0]);
    out.extend(context.fingerprint());
    out.extend(0u64.to_le_bytes());
    out
}

fn finish(mut out: Vec<u8>) -> Vec<u8> {
    let length = (out.len() - HEADER) as u64;
    out[HEADER - 8..HEADER].copy_from_slice(&length.to_le_bytes());
    let digest = blake3::hash(&out);
    out.extend(&digest.as_bytes()[..DIGEST]);
    out
}

/// A checked payload, read front to back.
struct Reader<'a> {
    context: &'a Context,
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn open(context: &'a Context, kind: Kind, bytes: &'a [u8]) -> Result<Self, CkksError> {
        let what = kind.name();
        let reader = Self {
            context,
            what,
            rest: &[],
        };
        if bytes.len() < HEADER + DIGEST {
            return reader.fail(format!("{} bytes are too few", bytes.len()));
        }
        if bytes[..8] != MAGIC {
            return reader.fail("the magic bytes are wrong: this is something else".into());
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        if version != VERSION {
            return reader.fail(format!("version {version}, this program reads {VERSION}"));
        }
        if bytes[10] != kind as u8 || bytes[11] != 0 {
            return reader.fail(format!("kind {} is not {}", bytes[10], kind as u8));
        }
        if bytes[12..28] != context.fingerprint() {
            return reader.fail("it was made under other parameters".into());
        }
        let (body, digest) = bytes.split_at(bytes.len() - DIGEST);
        let mut length = [0; 8];
        length.copy_from_slice(&bytes[28..HEADER]);
        if u64::from_le_bytes(length) != (body.len() - HEADER) as u64 {
            return reader.fail("the length does not match: it is truncated or padded".into());
        }
        if blake3::hash(body).as_bytes()[..DIGEST] != *digest {
            return reader.fail("the checksum does not match: it is damaged".into());
        }
        Ok(Self {
            context,
            what,
            rest: &body[HEADER..],
        })
    }

    fn fail<T>(&self, reason: String) -> Result<T, CkksError> {
        Err(CkksError::Format {
            what: self.what,
            reason,
        })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], CkksError> {
        match self.rest.split_at_checked(count) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => self.fail(format!(
                "{count} more bytes are needed, {} are left",
                self.rest.len()
            )),
        }
    }

    fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], CkksError> {
        let mut out = [0; LEN];
        out.copy_from_slice(self.take(LEN)?);
        Ok(out)
    }

    fn byte(&mut self) -> Result<usize, CkksError> {
        Ok(usize::from(self.array::<1>()?[0]))
    }

    fn integer(&mut self) -> Result<u32, CkksError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn key_id(&mut self) -> Result<KeyId, CkksError> {
        Ok(KeyId(self.array()?))
    }

    fn level_and_scale(&mut self) -> Result<(usize, f64), CkksError> {
        let (level, scale) = (self.byte()?, f64::from_le_bytes(self.array()?));
        if level > self.context.max_level() {
            return self.fail(format!("level {level} does not exist"));
        }
        if !(scale.is_finite() && scale > 0.0) {
            return self.fail(format!("the scale {scale} is not positive and finite"));
        }
        Ok((level, scale))
    }

    fn poly(&mut self, basis: Basis) -> Result<Poly, CkksError> {
        let bytes = self.take(packed_len(self.context, basis))?;
        unpack(self.context, basis, bytes, self.what)
    }

    fn switch_key(&mut self) -> Result<KeySwitchKey, CkksError> {
        let seed = self.array()?;
        let basis = Basis::qp(self.context.max_level());
        let bodies = (0..=self.context.max_level())
            .map(|_| self.poly(basis))
            .collect::<Result<_, _>>()?;
        Ok(KeySwitchKey::expand(self.context, seed, bodies))
    }

    fn end(&self) -> Result<(), CkksError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            self.fail(format!("{} bytes are left over", self.rest.len()))
        }
    }
}

impl Ciphertext {
    /// All parts; ⌈log2 q⌉ bits a residue.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = begin(&self.context, Kind::Ciphertext);
        out.extend(self.key.0);
        out.push(self.level() as u8);
        out.extend(self.scale.to_le_bytes());
        out.push(self.parts.len() as u8);
        for part in &self.parts {
            pack(&self.context, part, &mut out);
        }
        finish(out)
    }

    /// Reads what [`Ciphertext::to_bytes`] wrote under the same parameters.
    ///
    /// # Errors
    /// If anything about the bytes is not as it should be.
    pub fn from_bytes(context: &Context, bytes: &[u8]) -> Result<Self, CkksError> {
        let mut reader = Reader::open(context, Kind::Ciphertext, bytes)?;
        let key = reader.key_id()?;
        let (level, scale) = reader.level_and_scale()?;
        let count = reader.byte()?;
        if !(2..=3).contains(&count) {
            return reader.fail(format!("{count} parts are not 2 or 3"));
        }
        let parts = (0..count)
            .map(|_| reader.poly(Basis::q(level)))
            .collect::<Result<_, _>>()?;
        reader.end()?;
        Ok(Self {
            context: context.clone(),
            key,
            parts,
            scale,
        })
    }
}

impl SeededCiphertext {
    /// The body and the seed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = begin(&self.context, Kind::SeededCiphertext);
        out.extend(self.key.0);
        out.push(self.level() as u8);
        out.extend(self.scale.to_le_bytes());
        out.extend(self.seed);
        pack(&self.context, &self.body, &mut out);
        finish(out)
    }

    /// Reads what [`SeededCiphertext::to_bytes`] wrote under the same parameters.
    ///
    /// # Errors
    /// If anything about the bytes is not as it should be.
    pub fn from_bytes(context: &Context, bytes: &[u8]) -> Result<Self, CkksError> {
        let mut reader = Reader::open(context, Kind::SeededCiphertext, bytes)?;
        let key = reader.key_id()?;
        let (level, scale) = reader.level_and_scale()?;
        let seed = reader.array()?;
        let body = reader.poly(Basis::q(level))?;
        reader.end()?;
        Ok(Self {
            context: context.clone(),
            key,
            body,
            seed,
            scale,
        })
    }
}

impl PublicKey {
    /// The body and the seed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = begin(&self.context, Kind::PublicKey);
        out.extend(self.key.0);
        out.extend(self.seed);
        pack(&self.context, &self.body, &mut out);
        finish(out)
    }

    /// Reads what [`PublicKey::to_bytes`] wrote under the same parameters.
    ///
    /// # Errors
    /// If anything about the bytes is not as it should be.
    pub fn from_bytes(context: &Context, bytes: &[u8]) -> Result<Self, CkksError> {
        let mut reader = Reader::open(context, Kind::PublicKey, bytes)?;
        let (key, seed) = (reader.key_id()?, reader.array()?);
        let body = reader.poly(Basis::q(context.max_level()))?;
        reader.end()?;
        Ok(Self {
            context: context.clone(),
            key,
            body,
            seed,
        })
    }
}

impl EvaluationKeys {
    /// The keys' bodies and seeds: half of what they are in memory, and less for small primes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let context = self.context();
        let mut out = begin(context, Kind::EvaluationKeys);
        out.extend(self.key_id().0);
        out.push(u8::from(self.relinearisation_key().is_some()));
        out.extend((self.galois_keys().len() as u32).to_le_bytes());
        let write = |key: &KeySwitchKey, out: &mut Vec<u8>| {
            out.extend(key.seed);
            for body in &key.bodies {
                pack(context, body, out);
            }
        };
        if let Some(key) = self.relinearisation_key() {
            write(key, &mut out);
        }
        for (element, key) in self.galois_keys() {
            out.extend(element.to_le_bytes());
            write(&key.switch, &mut out);
        }
        finish(out)
    }

    /// Reads what [`EvaluationKeys::to_bytes`] wrote under the same parameters.
    ///
    /// # Errors
    /// If anything about the bytes is not as it should be.
    pub fn from_bytes(context: &Context, bytes: &[u8]) -> Result<Self, CkksError> {
        let mut reader = Reader::open(context, Kind::EvaluationKeys, bytes)?;
        let key = reader.key_id()?;
        let (flag, count) = (reader.byte()?, reader.integer()?);
        let relinearisation = match flag {
            0 => None,
            1 => Some(reader.switch_key()?),
            flag => return reader.fail(format!("flag {flag} is not 0 or 1")),
        };
        let order = 2 * context.degree() as u32;
        let mut galois = BTreeMap::new();
        for _ in 0..count {
            let element = reader.integer()?;
            if element % 2 == 0 || element >= order || galois.contains_key(&element) {
                return reader.fail(format!("{element} is no Galois element, or comes twice"));
            }
            let switch = reader.switch_key()?;
            galois.insert(element, GaloisKey::new(context, element, switch));
        }
        reader.end()?;
        Ok(Self::from_parts(context, key, relinearisation, galois))
    }
}

impl SecretKey {
    /// The key itself, two bits a coefficient; the bytes are wiped when dropped. Keep them private.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut coefficients = Zeroizing::new(self.poly.row(0).to_vec());
        self.context.q(0).inverse(&mut coefficients);
        let mut out = begin(&self.context, Kind::SecretKey);
        // Room for everything, so that no reallocation leaves a copy behind.
        out.reserve_exact(16 + coefficients.len() / 4 + DIGEST);
        out.extend(self.id.0);
        for four in coefficients.as_chunks::<4>().0 {
            // 0, 1 and −1 become 0, 1 and 2.
            out.push(
                four.iter()
                    .rev()
                    .fold(0, |byte, &x| byte << 2 | x.min(2) as u8),
            );
        }
        Zeroizing::new(finish(out))
    }

    /// Reads what [`SecretKey::to_bytes`] wrote under the same parameters.
    ///
    /// # Errors
    /// If anything about the bytes is not as it should be.
    pub fn from_bytes(context: &Context, bytes: &[u8]) -> Result<Self, CkksError> {
        let mut reader = Reader::open(context, Kind::SecretKey, bytes)?;
        let id = reader.key_id()?;
        let packed = reader.take(context.degree() / 4)?;
        reader.end()?;
        if packed.iter().any(|byte| byte & byte >> 1 & 0x55 != 0) {
            return reader.fail("a coefficient is not -1, 0 or 1".into());
        }
        let coefficients: Zeroizing<Vec<i64>> = Zeroizing::new(
            packed
                .iter()
                .flat_map(|byte| [0, 2, 4, 6].map(|shift| i64::from(byte >> shift & 3)))
                .map(|code| if code == 2 { -1 } else { code })
                .collect(),
        );
        Ok(Self {
            context: context.clone(),
            id,
            poly: to_poly(context, Basis::qp(context.max_level()), &coefficients),
        })
    }
}
