//! The secret key's file: the 32-byte master secret, readable by its user only.

use super::container::Kind;
use super::output::create;
use super::reader::{ContainerFile, Reader, at, other_kind};
use super::writer::{Stored, Writer};
use crate::error::RheError;
use crate::keys::SecretKey;
use std::path::Path;
use zeroize::Zeroizing;

impl Stored for SecretKey {
    fn kind(&self) -> Kind {
        Kind::SecretKey
    }

    fn put(&self, writer: &mut Writer<'_>) {
        writer.identity(self.id());
        writer.bytes(self.master());
    }
}

impl SecretKey {
    /// The key's file content. Secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.container())
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
        create(path, &self.to_bytes(), true)
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, RheError> {
        let name = Kind::SecretKey.name();
        let file = ContainerFile::open(path, name)?;
        if file.kind() != Kind::SecretKey {
            return Err(at(path, other_kind(name, file.kind())));
        }
        Self::from_bytes(&file.whole()?).map_err(|error| at(path, error))
    }
}
