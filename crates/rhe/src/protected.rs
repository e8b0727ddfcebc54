//! Heads and results of any kind, for who does not care which.

use crate::decision::{DecisionResults, ProtectedDecision};
use crate::error::RheError;
use crate::files::{Kind, Reader, at, read_limited, write_whole};
use crate::keys::{Identity, SecretKey};
use crate::linear::{LinearResults, Logits, ProtectedLinear};
use crate::private::{PrivateResults, ProtectedPrivate};
use crate::relu::{ProtectedRelu, ReluResults};
use crate::square::{ProtectedSquare, SquareResults};
use std::path::Path;

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
        match Reader::kind_of(bytes, "protected head")? {
            Kind::LinearHead => ProtectedLinear::from_bytes(bytes).map(Self::Linear),
            Kind::ReluHead => ProtectedRelu::from_bytes(bytes).map(Self::Relu),
            Kind::SquareHead => {
                ProtectedSquare::from_bytes(bytes).map(|h| Self::Square(Box::new(h)))
            }
            Kind::DecisionHead => ProtectedDecision::from_bytes(bytes).map(Self::Decision),
            Kind::PrivateHead => ProtectedPrivate::from_bytes(bytes).map(Self::Private),
            other => Err(RheError::format(
                "protected head",
                format!("this is a file of another kind: {}", other.name()),
            )),
        }
    }

    /// Writes it to a file.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        write_whole(path, &self.to_bytes(), false)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let bytes = read_limited(path, Kind::LinearHead.limit())?;
        Self::from_bytes(&bytes).map_err(|error| at(path, error))
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

    /// Reads the file content of results of any kind.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        match Reader::kind_of(bytes, "encrypted results")? {
            Kind::LinearResults => LinearResults::from_bytes(bytes).map(Self::Linear),
            Kind::ReluResults => ReluResults::from_bytes(bytes).map(Self::Relu),
            Kind::SquareResults => SquareResults::from_bytes(bytes).map(Self::Square),
            Kind::DecisionResults => DecisionResults::from_bytes(bytes).map(Self::Decision),
            Kind::PrivateResults => PrivateResults::from_bytes(bytes).map(Self::Private),
            other => Err(RheError::format(
                "encrypted results",
                format!("this is a file of another kind: {}", other.name()),
            )),
        }
    }

    /// Writes them to a file.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        write_whole(path, &self.to_bytes(), false)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let bytes = read_limited(path, Kind::LinearResults.limit())?;
        Self::from_bytes(&bytes).map_err(|error| at(path, error))
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

impl SecretKey {
    /// The class of each image, and nothing else: what to give to others.
    /// An undecided image of a decision is an error: see [`SecretKey::reveal_decisions`].
    pub fn reveal(&self, results: &EncryptedResults) -> Result<Vec<usize>, RheError> {
        if let EncryptedResults::Decision(results) = results {
            let classes = self.reveal_decisions(results)?.into_iter().enumerate();
            return classes
                .map(|(image, class)| class.ok_or(RheError::Undecided { image }))
                .collect();
        }
        let logits = self.reveal_logits(results)?;
        Ok(logits.into_iter().map(|image| image.class).collect())
    }

    /// The logits of each image, for the key's owner alone: whoever may choose what is decrypted
    /// to logits reads the head out of them, one weight a query. A decision has none.
    pub fn reveal_logits(&self, results: &EncryptedResults) -> Result<Vec<Logits>, RheError> {
        match results {
            EncryptedResults::Linear(results) => self.reveal_linear_logits(results),
            EncryptedResults::Relu(results) => self.reveal_relu_logits(results),
            EncryptedResults::Square(results) => self.reveal_square_logits(results),
            EncryptedResults::Private(results) => self.reveal_private_logits(results),
            EncryptedResults::Decision(_) => Err(RheError::NoLogits),
        }
    }
}
