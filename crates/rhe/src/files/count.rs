//! How often a key was used: a file beside the key, written before anything is told.
//!
//! A forged answer is accepted with a probability of 2^-64 an attempt only while attempts are few,
//! and classes given to others are an oracle whatever authenticates them. So files that are refused
//! are counted and end the key's use at [`RevealCount::MAX_REFUSED`], and images that are revealed are counted
//! against a quota that was set when the key was made. Without its count a key reveals nothing.

use super::container::Kind;
use super::output::create;
use super::reader::{Reader, at};
use super::writer::{Stored, Writer};
use crate::error::RheError;
use crate::keys::{Identity, SecretKey};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Stated where there is no quota.
const NO_QUOTA: u64 = u64::MAX;

/// The tag's purpose.
const PURPOSE: &str = "rhea rhe count of uses";

/// What is counted.
#[derive(Clone, Copy)]
struct Uses {
    quota: u64,
    revealed: u64,
    refused: u64,
}

/// The count of a key's uses, held by one process at a time.
pub struct RevealCount {
    file: File,
    path: PathBuf,
    key: Identity,
    tag_key: blake3::Hash,
    uses: Uses,
}

/// The content of the file.
struct Entry<'a> {
    key: Identity,
    tag_key: &'a blake3::Hash,
    uses: Uses,
}

impl Entry<'_> {
    fn tag(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(self.tag_key.as_bytes());
        hasher.update(&self.key.0);
        for number in [self.uses.quota, self.uses.revealed, self.uses.refused] {
            hasher.update(&number.to_le_bytes());
        }
        hasher.finalize()
    }
}

impl Stored for Entry<'_> {
    fn kind(&self) -> Kind {
        Kind::RevealCount
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.key);
        writer.number(self.uses.quota);
        writer.number(self.uses.revealed);
        writer.number(self.uses.refused);
        writer.bytes(self.tag().as_bytes());
    }
}

fn parse(bytes: &[u8]) -> Result<(Identity, Uses, blake3::Hash), RheError> {
    let mut reader = Reader::open(bytes, Kind::RevealCount)?;
    let key = reader.identity()?;
    let uses = Uses {
        quota: reader.number()?,
        revealed: reader.number()?,
        refused: reader.number()?,
    };
    let tag = blake3::Hash::from_bytes(reader.array()?);
    reader.finish()?;
    Ok((key, uses, tag))
}

impl RevealCount {
    /// Files that may be refused with one key: more end its use.
    pub const MAX_REFUSED: u64 = 1 << 20;

    /// Where the count of a key file is kept: beside the file that `key_file` leads to, with
    /// `.count` behind its name.
    pub fn path_of(key_file: &Path) -> PathBuf {
        let mut path = key_file
            .canonicalize()
            .unwrap_or_else(|_| key_file.to_path_buf())
            .into_os_string();
        path.push(".count");
        path.into()
    }

    /// Begins the count of a key that has none, with as many images as may be revealed.
    pub fn begin(key_file: &Path, key: &SecretKey, quota: Option<u64>) -> Result<(), RheError> {
        let entry = Entry {
            key: key.id(),
            tag_key: &key.authenticate(PURPOSE, &[]),
            uses: Uses {
                quota: quota.unwrap_or(NO_QUOTA),
                revealed: 0,
                refused: 0,
            },
        };
        create(&Self::path_of(key_file), &entry.container(), true)
    }

    /// Opens the count of a key and keeps others from it until it is dropped.
    pub fn open(key_file: &Path, key: &SecretKey) -> Result<Self, RheError> {
        let path = Self::path_of(key_file);
        let fail = |reason: String| RheError::Count {
            key: key.id().to_string(),
            path: path.clone(),
            reason,
        };
        let regular = path.symlink_metadata().map(|found| found.is_file());
        if !matches!(regular, Ok(true)) {
            return Err(fail(
                "there is no such file, and without it a key reveals nothing\nhint: bring it from \
                 where the key was copied from, or begin it with `rhe count --begin`"
                    .into(),
            ));
        }
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = opened.map_err(|e| fail(e.to_string()))?;
        file.lock().map_err(|e| fail(e.to_string()))?;
        let mut bytes = Vec::new();
        let limit = 2 * Kind::RevealCount.limit();
        let read = (&mut file).take(limit).read_to_end(&mut bytes);
        read.map_err(|e| fail(e.to_string()))?;
        let (found, uses, tag) = parse(&bytes).map_err(|error| at(&path, error))?;
        let tag_key = key.authenticate(PURPOSE, &[]);
        let entry = Entry {
            key: key.id(),
            tag_key: &tag_key,
            uses,
        };
        if found != key.id() || entry.tag() != tag {
            return Err(fail(
                "it was not written with this key\nhint: put the key's own count there".into(),
            ));
        }
        let count = Self {
            file,
            key: key.id(),
            tag_key,
            uses,
            path,
        };
        if count.refused() >= Self::MAX_REFUSED {
            return Err(count.spent(format!(
                "{} files were refused with it, and after {} it reveals nothing more\n\
                 hint: find out who sends them, make a new key and protect the heads again",
                count.refused(),
                Self::MAX_REFUSED
            )));
        }
        Ok(count)
    }

    /// Images that may be revealed in all; none where there is no quota.
    pub fn quota(&self) -> Option<u64> {
        (self.uses.quota != NO_QUOTA).then_some(self.uses.quota)
    }

    /// Images that were revealed.
    pub fn revealed(&self) -> u64 {
        self.uses.revealed
    }

    /// Files that were refused.
    pub fn refused(&self) -> u64 {
        self.uses.refused
    }

    /// Counts images that are about to be revealed; an error where the quota does not hold them.
    pub(crate) fn reveal(&mut self, images: u64) -> Result<(), RheError> {
        let revealed = self.uses.revealed.saturating_add(images);
        if revealed > self.uses.quota {
            return Err(self.spent(format!(
                "{images} images are asked for and {} are left of the {} it was made for\nhint: \
                 make a new key, and protect the heads again",
                self.uses.quota - self.uses.revealed,
                self.uses.quota
            )));
        }
        self.write(Uses {
            revealed,
            ..self.uses
        })
    }

    /// Counts a file that is about to be refused.
    pub(crate) fn refuse(&mut self) -> Result<(), RheError> {
        self.write(Uses {
            refused: self.uses.refused.saturating_add(1),
            ..self.uses
        })
    }

    /// Writes in place, one block of the same length, and waits until it is on the disk.
    fn write(&mut self, uses: Uses) -> Result<(), RheError> {
        let entry = Entry {
            key: self.key,
            tag_key: &self.tag_key,
            uses,
        };
        let bytes = entry.container();
        let start = self.file.seek(SeekFrom::Start(0));
        let written = start.and_then(|_| self.file.write_all(&bytes));
        let synced = written.and_then(|()| self.file.sync_all());
        synced.map_err(|source| RheError::io("write", &self.path, source))?;
        self.uses = uses;
        Ok(())
    }

    fn spent(&self, reason: String) -> RheError {
        RheError::Spent {
            key: self.key.to_string(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_file(folder: &Path, quota: Option<u64>) -> (PathBuf, SecretKey) {
        let path = folder.join("owner.key");
        let key = SecretKey::generate().unwrap();
        key.save(&path).unwrap();
        RevealCount::begin(&path, &key, quota).unwrap();
        (path, key)
    }

    #[test]
    fn uses_are_kept_and_the_quota_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = key_file(folder.path(), Some(10));
        let mut count = RevealCount::open(&path, &key).unwrap();
        count.reveal(4).unwrap();
        count.refuse().unwrap();
        drop(count);
        let mut count = RevealCount::open(&path, &key).unwrap();
        assert_eq!(
            (count.quota(), count.revealed(), count.refused()),
            (Some(10), 4, 1)
        );
        for images in [7, u64::MAX] {
            let said = count.reveal(images).unwrap_err().to_string();
            assert!(said.contains("6 are left of the 10"), "{said}");
        }
        count.reveal(6).unwrap();
        assert!(count.reveal(1).is_err());
        // It is not begun again.
        assert!(RevealCount::begin(&path, &key, None).is_err());
    }

    #[test]
    fn too_many_refusals_end_a_keys_use() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = key_file(folder.path(), None);
        let mut count = RevealCount::open(&path, &key).unwrap();
        assert_eq!(count.quota(), None);
        let uses = Uses {
            refused: RevealCount::MAX_REFUSED - 1,
            ..count.uses
        };
        count.write(uses).unwrap();
        drop(count);
        RevealCount::open(&path, &key).unwrap().refuse().unwrap();
        let Err(error) = RevealCount::open(&path, &key) else {
            panic!("it is still used");
        };
        assert!(matches!(error, RheError::Spent { .. }), "{error}");
    }

    #[test]
    fn without_its_own_count_a_key_reveals_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = key_file(folder.path(), None);
        let refused = |what: &str| {
            let error = RevealCount::open(&path, &key).err();
            let said = error.expect(what).to_string();
            assert!(said.contains("owner.key.count"), "{what}: {said}");
        };
        let place = RevealCount::path_of(&path);
        let good = std::fs::read(&place).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&place, &bad).unwrap();
            refused("altered");
        }
        std::fs::write(&place, &good[..50]).unwrap();
        refused("cut");
        // Numbers that were put right again with the checksum, which needs no key.
        let other = SecretKey::generate().unwrap();
        let entry = Entry {
            key: key.id(),
            tag_key: &other.authenticate(PURPOSE, &[]),
            uses: Uses {
                quota: NO_QUOTA,
                revealed: 0,
                refused: 0,
            },
        };
        std::fs::write(&place, entry.container()).unwrap();
        refused("another key's");
        std::fs::remove_file(&place).unwrap();
        refused("missing");
        std::fs::write(&place, &good).unwrap();
        assert!(RevealCount::open(&path, &key).is_ok());
        // A copy of the key has no count of its own; a link to the key has the key's.
        let copy = folder.path().join("copy.key");
        std::fs::copy(&path, &copy).unwrap();
        assert!(RevealCount::open(&copy, &key).is_err());
        #[cfg(unix)]
        {
            let link = folder.path().join("link.key");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(RevealCount::open(&link, &key).is_ok());
        }
    }
}
