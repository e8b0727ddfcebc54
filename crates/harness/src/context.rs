//! What every command works with: folders, the cache, progress, and the key of random draws.

use std::path::PathBuf;

use crate::progress::Progress;
use crate::store::Store;

/// Folders and progress of one command.
pub struct Context {
    /// Where results are written.
    pub results: PathBuf,
    /// Where real data is looked for.
    pub data: PathBuf,
    /// Finished stages.
    pub store: Store,
    /// Progress on standard error.
    pub progress: Progress,
}
