//! What every command works with: folders, the cache, the code it was built from, progress.

use std::path::{Path, PathBuf};

use crate::contents::Contents;
use crate::instructions::card;
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

impl Context {
    /// Where results are written unless another folder is named.
    pub const RESULTS: &str = "results";
    /// Where finished stages are kept unless another folder is named.
    pub const CACHE: &str = ".rhea-cache";

    /// Of the code that this program was built from, on the card that the process has taken.
    pub fn new(results: PathBuf, cache: &Path, data: PathBuf, quiet: bool) -> Self {
        Self {
            results,
            data,
            store: Store::new(cache),
            code: Fingerprints::of_this_build().trained_on(card()),
            contents: Contents::default(),
            progress: Progress::new(quiet),
        }
    }
}

/// The data folder where none is named: `RHEA_DATA`, if that is set and not empty, or `data`.
pub fn data_folder() -> PathBuf {
    std::env::var_os("RHEA_DATA")
        .filter(|folder| !folder.is_empty())
        .map_or_else(|| PathBuf::from("data"), PathBuf::from)
}
