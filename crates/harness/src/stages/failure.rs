//! Why the cache could not be written.

use std::path::PathBuf;

/// Why a product could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}\nhint: choose another folder with --cache, or make room", path.display())]
pub struct StoreError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}
