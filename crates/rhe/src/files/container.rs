//! The container: magic, kind, version, parameter fingerprint, length, payload, checksum.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `RHEA-RHE` |
//! | 2 | kind, little-endian as all numbers |
//! | 2 | format version |
//! | 8 | parameter fingerprint |
//! | 8 | payload length n |
//! | n | payload |
//! | 16 | BLAKE3 of everything before, truncated |
//!
//! The checksum finds accidents, not forgers: who can write the file can write its checksum.

use crate::error::RheError;
use crate::keys::Identity;
use crate::parameters::Fingerprint;
use std::io::{Read, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"RHEA-RHE";
const VERSION: u16 = 2;
const HEADER: usize = 28;
const CHECKSUM: usize = 16;

/// What a container holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SecretKey = 1,
    LinearHead = 2,
    LinearResults = 3,
    EvaluationKeys = 4,
    ReluHead = 5,
    ReluResults = 6,
    SquareHead = 7,
    SquareResults = 8,
    DecisionHead = 9,
    DecisionResults = 10,
    PrivateHead = 12,
    PrivateResults = 13,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::SecretKey,
        Self::LinearHead,
        Self::LinearResults,
        Self::EvaluationKeys,
        Self::ReluHead,
        Self::ReluResults,
        Self::SquareHead,
        Self::SquareResults,
        Self::DecisionHead,
        Self::DecisionResults,
        Self::PrivateHead,
        Self::PrivateResults,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SecretKey => "secret key",
            Self::LinearHead => "protected linear head",
            Self::LinearResults => "encrypted results of a linear head",
            Self::EvaluationKeys => "evaluation keys",
            Self::ReluHead => "protected ReLU head",
            Self::ReluResults => "encrypted results of a ReLU head",
            Self::SquareHead => "protected square head",
            Self::SquareResults => "encrypted results of a square head",
            Self::DecisionHead => "protected linear head with decisions",
            Self::DecisionResults => "encrypted decisions",
            Self::PrivateHead => "protected linear head that hides the features",
            Self::PrivateResults => "encrypted results that hide the features",
        }
    }

    /// The largest payload that is read, in bytes.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::SecretKey => 1 << 10,
            Self::LinearHead | Self::DecisionHead | Self::ReluHead | Self::PrivateHead => 1 << 30,
            Self::EvaluationKeys | Self::SquareHead => 1 << 30,
            Self::LinearResults
            | Self::ReluResults
            | Self::SquareResults
            | Self::PrivateResults
            | Self::DecisionResults => 4 << 30,
        }
    }
}

/// Builds a payload.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(kind: Kind, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + capacity + CHECKSUM);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&(kind as u16).to_le_bytes());
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&Fingerprint::current().0);
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn number(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn small(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn identity(&mut self, identity: Identity) {
        self.bytes(&identity.0);
    }

    pub(crate) fn words(&mut self, words: &[u64]) {
        self.bytes.reserve(8 * words.len());
        words.iter().for_each(|word| self.number(*word));
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = (self.bytes.len() - HEADER) as u64;
        self.bytes[HEADER - 8..HEADER].copy_from_slice(&length.to_le_bytes());
        let checksum = blake3::hash(&self.bytes);
        self.bytes
            .extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
        self.bytes
    }
}

/// Takes a payload apart; every read is checked.
pub(crate) struct Reader<'a> {
    kind: Kind,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks everything around the payload.
    pub(crate) fn open(bytes: &'a [u8], kind: Kind) -> Result<Self, RheError> {
        let found = Self::kind_of(bytes, kind.name())?;
        if found != kind {
            return Err(RheError::format(
                kind.name(),
                format!("this is a file of another kind: {}", found.name()),
            ));
        }
        let bad = |reason: String| Err(RheError::format(kind.name(), reason));
        let payload = &bytes[HEADER..bytes.len() - CHECKSUM];
        if payload.len() as u64 > kind.limit() {
            return bad(format!(
                "{} bytes are above the limit of {}",
                payload.len(),
                kind.limit()
            ));
        }
        let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        let stated = u64::from_le_bytes(array(&bytes[HEADER - 8..HEADER]));
        if stated != payload.len() as u64 {
            return bad(format!(
                "it holds {} payload bytes and states {stated}: it is cut or has grown",
                payload.len()
            ));
        }
        if blake3::hash(body).as_bytes()[..CHECKSUM] != *checksum {
            return bad("its checksum does not match: it is damaged".into());
        }
        Ok(Self {
            kind,
            rest: payload,
        })
    }

    /// The kind of a container, after checking magic, version and parameters.
    pub(crate) fn kind_of(bytes: &[u8], what: &str) -> Result<Kind, RheError> {
        let bad = |reason: String| Err(RheError::format(what, reason));
        if bytes.len() < HEADER + CHECKSUM {
            return bad(format!(
                "{} bytes are too few: it is cut or not ours",
                bytes.len()
            ));
        }
        if bytes[..8] != *MAGIC {
            return bad("it does not begin with `RHEA-RHE`: it is not ours".into());
        }
        let version = u16::from_le_bytes(array(&bytes[10..12]));
        if version != VERSION {
            return bad(format!(
                "its format version is {version}, this program reads {VERSION}"
            ));
        }
        if bytes[12..20] != Fingerprint::current().0 {
            return bad(format!(
                "its parameters are {}, this program's are {}\nhint: protect the head again",
                Fingerprint(array(&bytes[12..20])),
                Fingerprint::current()
            ));
        }
        let number = u16::from_le_bytes(array(&bytes[8..10]));
        match Kind::ALL.into_iter().find(|k| *k as u16 == number) {
            Some(kind) => Ok(kind),
            None => bad(format!("its kind, {number}, is unknown")),
        }
    }

    pub(crate) fn bad(&self, reason: impl Into<String>) -> RheError {
        RheError::format(self.kind.name(), reason)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], RheError> {
        if self.rest.len() < count {
            return Err(self.bad("its payload ends early"));
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], RheError> {
        Ok(array(self.bytes(N)?))
    }

    pub(crate) fn number(&mut self) -> Result<u64, RheError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn small(&mut self) -> Result<u32, RheError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn identity(&mut self) -> Result<Identity, RheError> {
        Ok(Identity(self.array()?))
    }

    pub(crate) fn words(&mut self, count: usize) -> Result<Vec<u64>, RheError> {
        let length = count
            .checked_mul(8)
            .ok_or_else(|| self.bad("its sizes overflow"))?;
        let words = self.bytes(length)?.as_chunks::<8>().0.iter();
        Ok(words.map(|b| u64::from_le_bytes(*b)).collect())
    }

    /// As [`Reader::words`], all of them below q.
    pub(crate) fn residues(&mut self, count: usize) -> Result<Vec<u64>, RheError> {
        let words = self.words(count)?;
        if words.iter().any(|&w| w >= crate::parameters::MODULUS) {
            return Err(self.bad("a ciphertext word is not below the modulus"));
        }
        Ok(words)
    }

    pub(crate) fn finish(self) -> Result<(), RheError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.bad(format!("{} payload bytes are left over", self.rest.len())))
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

/// Reads a whole file unless it is larger than `limit` payload bytes.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, RheError> {
    let fail = |source| RheError::io("read", path, source);
    let file = std::fs::File::open(path).map_err(fail)?;
    let most = limit + (HEADER + CHECKSUM) as u64;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        let reason = format!("it is larger than the limit of {most} bytes");
        return Err(RheError::format(path.display().to_string(), reason));
    }
    Ok(bytes)
}

/// Writes a file under a temporary name and renames it, so that no half of one is ever found.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], secret: bool) -> Result<(), RheError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let written = options
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|source| {
        // The error being reported is the first one; a leftover is harmless.
        let _ = std::fs::remove_file(&temporary);
        RheError::io("write", path, source)
    })
}
