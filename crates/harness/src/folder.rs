//! The folder of one experiment's results: locked while it is written, whole files only.

use std::path::{Path, PathBuf};

use files::{Lock, LockError};

use crate::error::HarnessError;

/// Keeps other runs out of the results, and takes away what killed ones left there.
///
/// # Errors
/// If another run is at work there, or the folder cannot be written.
pub fn claim(folder: &Path) -> Result<Lock, HarnessError> {
    let held = lock(folder, &folder.join("run.lock"))?;
    for folder in [folder.to_owned(), folder.join("figures")] {
        // What cannot be swept hinders nothing.
        let _ = files::sweep(&folder, |_| true);
    }
    Ok(held)
}

/// Takes the lock `name` of the folder.
///
/// # Errors
/// If another run has it, or the folder cannot be written.
pub fn lock(folder: &Path, name: &Path) -> Result<Lock, HarnessError> {
    Lock::try_take(name).map_err(|error| match error {
        LockError::Held(holder) => HarnessError::InUse {
            path: folder.to_owned(),
            holder: holder.to_string(),
        },
        LockError::File(source) => HarnessError::Results {
            path: folder.to_owned(),
            source,
        },
    })
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: PathBuf, bytes: &[u8]) -> Result<(), HarnessError> {
    files::write_whole(&path, bytes).map_err(|source| HarnessError::File {
        action: "write",
        path,
        source,
    })
}
