//! Heads and results of any kind, for who does not care which.

use crate::decision::{DecisionResults, ProtectedDecision};
use crate::error::RheError;
use crate::files::{ContainerFile, Kind, Reader, Stored, at, other_kind, save};
use crate::keys::Identity;
use crate::linear::{LinearResults, ProtectedLinear};
use crate::private::{PrivateResults, ProtectedPrivate};
use crate::relu::{ProtectedRelu, ReluResults};
use crate::square::{ProtectedSquare, SquareResults};
use std::path::Path;

/// What a file of any kind of head is called.
const HEAD: &str = "protected head";
/// What a file of any kind of results is called.
pub(crate) const RESULTS: &str = "encrypted results";

/// A protected head of any kind.
#[derive(Clone)]
#[non_exhaustive]
pub enum ProtectedHead {
    /// One affine layer.
    Linear(ProtectedLinear),
    /// One hidden layer with ReLU; classifying needs evaluation keys.
    Relu(ProtectedRelu),
    /// One or two hidden layers with the square.
    Square(Box<ProtectedSquare>),
    /// One affine layer, with what it takes to decide under encryption.
    Decision(ProtectedDecision),
    /// One affine layer, results of which hide the features.
    Private(ProtectedPrivate),
}

/// Encrypted logits of any kind of head.
#[derive(Clone)]
#[non_exhaustive]
pub enum EncryptedResults {
    /// Of a linear head.
    Linear(LinearResults),
    /// Of a ReLU head.
    Relu(ReluResults),
    /// Of a square head.
    Square(SquareResults),
    /// Classes alone, of a linear or ReLU head.
    Decision(DecisionResults),
    /// Of a linear head, hiding the features.
    Private(PrivateResults),
}

impl ProtectedHead {
    /// Its file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Linear(head) => head.to_bytes(),
            Self::Relu(head) => head.to_bytes(),
            Self::Square(head) => head.to_bytes(),
            Self::Decision(head) => head.to_bytes(),
            Self::Private(head) => head.to_bytes(),
        }
    }

    /// Reads the file content of a head of any kind.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let (kind, reader) = Reader::open_any(bytes, HEAD)?;
        Self::read(kind, reader)
    }

    fn read(kind: Kind, mut reader: Reader<'_>) -> Result<Self, RheError> {
        match kind {
            Kind::LinearHead => {
                let head = ProtectedLinear::read(&mut reader)?;
                reader.finish()?;
                Ok(Self::Linear(head))
            }
            Kind::ReluHead => ProtectedRelu::read(reader).map(Self::Relu),
            Kind::SquareHead => ProtectedSquare::read(reader).map(|h| Self::Square(Box::new(h))),
            Kind::DecisionHead => ProtectedDecision::read(reader).map(Self::Decision),
            Kind::PrivateHead => ProtectedPrivate::read(reader).map(Self::Private),
            other => Err(other_kind(HEAD, other)),
        }
    }

    /// Writes it to a file, in the place of what is there unless that is a key.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        match self {
            Self::Linear(head) => save(head, path),
            Self::Relu(head) => save(head, path),
            Self::Square(head) => save(&**head, path),
            Self::Decision(head) => save(head, path),
            Self::Private(head) => save(head, path),
        }
    }

    /// Bytes of its file's payload.
    pub fn file_bytes(&self) -> u64 {
        match self {
            Self::Linear(head) => head.payload_bytes(),
            Self::Relu(head) => head.payload_bytes(),
            Self::Square(head) => head.payload_bytes(),
            Self::Decision(head) => head.payload_bytes(),
            Self::Private(head) => head.payload_bytes(),
        }
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let file = ContainerFile::open(path, HEAD)?;
        Self::read(file.kind(), file.reader()?).map_err(|error| at(path, error))
    }

    /// The name of the key that opens its results.
    pub fn key_id(&self) -> Identity {
        match self {
            Self::Linear(head) => head.key_id(),
            Self::Relu(head) => head.key_id(),
            Self::Square(head) => head.key_id(),
            Self::Decision(head) => head.linear().key_id(),
            Self::Private(head) => head.key_id(),
        }
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        match self {
            Self::Linear(head) => head.features(),
            Self::Relu(head) => head.features(),
            Self::Square(head) => head.features(),
            Self::Decision(head) => head.linear().features(),
            Self::Private(head) => head.features(),
        }
    }
}

impl EncryptedResults {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Linear(results) => results.kind(),
            Self::Relu(results) => results.kind(),
            Self::Square(results) => results.kind(),
            Self::Decision(results) => results.kind(),
            Self::Private(results) => results.kind(),
        }
    }

    /// Their file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Linear(results) => results.to_bytes(),
            Self::Relu(results) => results.to_bytes(),
            Self::Square(results) => results.to_bytes(),
            Self::Decision(results) => results.to_bytes(),
            Self::Private(results) => results.to_bytes(),
        }
    }

    /// Reads the file content of results of any kind. Whatever is wrong with a linear head's, it is
    /// [`RheError::Refused`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        if Reader::kind_of(bytes, RESULTS)? == Kind::LinearResults {
            return LinearResults::from_bytes(bytes).map(Self::Linear);
        }
        let (kind, reader) = Reader::open_any(bytes, RESULTS)?;
        Self::read(kind, reader)
    }

    pub(crate) fn read(kind: Kind, reader: Reader<'_>) -> Result<Self, RheError> {
        match kind {
            Kind::LinearResults => LinearResults::read(reader).map(Self::Linear),
            Kind::ReluResults => ReluResults::read(reader).map(Self::Relu),
            Kind::SquareResults => SquareResults::read(reader).map(Self::Square),
            Kind::DecisionResults => DecisionResults::read(reader).map(Self::Decision),
            Kind::PrivateResults => PrivateResults::read(reader).map(Self::Private),
            other => Err(other_kind(RESULTS, other)),
        }
    }

    /// Writes them to a file, in the place of what is there unless that is a key.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        match self {
            Self::Linear(results) => save(results, path),
            Self::Relu(results) => save(results, path),
            Self::Square(results) => save(results, path),
            Self::Decision(results) => save(results, path),
            Self::Private(results) => save(results, path),
        }
    }

    /// Reads a file, whole. [`SecretKey::reveal_file`](crate::SecretKey::reveal_file) does not.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let file = ContainerFile::open_unchecked(path, RESULTS)?;
        if let Err(error) = file.check() {
            let linear = file.kind() == Kind::LinearResults;
            return Err(if linear {
                RheError::Refused
            } else {
                at(path, error)
            });
        }
        Self::read(file.kind(), file.reader()?).map_err(|error| at(path, error))
    }

    /// The number of images.
    pub fn images(&self) -> usize {
        match self {
            Self::Linear(results) => results.images(),
            Self::Relu(results) => results.images(),
            Self::Square(results) => results.images(),
            Self::Decision(results) => results.images(),
            Self::Private(results) => results.images(),
        }
    }
}
