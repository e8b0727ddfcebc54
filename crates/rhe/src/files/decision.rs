//! Files of linear heads that decide, and of decisions.

use super::container::{Kind, Reader, Writer};
use crate::decision::{DecisionResults, MAX_CLASSES, ProtectedDecision};
use crate::error::RheError;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::rows::EncryptedRows;

impl ProtectedDecision {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let capacity = self.linear.rows.capacity() + self.rows.capacity();
        let mut writer = Writer::new(Kind::DecisionHead, capacity);
        self.linear.write(&mut writer);
        self.rows.write(&mut writer);
        writer.finish()
    }

    /// Reads what [`ProtectedDecision::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::DecisionHead)?;
        let linear = crate::ProtectedLinear::read(&mut reader)?;
        if linear.classes() > MAX_CLASSES {
            return Err(reader.bad(format!(
                "it has {} classes, at most {MAX_CLASSES} can be decided",
                linear.classes()
            )));
        }
        let rows = EncryptedRows::read(&mut reader, *linear.packing())?;
        reader.finish()?;
        Ok(Self { linear, rows })
    }
}

impl DecisionResults {
    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Kind::DecisionResults, 8 * self.words.len() + 64);
        writer.identity(self.key);
        writer.identity(self.head);
        writer.number(self.outputs as u64);
        writer.number(self.images() as u64);
        writer.words(&self.words);
        writer.finish()
    }

    /// Reads what [`DecisionResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::DecisionResults)?;
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
