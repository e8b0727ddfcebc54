//! How payloads are written: into memory, or on their way to a file.

use super::container::{CHECKSUM, HEADER, Header, Kind};
use crate::keys::Identity;
use std::io::Write;

/// What a container is made of.
pub(crate) trait Stored {
    fn kind(&self) -> Kind;

    /// Writes the payload: the same bytes each time.
    fn put(&self, writer: &mut Writer<'_>);

    /// The whole container.
    fn container(&self) -> Vec<u8> {
        let mut writer = Writer::new(self.kind(), self.payload_bytes() as usize);
        self.put(&mut writer);
        writer.finish()
    }

    /// Bytes of the payload.
    fn payload_bytes(&self) -> u64 {
        let mut counting = Writer {
            kind: self.kind(),
            sink: Sink::Count,
            length: 0,
        };
        self.put(&mut counting);
        counting.length
    }
}

/// Builds a payload.
pub(crate) struct Writer<'a> {
    kind: Kind,
    sink: Sink<'a>,
    /// Payload bytes so far.
    length: u64,
}

enum Sink<'a> {
    Memory(Vec<u8>),
    Count,
    Stream {
        out: &'a mut dyn Write,
        hasher: Box<blake3::Hasher>,
        /// What the header states.
        stated: u64,
        failure: Option<std::io::Error>,
    },
}

impl<'a> Writer<'a> {
    /// A writer into memory; `capacity` is a guess.
    pub(crate) fn new(kind: Kind, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + capacity + CHECKSUM);
        bytes.extend_from_slice(&[0; HEADER]);
        Self {
            kind,
            sink: Sink::Memory(bytes),
            length: 0,
        }
    }

    /// A writer to `out` of a payload of `length` bytes.
    pub(super) fn stream(kind: Kind, length: u64, out: &'a mut dyn Write) -> Self {
        let header = Header { kind, length }.to_bytes();
        let mut hasher = Box::new(blake3::Hasher::new());
        hasher.update(&header);
        let failure = out.write_all(&header).err();
        Self {
            kind,
            sink: Sink::Stream {
                out,
                hasher,
                stated: length,
                failure,
            },
            length: 0,
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        match &mut self.sink {
            Sink::Memory(all) => all.extend_from_slice(bytes),
            Sink::Count => {}
            Sink::Stream {
                out,
                hasher,
                failure,
                ..
            } => {
                hasher.update(bytes);
                if failure.is_none() {
                    *failure = out.write_all(bytes).err();
                }
            }
        }
    }

    pub(crate) fn number(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn small(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn identity(&mut self, identity: Identity) {
        self.bytes(&identity.0);
    }

    pub(crate) fn words(&mut self, words: &[u64]) {
        let mut buffer = [0; 8 * 512];
        for words in words.chunks(512) {
            let buffer = &mut buffer[..8 * words.len()];
            for (bytes, word) in buffer.as_chunks_mut::<8>().0.iter_mut().zip(words) {
                *bytes = word.to_le_bytes();
            }
            self.bytes(buffer);
        }
    }

    /// Signed 16-bit numbers.
    pub(crate) fn shorts(&mut self, values: &[i16]) {
        let mut buffer = [0; 2 * 512];
        for values in values.chunks(512) {
            let buffer = &mut buffer[..2 * values.len()];
            for (bytes, value) in buffer.as_chunks_mut::<2>().0.iter_mut().zip(values) {
                *bytes = value.to_le_bytes();
            }
            self.bytes(buffer);
        }
    }

    /// The container, of a writer into memory.
    pub(crate) fn finish(self) -> Vec<u8> {
        let Sink::Memory(mut bytes) = self.sink else {
            return Vec::new();
        };
        let header = Header {
            kind: self.kind,
            length: self.length,
        };
        bytes[..HEADER].copy_from_slice(&header.to_bytes());
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
        bytes
    }

    /// Writes the checksum, of a writer to a stream. A payload of another length than was stated
    /// is an error: nothing could read it.
    pub(super) fn close(self) -> std::io::Result<()> {
        let Sink::Stream {
            out,
            hasher,
            stated,
            failure,
        } = self.sink
        else {
            return Ok(());
        };
        if let Some(error) = failure {
            return Err(error);
        }
        if stated != self.length {
            return Err(std::io::Error::other(format!(
                "{} payload bytes in place of {stated}",
                self.length
            )));
        }
        out.write_all(&hasher.finalize().as_bytes()[..CHECKSUM])
    }
}
