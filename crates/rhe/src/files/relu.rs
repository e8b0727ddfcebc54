//! Files of evaluation keys, protected ReLU heads and their results.

use super::container::{Kind, Reader, Writer, read_limited, write_whole};
use super::secret::at;
use crate::bootstrap::{BOOTSTRAP_WORDS, EncryptedTable, EvaluationKeys, KEYSWITCH_WORDS};
use crate::decision::MAX_CLASSES;
use crate::error::RheError;
use crate::keys::SealedNumbers;
use crate::packing::Packing;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::relu::{ProtectedRelu, ReluResults};
use crate::rows::EncryptedRows;
use std::path::Path;

/// Most hidden units times outputs of a head that is read.
const MAX_TABLES: u64 = 1 << 14;

impl EvaluationKeys {
    /// The keys' file content, in their seeded form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let words = self.keyswitch.len() + self.bootstrap.len();
        let mut writer = Writer::new(Kind::EvaluationKeys, 8 * words + 64);
        writer.identity(self.key);
        writer.bytes(&self.keyswitch_seed);
        writer.bytes(&self.bootstrap_seed);
        writer.words(&self.keyswitch);
        writer.words(&self.bootstrap);
        writer.finish()
    }

    /// Reads what [`EvaluationKeys::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::EvaluationKeys)?;
        let keys = Self {
            key: reader.identity()?,
            keyswitch_seed: reader.array()?,
            bootstrap_seed: reader.array()?,
            keyswitch: reader.words(KEYSWITCH_WORDS)?,
            bootstrap: reader.words(BOOTSTRAP_WORDS)?,
        };
        reader.finish()?;
        Ok(keys)
    }

    /// Writes them to a file.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        write_whole(path, &self.to_bytes(), false)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let bytes = read_limited(path, Kind::EvaluationKeys.limit())?;
        Self::from_bytes(&bytes).map_err(|error| at(path, error))
    }
}

impl ProtectedRelu {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tables = self.tables.len() * (8 * POLYNOMIAL_SIZE + 16);
        let mut writer = Writer::new(Kind::ReluHead, self.rows.capacity() + tables);
        writer.identity(self.key);
        writer.identity(self.id);
        writer.number(self.rows.packing.features as u64);
        writer.number(self.hidden as u64);
        writer.number(self.outputs as u64);
        writer.bytes(&self.scales.0);
        self.rows.write(&mut writer);
        for table in self.tables.iter().chain(&self.offsets) {
            writer.bytes(&table.seed);
            writer.words(&table.body);
        }
        writer.finish()
    }

    /// Reads what [`ProtectedRelu::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::ReluHead)?;
        let (key, id) = (reader.identity()?, reader.identity()?);
        let (features, hidden, outputs) = (reader.number()?, reader.number()?, reader.number()?);
        let tables = hidden.saturating_mul(outputs);
        if tables == 0 || tables > MAX_TABLES || features > 1 << 20 {
            return Err(reader.bad("its shape is outside of the limits"));
        }
        let (hidden, outputs) = (hidden as usize, outputs as usize);
        let packing = Packing::new(features as usize, hidden + outputs)
            .map_err(|error| reader.bad(error.to_string()))?;
        let scales = SealedNumbers(reader.bytes(8 * (1 + 2 * outputs))?.to_vec());
        let rows = EncryptedRows::read(&mut reader, packing)?;
        let mut read_table = |words: usize| {
            Ok(EncryptedTable {
                seed: reader.array()?,
                body: reader.words(words)?,
            })
        };
        let tables = (0..tables)
            .map(|_| read_table(POLYNOMIAL_SIZE))
            .collect::<Result<_, RheError>>()?;
        let offsets = match outputs {
            ..=MAX_CLASSES => Some(read_table(outputs)?),
            _ => None,
        };
        reader.finish()?;
        Ok(Self {
            key,
            id,
            hidden,
            outputs,
            rows,
            tables,
            scales,
            offsets,
        })
    }
}

impl ReluResults {
    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(
            Kind::ReluResults,
            8 * self.words.len() + 4 * self.images() + 128,
        );
        writer.identity(self.key);
        writer.identity(self.head);
        writer.number(self.outputs as u64);
        writer.bytes(&self.scales.0);
        writer.number(self.images() as u64);
        self.betas.iter().for_each(|&beta| writer.small(beta));
        writer.words(&self.words);
        writer.finish()
    }

    /// Reads what [`ReluResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::ReluResults)?;
        let (key, head, outputs) = (reader.identity()?, reader.identity()?, reader.number()?);
        if outputs == 0 || outputs > MAX_TABLES {
            return Err(reader.bad("its number of outputs is outside of the limits"));
        }
        let outputs = outputs as usize;
        let scales = SealedNumbers(reader.bytes(8 * (1 + 2 * outputs))?.to_vec());
        let images = reader.number()?;
        // An image takes more bytes than this: no allocation is larger than the file.
        if images > bytes.len() as u64 / 4 {
            return Err(reader.bad("it states more images than it holds"));
        }
        let betas = (0..images)
            .map(|_| reader.small())
            .collect::<Result<Vec<_>, _>>()?;
        if betas.contains(&0) {
            return Err(reader.bad("an image's scale is zero"));
        }
        let words = reader.words(images as usize * outputs * (POLYNOMIAL_SIZE + 1))?;
        reader.finish()?;
        Ok(Self {
            key,
            head,
            outputs,
            scales,
            betas,
            words,
        })
    }
}
