//! The cache: finished stages as files that are checked before they are trusted.

mod key;
mod seal;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use key::{KeyBuilder, StageKey};
pub use seal::{Damage, open, seal};

/// A stage's product that can be kept: serialisable, with a format version.
pub trait Artefact: Serialize + DeserializeOwned {
    /// Raised whenever the meaning of the bytes changes; older files are rebuilt.
    const FORMAT: u32;
}

/// What the cache holds for a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A whole file of the right format.
    Cached,
    /// No file.
    Missing,
    /// A file that cannot be trusted, and why; it is rebuilt.
    Stale(String),
}

/// A folder of finished stages, addressed by what they depend on.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// Why a product could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}\nhint: choose another folder with --cache", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

impl Store {
    /// A store in `root`, which is made when the first product is kept.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the product of `key` lies.
    pub fn path(&self, key: &StageKey) -> PathBuf {
        self.root
            .join(key.stage())
            .join(format!("{}.bin", key.hash()))
    }

    /// Where a product in a format of its own (with its own checks) lies.
    pub fn file(&self, key: &StageKey, extension: &str) -> PathBuf {
        self.path(key).with_extension(extension)
    }

    /// The same place, its folder made, for a product that is about to be written.
    pub fn new_file(&self, key: &StageKey, extension: &str) -> Result<PathBuf, StoreError> {
        let path = self.file(key, extension);
        let folder = path.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder).map_err(|source| StoreError {
            path: folder.to_owned(),
            source,
        })?;
        Ok(path)
    }

    /// The product of `key`, if there is one that can be trusted, else why there is none.
    pub fn load<T: Artefact>(&self, key: &StageKey) -> Result<T, State> {
        let bytes = match std::fs::read(self.path(key)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(State::Missing);
            }
            Err(error) => return Err(State::Stale(format!("cannot be read: {error}"))),
        };
        let payload = open(&bytes, T::FORMAT).map_err(|damage| State::Stale(damage.to_string()))?;
        postcard::from_bytes(payload).map_err(|error| State::Stale(format!("damaged: {error}")))
    }

    /// What `load` would find, without decoding the product.
    pub fn state<T: Artefact>(&self, key: &StageKey) -> State {
        match std::fs::read(self.path(key)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::Missing,
            Err(error) => State::Stale(format!("cannot be read: {error}")),
            Ok(bytes) => match open(&bytes, T::FORMAT) {
                Ok(_) => State::Cached,
                Err(damage) => State::Stale(damage.to_string()),
            },
        }
    }

    /// Keeps `product` under `key`: written to a temporary name, then renamed.
    pub fn save<T: Artefact>(&self, key: &StageKey, product: &T) -> Result<(), StoreError> {
        let path = self.path(key);
        let payload = postcard::to_stdvec(product).map_err(|error| StoreError {
            path: path.clone(),
            source: std::io::Error::other(error),
        })?;
        write_whole(&path, &seal(&payload, T::FORMAT)).map_err(|source| StoreError { path, source })
    }
}

/// Writes `bytes` so that `path` is either the old file or the whole new one.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path).inspect_err(|_| {
        // The rename's error is the one to report; a left-over file is harmless.
        let _ = std::fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers(Vec<f64>);
    impl Artefact for Numbers {
        const FORMAT: u32 = 3;
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newer(Vec<f64>);
    impl Artefact for Newer {
        const FORMAT: u32 = 4;
    }

    #[test]
    fn damaged_older_and_truncated_products_are_never_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let key = KeyBuilder::new("numbers").with("n", &3).finish();
        assert_eq!(store.load::<Numbers>(&key), Err(State::Missing));
        let product = Numbers(vec![0.1, f64::MIN_POSITIVE, -7.25]);
        store.save(&key, &product).unwrap();
        assert_eq!(store.load::<Numbers>(&key).unwrap(), product);
        assert!(matches!(store.load::<Newer>(&key), Err(State::Stale(_))));

        let whole = std::fs::read(store.path(&key)).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            std::fs::write(store.path(&key), &flipped).unwrap();
            assert!(matches!(store.load::<Numbers>(&key), Err(State::Stale(_))));
            std::fs::write(store.path(&key), &whole[..at]).unwrap();
            assert!(matches!(store.load::<Numbers>(&key), Err(State::Stale(_))));
        }
    }
}
