//! Files of protected square heads and of their results.

use super::container::Kind;
use super::reader::Reader;
use super::writer::{Stored, Writer};
use crate::error::RheError;
use crate::keys::{SealedBytes, SealedNumbers};
use crate::square::{ProtectedSquare, SquareResults, SquareShape};
use ckks::{Ciphertext, EvaluationKeys, SeededCiphertext};

/// Most bytes of a sealed CKKS secret.
const MAX_SECRET: u64 = 1 << 16;

impl Writer<'_> {
    fn block(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes(bytes);
    }
}

impl Reader<'_> {
    fn block(&mut self) -> Result<Vec<u8>, RheError> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        self.bytes(length)
    }
}

impl SquareShape {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.number(self.features as u64);
        writer.small(self.widths.len() as u32);
        self.widths
            .iter()
            .for_each(|&width| writer.small(width as u32));
        writer.small(self.max_norm.to_bits());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let features = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let layers = reader.small()?.min(4);
        let widths = (0..layers).map(|_| Ok(reader.small()? as usize));
        let widths = widths.collect::<Result<Vec<_>, RheError>>()?;
        let max_norm = f32::from_bits(reader.small()?);
        Self::new(features, widths, max_norm).map_err(|error| reader.bad(error.to_string()))
    }
}

fn sealed(reader: &mut Reader<'_>) -> Result<(SealedBytes, SealedNumbers), RheError> {
    let secret = reader.block()?;
    if secret.len() as u64 > MAX_SECRET {
        return Err(reader.bad("its sealed secret is too large"));
    }
    Ok((
        SealedBytes(secret),
        SealedNumbers(reader.bytes(SealedNumbers::bytes(1))?),
    ))
}

impl Stored for ProtectedSquare {
    fn kind(&self) -> Kind {
        Kind::SquareHead
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.id);
        self.shape.write(writer);
        writer.block(&self.secret.0);
        writer.bytes(&self.scale.0);
        for weights in &self.weights {
            writer.block(&weights.to_bytes());
        }
        writer.block(&self.bias.to_bytes());
        if let Some((matrix, bias)) = &self.middle {
            writer.block(&matrix.to_bytes());
            writer.block(&bias.to_bytes());
        }
        writer.block(&self.last.to_bytes());
        writer.block(&self.keys.to_bytes());
    }
}

impl ProtectedSquare {
    /// The head's file content: ciphertexts and evaluation keys in their seeded forms.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ProtectedSquare::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::SquareHead)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, id) = (reader.identity()?, reader.identity()?);
        let shape = SquareShape::read(&mut reader)?;
        let (secret, scale) = sealed(&mut reader)?;
        let context = shape.context()?;
        let mut next = |level: usize| {
            let seeded = SeededCiphertext::from_bytes(&context, &reader.block()?)?;
            if seeded.level() != level {
                return Err(reader.bad("a ciphertext is of another level"));
            }
            Ok(seeded)
        };
        let top = context.max_level();
        let (_, chunks) = shape.chunks(context.slots());
        let weights = (0..chunks).map(|_| next(top)).collect::<Result<_, _>>()?;
        let bias = next(top - 1)?;
        let middle = match shape.widths.len() {
            3 => Some((next(top - 2)?, next(top - 3)?)),
            _ => None,
        };
        let last = next(0)?;
        let keys = EvaluationKeys::from_bytes(&context, &reader.block()?)?;
        reader.finish()?;
        Ok(Self {
            key,
            id,
            shape,
            context,
            weights,
            bias,
            middle,
            last,
            keys,
            secret,
            scale,
        })
    }
}

impl Stored for SquareResults {
    fn kind(&self) -> Kind {
        Kind::SquareResults
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.head);
        self.shape.write(writer);
        writer.block(&self.secret.0);
        writer.bytes(&self.scale.0);
        writer.number(self.images() as u64);
        for logits in &self.logits {
            writer.block(&logits.to_bytes());
        }
    }
}

impl SquareResults {
    /// Refuses more images than a file holds, before they are classified: an image takes two
    /// polynomials of one modulus, and their header.
    pub(crate) fn check_size(slots: usize, images: usize) -> Result<(), RheError> {
        Kind::SquareResults.check_images(images, 2 * 2 * 8 * slots as u64 + 256)
    }

    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`SquareResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::SquareResults)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, head) = (reader.identity()?, reader.identity()?);
        let shape = SquareShape::read(&mut reader)?;
        let (secret, scale) = sealed(&mut reader)?;
        let context = shape.context()?;
        let images = reader.number()?;
        let logits = (0..images)
            .map(|_| Ok(Ciphertext::from_bytes(&context, &reader.block()?)?))
            .collect::<Result<_, RheError>>()?;
        reader.finish()?;
        Ok(Self {
            key,
            head,
            shape,
            context,
            secret,
            scale,
            logits,
        })
    }
}
