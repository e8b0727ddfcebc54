//! Files of evaluation keys, protected ReLU heads and their results.

use super::container::Kind;
use super::output::create;
use super::reader::{ContainerFile, Reader, at, other_kind};
use super::writer::{Stored, Writer};
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

impl Stored for EvaluationKeys {
    fn kind(&self) -> Kind {
        Kind::EvaluationKeys
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.bytes(&self.keyswitch_seed);
        writer.bytes(&self.bootstrap_seed);
        writer.words(&self.keyswitch);
        writer.words(&self.bootstrap);
    }
}

impl EvaluationKeys {
    /// The keys' file content, in their seeded form.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`EvaluationKeys::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::EvaluationKeys)?)
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
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

    /// Writes them to a file; one that exists is not overwritten.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        create(path, &self.to_bytes(), false)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let name = Kind::EvaluationKeys.name();
        let file = ContainerFile::open(path, name)?;
        if file.kind() != Kind::EvaluationKeys {
            return Err(at(path, other_kind(name, file.kind())));
        }
        Self::read(file.reader()?).map_err(|error| at(path, error))
    }
}

impl Stored for ProtectedRelu {
    fn kind(&self) -> Kind {
        Kind::ReluHead
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.id);
        writer.number(self.rows.packing.features as u64);
        writer.number(self.hidden as u64);
        writer.number(self.outputs as u64);
        writer.bytes(&self.scales.0);
        self.rows.write(writer);
        for table in self.tables.iter().chain(&self.offsets) {
            writer.bytes(&table.seed);
            writer.words(&table.body);
        }
    }
}

impl ProtectedRelu {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ProtectedRelu::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::ReluHead)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, id) = (reader.identity()?, reader.identity()?);
        let (features, hidden, outputs) = (reader.number()?, reader.number()?, reader.number()?);
        let tables = hidden.saturating_mul(outputs);
        if tables == 0 || tables > MAX_TABLES || features > 1 << 20 {
            return Err(reader.bad("its shape is outside of the limits"));
        }
        let (hidden, outputs) = (hidden as usize, outputs as usize);
        let packing = Packing::new(features as usize, hidden + outputs)
            .map_err(|error| reader.bad(error.to_string()))?;
        let scales = SealedNumbers(reader.bytes(SealedNumbers::bytes(1 + 2 * outputs))?);
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

impl Stored for ReluResults {
    fn kind(&self) -> Kind {
        Kind::ReluResults
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.head);
        writer.number(self.outputs as u64);
        writer.bytes(&self.scales.0);
        writer.number(self.images() as u64);
        self.betas.iter().for_each(|&beta| writer.small(beta));
        writer.words(&self.words);
    }
}

impl ReluResults {
    /// Refuses more images than a file holds, before they are classified.
    pub(crate) fn check_size(outputs: usize, images: usize) -> Result<(), RheError> {
        let image = 4 + 8 * (outputs * (POLYNOMIAL_SIZE + 1)) as u64;
        Kind::ReluResults.check_images(images, image)
    }

    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ReluResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::ReluResults)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, head, outputs) = (reader.identity()?, reader.identity()?, reader.number()?);
        if outputs == 0 || outputs > MAX_TABLES {
            return Err(reader.bad("its number of outputs is outside of the limits"));
        }
        let outputs = outputs as usize;
        let scales = SealedNumbers(reader.bytes(SealedNumbers::bytes(1 + 2 * outputs))?);
        let images = reader.number()?;
        // An image takes more bytes than this: no allocation is larger than the file.
        if images > reader.left() / 4 {
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
