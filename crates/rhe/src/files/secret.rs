//! The secret key's file: the 32-byte master secret, readable by its user only.

use super::container::{Kind, Reader, Writer, read_limited, write_whole};
use crate::error::RheError;
use crate::keys::SecretKey;
use std::path::Path;
use zeroize::Zeroizing;

impl SecretKey {
    /// The key's file content. Secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::SecretKey, 48);
        writer.identity(self.id());
        writer.bytes(self.master());
        Zeroizing::new(writer.finish())
    }

    /// Reads what [`SecretKey::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RheError> {
        let mut reader = Reader::open(bytes, Kind::SecretKey)?;
        let id = reader.identity()?;
        let key = Self::from_master(Zeroizing::new(reader.array()?));
        if key.id() != id {
            return Err(reader.bad("its name does not follow from its secret"));
        }
        reader.finish()?;
        Ok(key)
    }

    /// Writes the key to a file that only its user may read (mode 0600 on unix). An existing file
    /// is not overwritten: heads protected with its key could never be opened again.
    pub fn save(&self, path: &Path) -> Result<(), RheError> {
        if path.exists() {
            let source = std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                "it exists\nhint: choose another name, or move the old key away",
            );
            return Err(RheError::io("write", path, source));
        }
        write_whole(path, &self.to_bytes(), true)
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let bytes = Zeroizing::new(read_limited(path, Kind::SecretKey.limit())?);
        Self::from_bytes(&bytes).map_err(|error| at(path, error))
    }
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
