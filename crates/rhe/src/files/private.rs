//! Files of private heads and of their results.

use super::container::Kind;
use super::reader::Reader;
use super::writer::{Stored, Writer};
use crate::error::RheError;
use crate::keys::SealedNumbers;
use crate::private::{
    LIMBS, PRIMES, Poly, PrivateResult, PrivateResults, PrivateShape, ProtectedPrivate, SIZE, slots,
};
use crate::quantise::FeatureScale;

impl PrivateShape {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.number(self.packing.features as u64);
        writer.number(self.packing.classes as u64);
        writer.small(self.weight_bits);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let fits = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (features, classes) = (fits(reader.number()?), fits(reader.number()?));
        let weight_bits = reader.small()?;
        Self::new(features, classes, weight_bits).map_err(|error| reader.bad(error.to_string()))
    }

    fn sealed(&self, reader: &mut Reader<'_>) -> Result<SealedNumbers, RheError> {
        let count = SealedNumbers::bytes(2 * self.packing.classes);
        Ok(SealedNumbers(reader.bytes(count)?))
    }
}

/// The words of one prime, all below it.
fn words(reader: &mut Reader<'_>, count: usize, p: u64) -> Result<Vec<u64>, RheError> {
    let words = reader.words(count)?;
    if words.iter().any(|&word| word >= p) {
        return Err(reader.bad("a ciphertext word is not below its prime"));
    }
    Ok(words)
}

fn poly(reader: &mut Reader<'_>) -> Result<Poly, RheError> {
    let [first, second] = PRIMES;
    Ok(Poly([
        words(reader, SIZE, first)?,
        words(reader, SIZE, second)?,
    ]))
}

fn write_poly(writer: &mut Writer<'_>, poly: &Poly) {
    poly.0.iter().for_each(|row| writer.words(row));
}

fn word(reader: &mut Reader<'_>) -> Result<[u64; LIMBS], RheError> {
    let [first, second] = PRIMES;
    Ok([words(reader, 1, first)?[0], words(reader, 1, second)?[0]])
}

impl Stored for ProtectedPrivate {
    fn kind(&self) -> Kind {
        Kind::PrivateHead
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.id);
        self.shape.write(writer);
        writer.bytes(&self.step.0);
        self.scale.write(writer);
        writer.bytes(&self.seed);
        let bodies = self.bodies.iter().chain([&self.zero]);
        bodies.for_each(|poly| write_poly(writer, poly));
        for (group, poly) in self.bias_bodies.iter().enumerate() {
            slots(&self.shape, group).for_each(|at| writer.words(&poly.at(at)));
        }
    }
}

impl ProtectedPrivate {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ProtectedPrivate::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::PrivateHead)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, id) = (reader.identity()?, reader.identity()?);
        let shape = PrivateShape::read(&mut reader)?;
        let step = shape.sealed(&mut reader)?;
        let scale = FeatureScale::read(&mut reader, shape.packing.features)?;
        let seed = reader.array()?;
        let bodies = (0..shape.packing.ciphertexts()).map(|_| poly(&mut reader));
        let bodies = bodies.collect::<Result<_, _>>()?;
        let zero = poly(&mut reader)?;
        let mut bias_bodies = Vec::new();
        for group in 0..shape.packing.groups {
            let mut poly = Poly::zero();
            for at in slots(&shape, group) {
                let word = word(&mut reader)?;
                (poly.0[0][at], poly.0[1][at]) = (word[0], word[1]);
            }
            bias_bodies.push(poly);
        }
        reader.finish()?;
        Ok(Self {
            key,
            id,
            shape,
            step,
            scale,
            seed,
            bodies,
            bias_bodies,
            zero,
        })
    }
}

impl Stored for PrivateResults {
    fn kind(&self) -> Kind {
        Kind::PrivateResults
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.identity(self.head);
        self.shape.write(writer);
        writer.bytes(&self.step.0);
        writer.number(self.images() as u64);
        for image in &self.images {
            image.masks.iter().for_each(|poly| write_poly(writer, poly));
            image.bodies.iter().for_each(|word| writer.words(word));
        }
    }
}

impl PrivateResults {
    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Refuses more images than a file holds, before they are classified.
    pub(crate) fn check_size(shape: &PrivateShape, images: usize) -> Result<(), RheError> {
        let packing = shape.packing;
        let image = 8 * LIMBS * (packing.groups * SIZE + packing.classes);
        Kind::PrivateResults.check_images(images, image as u64)
    }

    /// Reads what [`PrivateResults::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        Self::read(Reader::open(bytes, Kind::PrivateResults)?)
    }

    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, RheError> {
        let (key, head) = (reader.identity()?, reader.identity()?);
        let shape = PrivateShape::read(&mut reader)?;
        let step = shape.sealed(&mut reader)?;
        let count = reader.number()?;
        if count > reader.left() / (8 * LIMBS * SIZE) as u64 {
            return Err(reader.bad("it states more images than it holds"));
        }
        let mut images = Vec::new();
        for _ in 0..count {
            let masks = (0..shape.packing.groups).map(|_| poly(&mut reader));
            let masks = masks.collect::<Result<_, _>>()?;
            let bodies = (0..shape.packing.classes).map(|_| word(&mut reader));
            images.push(PrivateResult {
                masks,
                bodies: bodies.collect::<Result<_, _>>()?,
            });
        }
        reader.finish()?;
        Ok(Self {
            key,
            head,
            shape,
            step,
            images,
        })
    }
}
