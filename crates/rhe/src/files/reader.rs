//! How payloads are read: checked before anything is believed, and never a whole file at once.

use super::container::{CHECKSUM, HEADER, Header, Kind, array};
use crate::error::RheError;
use crate::keys::Identity;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Takes a payload apart; every read is checked.
pub(crate) struct Reader<'a> {
    kind: Kind,
    source: Box<dyn Read + 'a>,
    /// Payload bytes that are left.
    left: u64,
}

impl<'a> Reader<'a> {
    /// Checks everything around the payload.
    pub(crate) fn open(bytes: &'a [u8], kind: Kind) -> Result<Self, RheError> {
        let (found, reader) = Self::open_any(bytes, kind.name())?;
        if found != kind {
            return Err(other_kind(kind.name(), found));
        }
        Ok(reader)
    }

    /// As [`Reader::open`], of whatever kind; `what` is being read.
    pub(crate) fn open_any(bytes: &'a [u8], what: &str) -> Result<(Kind, Self), RheError> {
        let header = Header::parse(bytes, what)?;
        let held = bytes.len() as u64;
        check_length(&header, held)?;
        let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
        check_sum(&header, blake3::hash(body), checksum)?;
        let reader = Self {
            kind: header.kind,
            source: Box::new(&body[HEADER..]),
            left: header.length,
        };
        Ok((header.kind, reader))
    }

    /// The kind that a container states.
    pub(crate) fn kind_of(bytes: &[u8], what: &str) -> Result<Kind, RheError> {
        Ok(Header::parse(bytes, what)?.kind)
    }

    pub(crate) fn bad(&self, reason: impl Into<String>) -> RheError {
        RheError::format(self.kind.name(), reason)
    }

    /// Fills `out`; for lengths that the caller bounds.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RheError> {
        if out.len() as u64 > self.left {
            return Err(self.bad("its payload ends early"));
        }
        self.left -= out.len() as u64;
        let read = self.source.read_exact(out);
        read.map_err(|error| self.bad(format!("it cannot be read: {error}")))
    }

    /// That `count` bytes are left: before memory is taken for them.
    fn holds(&self, count: usize) -> Result<(), RheError> {
        if count as u64 > self.left {
            return Err(self.bad("its payload ends early"));
        }
        Ok(())
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<Vec<u8>, RheError> {
        self.holds(count)?;
        let mut bytes = vec![0; count];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], RheError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn number(&mut self) -> Result<u64, RheError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn small(&mut self) -> Result<u32, RheError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn identity(&mut self) -> Result<Identity, RheError> {
        Ok(Identity(self.array()?))
    }

    pub(crate) fn words(&mut self, count: usize) -> Result<Vec<u64>, RheError> {
        self.holds(count.saturating_mul(8))?;
        let mut words = vec![0; count];
        self.fill_words(&mut words)?;
        Ok(words)
    }

    pub(crate) fn fill_words(&mut self, out: &mut [u64]) -> Result<(), RheError> {
        let mut buffer = [0; 8 * 512];
        for words in out.chunks_mut(512) {
            let buffer = &mut buffer[..8 * words.len()];
            self.fill(buffer)?;
            for (word, bytes) in words.iter_mut().zip(buffer.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*bytes);
            }
        }
        Ok(())
    }

    /// Words of 32 bits, widened.
    pub(crate) fn halves(&mut self, count: usize) -> Result<Vec<u64>, RheError> {
        self.holds(count.saturating_mul(4))?;
        (0..count).map(|_| Ok(u64::from(self.small()?))).collect()
    }

    /// Signed 16-bit numbers.
    pub(crate) fn fill_shorts(&mut self, out: &mut [i16]) -> Result<(), RheError> {
        let mut buffer = [0; 2 * 512];
        for values in out.chunks_mut(512) {
            let buffer = &mut buffer[..2 * values.len()];
            self.fill(buffer)?;
            for (value, bytes) in values.iter_mut().zip(buffer.as_chunks::<2>().0) {
                *value = i16::from_le_bytes(*bytes);
            }
        }
        Ok(())
    }

    /// As [`Reader::words`], all of them below q.
    pub(crate) fn residues(&mut self, count: usize) -> Result<Vec<u64>, RheError> {
        let words = self.words(count)?;
        self.check_residues(&words)?;
        Ok(words)
    }

    pub(crate) fn check_residues(&self, words: &[u64]) -> Result<(), RheError> {
        if words.iter().any(|&w| w >= crate::parameters::MODULUS) {
            return Err(self.bad("a ciphertext word is not below the modulus"));
        }
        Ok(())
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    pub(crate) fn finish(self) -> Result<(), RheError> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(self.bad(format!("{} payload bytes are left over", self.left)))
        }
    }
}

/// A file whose container was found whole.
pub(crate) struct ContainerFile {
    file: File,
    header: Header,
}

impl ContainerFile {
    /// Opens a file and checks everything around its payload, in one pass that keeps nothing.
    pub(crate) fn open(path: &Path, what: &str) -> Result<Self, RheError> {
        let opened = Self::open_unchecked(path, what)?;
        opened.check().map_err(|error| at(path, error))?;
        Ok(opened)
    }

    /// Opens a file and reads its header alone.
    pub(crate) fn open_unchecked(path: &Path, what: &str) -> Result<Self, RheError> {
        let fail = |source| RheError::io("read", path, source);
        // Opening a pipe would wait for who writes it.
        if !std::fs::metadata(path).map_err(fail)?.is_file() {
            let reason = "it is not a regular file";
            return Err(RheError::format(path.display().to_string(), reason));
        }
        let mut file = File::open(path).map_err(fail)?;
        let mut start = Vec::with_capacity(HEADER);
        let mut head = (&mut file).take(HEADER as u64);
        head.read_to_end(&mut start).map_err(fail)?;
        let header = Header::parse(&start, what).map_err(|error| at(path, error))?;
        Ok(Self { file, header })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.header.kind
    }

    /// Checks length and checksum.
    pub(crate) fn check(&self) -> Result<(), RheError> {
        let kind = self.header.kind;
        let fail = |error: std::io::Error| RheError::format(kind.name(), error.to_string());
        check_length(&self.header, self.file.metadata().map_err(fail)?.len())?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        let mut hasher = blake3::Hasher::new();
        let body = file.take(HEADER as u64 + self.header.length);
        hasher.update_reader(body).map_err(fail)?;
        let mut checksum = [0; CHECKSUM];
        file.read_exact(&mut checksum).map_err(fail)?;
        check_sum(&self.header, hasher.finalize(), &checksum)
    }

    /// The whole content, of a kind of file that is small: wiped from memory after use.
    pub(crate) fn whole(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, RheError> {
        let fail = |e: std::io::Error| RheError::format(self.kind().name(), e.to_string());
        let length = self.header.length as usize + HEADER + CHECKSUM;
        let mut bytes = zeroize::Zeroizing::new(vec![0; length]);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        file.read_exact(&mut bytes).map_err(fail)?;
        Ok(bytes)
    }

    /// A reader of the payload, from its beginning.
    pub(crate) fn reader(&self) -> Result<Reader<'_>, RheError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(HEADER as u64))
            .map_err(|error| RheError::format(self.kind().name(), error.to_string()))?;
        Ok(Reader {
            kind: self.kind(),
            source: Box::new(BufReader::with_capacity(1 << 16, file)),
            left: self.header.length,
        })
    }
}

fn check_length(header: &Header, held: u64) -> Result<(), RheError> {
    let payload = held.saturating_sub((HEADER + CHECKSUM) as u64);
    if payload == header.length && held >= (HEADER + CHECKSUM) as u64 {
        return Ok(());
    }
    Err(RheError::format(
        header.kind.name(),
        format!(
            "it holds {payload} payload bytes and states {}: it is cut or has grown",
            header.length
        ),
    ))
}

fn check_sum(header: &Header, hash: blake3::Hash, checksum: &[u8]) -> Result<(), RheError> {
    if hash.as_bytes()[..CHECKSUM] == *checksum {
        return Ok(());
    }
    let reason = "its checksum does not match: it is damaged";
    Err(RheError::format(header.kind.name(), reason))
}

/// What is said of a file of another kind than asked for.
pub(crate) fn other_kind(what: &str, found: Kind) -> RheError {
    RheError::format(
        what,
        format!("this is a file of another kind: {}", found.name()),
    )
}

/// The kind that a file states, if it begins like one of ours; of any version.
pub(super) fn stated_kind(path: &Path) -> Option<Kind> {
    let mut start = [0; 10];
    File::open(path).ok()?.read_exact(&mut start).ok()?;
    let ours = start[..8] == *super::container::MAGIC;
    Kind::of_number(u16::from_le_bytes(array(&start[8..]))).filter(|_| ours)
}

/// Puts the path into a format error.
pub(crate) fn at(path: &Path, error: RheError) -> RheError {
    match error {
        RheError::Format { what, reason } => {
            RheError::format(format!("{} ({what})", path.display()), reason)
        }
        other => other,
    }
}
