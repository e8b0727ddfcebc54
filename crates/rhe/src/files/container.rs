//! The container: magic, kind, version, parameter fingerprint, length, payload, checksum.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `RHEA-RHE` |
//! | 2 | kind, little-endian as all numbers |
//! | 2 | format version of the kind |
//! | 8 | parameter fingerprint |
//! | 8 | payload length n |
//! | n | payload |
//! | 16 | BLAKE3 of everything before, truncated |
//!
//! The checksum finds accidents, not forgers: who can write the file can write its checksum.

use crate::error::RheError;
use crate::parameters::Fingerprint;

pub(super) const MAGIC: &[u8; 8] = b"RHEA-RHE";
pub(super) const HEADER: usize = 28;
pub(super) const CHECKSUM: usize = 16;

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
    RevealCount = 11,
    PrivateHead = 12,
    PrivateResults = 13,
}

impl Kind {
    const ALL: [Self; 13] = [
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
        Self::RevealCount,
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
            Self::RevealCount => "count of a key's uses",
            Self::PrivateHead => "protected linear head that hides the features",
            Self::PrivateResults => "encrypted results that hide the features",
        }
    }

    /// The format version that is written and read. Keys have kept theirs.
    pub(super) fn version(self) -> u16 {
        match self {
            Self::SecretKey | Self::EvaluationKeys => 2,
            _ => 3,
        }
    }

    /// The largest payload that is written and read, in bytes.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::SecretKey | Self::RevealCount => 1 << 10,
            Self::LinearHead | Self::DecisionHead | Self::ReluHead | Self::PrivateHead => 1 << 30,
            Self::EvaluationKeys | Self::SquareHead => 1 << 30,
            Self::LinearResults => 64 << 30,
            Self::ReluResults
            | Self::SquareResults
            | Self::DecisionResults
            | Self::PrivateResults => 4 << 30,
        }
    }

    /// What is an error to write beyond the limit.
    pub(crate) fn check_size(self, bytes: u64, hint: &str) -> Result<(), RheError> {
        if bytes <= self.limit() {
            return Ok(());
        }
        Err(RheError::TooLarge {
            what: self.name(),
            bytes,
            limit: self.limit(),
            hint: if hint.is_empty() {
                String::new()
            } else {
                format!("\nhint: {hint}")
            },
        })
    }

    /// What is an error for results of so many images, of `image` bytes each.
    pub(crate) fn check_images(self, images: usize, image: u64) -> Result<(), RheError> {
        // What stands before the images: names, a shape, sealed values.
        const BEFORE: u64 = 1 << 18;
        let most = (self.limit() - BEFORE) / image;
        let hint = format!("classify at most {most} images at once");
        let bytes = image.saturating_mul(images as u64).saturating_add(BEFORE);
        self.check_size(bytes, &hint)
    }

    /// Whether it is what a classification gives.
    pub(crate) fn is_results(self) -> bool {
        matches!(
            self,
            Self::LinearResults
                | Self::ReluResults
                | Self::SquareResults
                | Self::DecisionResults
                | Self::PrivateResults
        )
    }

    /// Whether it is the owner's, and lost for good if it is overwritten.
    pub(super) fn is_kept(self) -> bool {
        matches!(
            self,
            Self::SecretKey | Self::EvaluationKeys | Self::RevealCount
        )
    }

    pub(super) fn of_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == number)
    }
}

/// What stands before the payload.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Bytes of the payload.
    pub(super) length: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&(self.kind as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&self.kind.version().to_le_bytes());
        bytes[12..20].copy_from_slice(&Fingerprint::current().0);
        bytes[20..].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// Reads a header, checking magic, version and parameters; `what` is being read.
    pub(super) fn parse(bytes: &[u8], what: &str) -> Result<Self, RheError> {
        let bad = |reason: String| Err(RheError::format(what, reason));
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return bad(format!(
                "{} bytes are too few: it is cut or not ours",
                bytes.len()
            ));
        };
        if bytes[..8] != *MAGIC {
            return bad("it does not begin with `RHEA-RHE`: it is not ours".into());
        }
        let number = u16::from_le_bytes(array(&bytes[8..10]));
        let Some(kind) = Kind::of_number(number) else {
            return bad(format!("its kind, {number}, is unknown"));
        };
        let version = u16::from_le_bytes(array(&bytes[10..12]));
        if version != kind.version() {
            return bad(format!(
                "its format version is {version}, this program reads {} of a {}{}",
                kind.version(),
                kind.name(),
                match kind {
                    Kind::SecretKey | Kind::EvaluationKeys | Kind::RevealCount => "",
                    _ => "\nhint: protect the head again with its key, and classify again",
                }
            ));
        }
        if bytes[12..20] != Fingerprint::current().0 {
            return bad(format!(
                "its parameters are {}, this program's are {}\nhint: protect the head again",
                Fingerprint(array(&bytes[12..20])),
                Fingerprint::current()
            ));
        }
        let length = u64::from_le_bytes(array(&bytes[20..]));
        if length > kind.limit() {
            return bad(format!(
                "it states {length} bytes, above the limit of {} for a {}",
                kind.limit(),
                kind.name()
            ));
        }
        Ok(Self { kind, length })
    }
}

pub(super) fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}
