//! What every command works with: folders, the cache, the code it was built from, progress.

use std::path::PathBuf;

use crate::contents::Contents;
use crate::progress::Progress;
use crate::stages::{Fingerprints, Store};

/// Folders and progress of one command.
pub struct Context {
    /// Where results are written.
    pub results: PathBuf,
    /// Where real data is looked for.
    pub data: PathBuf,
    /// Finished stages.
    pub store: Store,
    /// Fingerprints of the code that makes them.
    pub code: Fingerprints,
    /// Hashes of the data files that have been read.
    pub contents: Contents,
    /// Progress on standard error.
    pub progress: Progress,
}
