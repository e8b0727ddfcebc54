//! Files of protected linear heads and of their results.

use super::container::{Kind, Reader, Writer};
use crate::error::RheError;
use crate::keys::SealedNumbers;
use crate::linear::{LinearResults, LinearShape, ProtectedLinear};
use crate::packing::Packing;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::quantise::{FeatureScale, Precision};
use crate::rows::{EncryptedRows, Form};

impl LinearShape {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.number(self.packing.features as u64);
        writer.number(self.packing.classes as u64);
        writer.small(self.precision.weight_bits);
        writer.small(self.precision.feature_bits);
    }

    /// Packing and plaintext space follow from what is written.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let (features, classes) = (reader.number()?, reader.number()?);
        let precision = Precision {
            weight_bits: reader.small()?,
            feature_bits: reader.small()?,
        };
        let fits = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self::new(fits(features), fits(classes), precision)
            .map_err(|error| reader.bad(error.to_string()))
    }
}

impl EncryptedRows {
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.bytes(&self.seed);
        writer.small(u32::from(self.form() == Form::Full));
        writer.words(&self.masks);
        writer.words(&self.bodies);
        writer.words(&self.bias_bodies);
    }

    pub(crate) fn read(reader: &mut Reader<'_>, packing: Packing) -> Result<Self, RheError> {
        let seed = reader.array()?;
        let words = packing.ciphertexts() * POLYNOMIAL_SIZE;
        let masks = match reader.small()? {
            0 => Vec::new(),
            1 => reader.residues(words)?,
            other => return Err(reader.bad(format!("its form, {other}, is unknown"))),
        };
        Ok(Self {
            packing,
            seed,
            masks,
            bodies: reader.residues(words)?,
            bias_bodies: reader.residues(packing.classes)?,
        })
    }

    pub(crate) fn capacity(&self) -> usize {
        8 * (self.masks.len() + self.bodies.len() + self.bias_bodies.len()) + 256
    }
}

impl ProtectedLinear {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Kind::LinearHead, self.rows.capacity());
        self.write(&mut writer);
        writer.finish()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.identity(self.key);
        writer.identity(self.id);
        self.shape.write(writer);
        writer.bytes(&self.step.0);
        self.scale.write(writer);
        self.rows.write(writer);
    }

    /// Reads what [`ProtectedLinear::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::LinearHead)?;
        let head = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(head)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let (key, id) = (reader.identity()?, reader.identity()?);
        let shape = LinearShape::read(reader)?;
        let step = SealedNumbers(reader.bytes(16 * shape.packing.classes)?.to_vec());
        let scale = FeatureScale::read(reader, shape.packing.features)?;
        let rows = EncryptedRows::read(reader, shape.packing)?;
        Ok(Self {
            shape,
            key,
            id,
            rows,
            step,
            scale,
        })
    }
}

impl LinearResults {
    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        let capacity = 8 * (self.masks.len() + self.bodies.len() + 2 * self.images() + 32);
        let mut writer = Writer::new(Kind::LinearResults, capacity);
        writer.identity(self.key);
        writer.identity(self.head);
        self.shape.write(&mut writer);
        writer.bytes(&self.step.0);
        writer.number(self.images() as u64);
        for &(scale, norm) in &self.scales {
            writer.small(scale);
            writer.number(norm);
        }
        writer.words(&self.masks);
        writer.words(&self.bodies);
        writer.finish()
    }

    /// Reads what [`LinearResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::LinearResults)?;
        let (key, head) = (reader.identity()?, reader.identity()?);
        let shape = LinearShape::read(&mut reader)?;
        let step = SealedNumbers(reader.bytes(16 * shape.packing.classes)?.to_vec());
        let images = reader.number()?;
        // Bounds the allocation before any is made: an image takes more bytes than this.
        if images > bytes.len() as u64 / 12 {
            return Err(reader.bad("it states more images than it holds"));
        }
        let images = images as usize;
        let mut scales = Vec::with_capacity(images);
        for _ in 0..images {
            let (scale, norm) = (reader.small()?, reader.number()?);
            if scale == 0 || scale > shape.space.max_scale {
                return Err(reader.bad("an image's scale is outside of its range"));
            }
            scales.push((scale, norm));
        }
        let results = Self {
            key,
            head,
            step,
            scales,
            masks: reader.residues(images * shape.packing.groups * POLYNOMIAL_SIZE)?,
            bodies: reader.residues(images * shape.packing.classes)?,
            shape,
        };
        reader.finish()?;
        Ok(results)
    }
}
