//! Files of linear heads that decide, and of decisions.

use super::container::Kind;
use super::reader::Reader;
use super::writer::{Stored, Writer};
use crate::decision::{DecisionResults, MAX_CLASSES, ProtectedDecision};
use crate::error::RheError;
use crate::packing::Packing;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::rows::EncryptedRows;

impl Stored for ProtectedDecision {
    fn kind(&self) -> Kind {
        Kind::DecisionHead
    }

    fn put(&self, writer: &mut Writer<'_>) {
        self.linear.put(writer);
        self.rows.write(writer);
    }
}

impl ProtectedDecision {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ProtectedDecision::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::DecisionHead)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let linear = crate::ProtectedLinear::read(&mut reader)?;
        if linear.classes() > MAX_CLASSES {
            return Err(reader.bad(format!(
                "it has {} classes, at most {MAX_CLASSES} can be decided",
                linear.classes()
            )));
        }
        let packing = Packing::new(linear.features(), linear.classes())
            .map_err(|error| reader.bad(error.to_string()))?;
        let rows = EncryptedRows::read(&mut reader, packing)?;
        reader.finish()?;
        Ok(Self { linear, rows })
    }
}

impl Stored for DecisionResults {
    fn kind(&self) -> Kind {
        Kind::DecisionResults
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.head);
        writer.number(self.outputs as u64);
        writer.number(self.images() as u64);
        writer.words(&self.words);
    }
}

impl DecisionResults {
    /// Refuses more images than a file holds, before they are decided.
    pub(crate) fn check_size(images: usize) -> Result<(), RheError> {
        Kind::DecisionResults.check_images(images, 8 * (POLYNOMIAL_SIZE as u64 + 1))
    }

    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`DecisionResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::DecisionResults)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, head, outputs) = (reader.identity()?, reader.identity()?, reader.number()?);
        if outputs == 0 || outputs > MAX_CLASSES as u64 {
            return Err(reader.bad("its number of outputs is outside of the limits"));
        }
        let images = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let words = images.saturating_mul(POLYNOMIAL_SIZE + 1);
        let results = Self {
            key,
            head,
            outputs: outputs as usize,
            words: reader.words(words)?,
        };
        reader.finish()?;
        Ok(results)
    }
}
