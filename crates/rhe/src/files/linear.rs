//! Files of protected linear heads and of their results.
//!
//! Results are a head's binding, the number of images, and for each image β (4 bytes), x̂ (2 a
//! feature), the bodies (8 a class) and the tag (8). They are written and read some images at a time.

use super::container::Kind;
use super::output::replace;
use super::reader::Reader;
use super::writer::{Stored, Writer};
use crate::error::RheError;
use crate::keys::SealedNumbers;
use crate::linear::{
    Binding, LinearClassifier, LinearResults, LinearShape, ProtectedLinear, Scheme,
};
use crate::packing::Packing;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::quantise::{FeatureScale, Precision};
use crate::rows::{EncryptedRows, Form};
use std::path::Path;

/// Most sealed numbers of a head.
const MAX_SEALED: usize = 1 << 17;
/// Bytes of results that are held in memory at once, about.
const PART_BYTES: usize = 1 << 24;

impl LinearShape {
    /// The plaintext space follows from what is written.
    fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let (features, classes) = (reader.number()?, reader.number()?);
        let precision = Precision {
            weight_bits: reader.small()?,
            feature_bits: reader.small()?,
        };
        let fits = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self::new(fits(features), fits(classes), precision)
            .map_err(|error| reader.bad(error.to_string()))
    }

    /// Bytes of one image's result.
    pub(crate) fn record_bytes(&self) -> usize {
        4 + 2 * self.features + 8 * (self.classes + 1)
    }
}

impl Binding {
    fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let (key, head) = (reader.identity()?, reader.identity()?);
        let shape = LinearShape::read(reader)?;
        let scheme = match reader.small()? {
            0 => Scheme::Lattice,
            1 => Scheme::Pad,
            other => return Err(reader.bad(format!("its scheme, {other}, is unknown"))),
        };
        scheme
            .check(&shape.space)
            .map_err(|error| reader.bad(error.to_string()))?;
        let sealed = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        if sealed > SealedNumbers::bytes(MAX_SEALED) {
            return Err(reader.bad("it seals more numbers than a head has"));
        }
        Ok(Self {
            key,
            head,
            shape,
            scheme,
            step: SealedNumbers(reader.bytes(sealed)?),
            seed: reader.array()?,
        })
    }
}

impl EncryptedRows {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
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
}

impl Stored for ProtectedLinear {
    fn kind(&self) -> Kind {
        Kind::LinearHead
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.binding.bytes());
        self.scale.write(writer);
        match self.binding.scheme {
            Scheme::Lattice => writer.words(&self.bodies),
            // Below 2^32.
            Scheme::Pad => self
                .bodies
                .iter()
                .for_each(|&word| writer.small(word as u32)),
        }
        writer.words(&self.tags);
    }
}

impl ProtectedLinear {
    /// The head's file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    /// Reads what [`ProtectedLinear::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::LinearHead)?;
        let head = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(head)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, RheError> {
        let binding = Binding::read(reader)?;
        Ok(Self {
            scale: FeatureScale::read(reader, binding.shape.features)?,
            bodies: match binding.scheme {
                Scheme::Lattice => reader.residues(binding.shape.words())?,
                Scheme::Pad => reader.halves(binding.shape.words())?,
            },
            tags: reader.residues(binding.shape.row())?,
            binding,
        })
    }

    /// Refuses a shape whose file would not be read back.
    pub(crate) fn check_size(shape: &LinearShape) -> Result<(), RheError> {
        let words = (shape.words() + shape.row()) as u64;
        let hint = "protect the classes in parts, each a head of its own";
        // A byte a feature for their scale, two sealed numbers a class.
        let beside = shape.features + SealedNumbers::bytes(2 * shape.classes);
        Kind::LinearHead.check_size(8 * words + beside as u64 + 256, hint)
    }
}

impl Stored for LinearResults {
    fn kind(&self) -> Kind {
        Kind::LinearResults
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.binding.bytes());
        writer.number(self.images() as u64);
        self.write_images(writer);
    }
}

impl LinearResults {
    /// The results' file content.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.container()
    }

    fn write_images(&self, writer: &mut Writer<'_>) {
        let shape = &self.binding.shape;
        let features = self.features.chunks_exact(shape.features);
        let words = self.words.chunks_exact(shape.classes + 1);
        for ((&scale, features), words) in self.scales.iter().zip(features).zip(words) {
            writer.small(scale);
            writer.shorts(features);
            writer.words(words);
        }
    }

    /// Reads what [`LinearResults::to_bytes`] wrote. Anything else is [`RheError::Refused`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let reader = Reader::open(bytes, Kind::LinearResults);
        reader.map_err(|_| RheError::Refused).and_then(Self::read)
    }

    pub(crate) fn read(reader: Reader<'_>) -> Result<Self, RheError> {
        let mut stream = LinearStream::open(reader)?;
        let mut results = Self::empty(stream.binding.clone());
        stream.read_images(&mut results, stream.images)?;
        Ok(results)
    }
}

/// Results of a linear head, read some images at a time. Whatever is wrong with them, and be it the
/// disk, it is [`RheError::Refused`].
pub(crate) struct LinearStream<'a> {
    reader: Reader<'a>,
    pub(crate) binding: Binding,
    /// How many images there are.
    pub(crate) images: usize,
    /// How many were read.
    read: usize,
}

impl<'a> LinearStream<'a> {
    pub(crate) fn open(mut reader: Reader<'a>) -> Result<Self, RheError> {
        let refused = |_: RheError| RheError::Refused;
        let binding = Binding::read(&mut reader).map_err(refused)?;
        let images = reader.number().map_err(refused)?;
        // What is stated is what is there: no memory is taken for more.
        let bytes = images.checked_mul(binding.shape.record_bytes() as u64);
        if images == 0 || bytes != Some(reader.left()) {
            return Err(RheError::Refused);
        }
        Ok(Self {
            reader,
            binding,
            images: images as usize,
            read: 0,
        })
    }

    /// The next images, at least one, in the memory of `out`; false where there are no more.
    pub(crate) fn next(&mut self, out: &mut LinearResults) -> Result<bool, RheError> {
        let part = images_in_part(&self.binding.shape).min(self.images - self.read);
        self.read_images(out, part)?;
        Ok(part > 0)
    }

    fn read_images(&mut self, out: &mut LinearResults, images: usize) -> Result<(), RheError> {
        let read = self.fill(out, images);
        read.map_err(|_| RheError::Refused)
    }

    fn fill(&mut self, out: &mut LinearResults, images: usize) -> Result<(), RheError> {
        out.resize(images);
        let shape = &self.binding.shape;
        let features = out.features.chunks_exact_mut(shape.features);
        let words = out.words.chunks_exact_mut(shape.classes + 1);
        for ((scale, features), words) in out.scales.iter_mut().zip(features).zip(words) {
            *scale = self.reader.small()?;
            self.reader.fill_shorts(features)?;
            self.reader.fill_words(words)?;
            self.reader.check_residues(words)?;
        }
        self.read += images;
        Ok(())
    }
}

fn images_in_part(shape: &LinearShape) -> usize {
    (PART_BYTES / shape.record_bytes()).max(1)
}

impl LinearClassifier {
    /// Classifies `images × d` features, row-major, into a file, some images at a time; returns
    /// the number of images.
    pub fn classify_to_file(&self, features: &[f32], path: &Path) -> Result<usize, RheError> {
        let images = crate::head::image_count(features, self.features())?;
        let binding = self.binding();
        let record = binding.shape.record_bytes() as u64;
        let bound = binding.bytes();
        let before = bound.len() as u64 + 8;
        let length = before + images as u64 * record;
        let most = (Kind::LinearResults.limit() - before) / record;
        let hint = format!("classify at most {most} images at once");
        let mut part = LinearResults::empty(binding.clone());
        replace(path, Kind::LinearResults, length, &hint, |writer| {
            writer.bytes(&bound);
            writer.number(images as u64);
            let rows = images_in_part(&binding.shape);
            for (at, features) in features.chunks(rows * self.features()).enumerate() {
                let done = self.classify_into(features, &mut part);
                done.map_err(|error| error.beginning_with(at * rows))?;
                part.write_images(writer);
            }
            Ok(())
        })?;
        Ok(images)
    }
}
