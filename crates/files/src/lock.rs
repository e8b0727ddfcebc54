//! Locks between processes, also of several machines on one file system. The operating system gives a
//! lock back when its holder dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files of the locks that this process holds.
static HELD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the files of all locks that this process holds: for one that is about to end, and whose
/// locks will not be dropped.
pub fn remove_held_locks() {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    for path in held.iter() {
        // What is left is locked by nobody as soon as the process has ended.
        let _ = std::fs::remove_file(path);
    }
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Who holds a lock, in the holder's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(pub String);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Someone else has it.
    Held(Holder),
    /// The lock's file cannot be made or locked.
    File(io::Error),
}

impl Lock {
    /// Takes the lock that lies at `path`, where nobody has it; its folder is made.
    ///
    /// # Errors
    /// Says who has it, or why it cannot be had.
    pub fn try_take(path: &Path) -> Result<Self, LockError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(LockError::File)?;
        }
        loop {
            let mut file = open(path).map_err(LockError::File)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // Without its name a holder is a holder all the same.
                    let _ = file.read_to_string(&mut holder);
                    return Err(LockError::Held(Holder(match holder.trim() {
                        "" => "another process".into(),
                        name => name.into(),
                    })));
                }
                Err(TryLockError::Error(error)) => return Err(LockError::File(error)),
            }
            if let Some(lock) = Self::signed(file, path).map_err(LockError::File)? {
                return Ok(lock);
            }
        }
    }

    /// Waits for the lock that lies at `path`; `held` hears whose it is, if it must be waited for.
    ///
    /// # Errors
    /// If its file cannot be made or locked.
    pub fn take(path: &Path, held: impl FnOnce(&Holder)) -> io::Result<Self> {
        match Self::try_take(path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held(holder)) => held(&holder),
            Err(LockError::File(error)) => return Err(error),
        }
        loop {
            let file = open(path)?;
            file.lock()?;
            if let Some(lock) = Self::signed(file, path)? {
                return Ok(lock);
            }
        }
    }

    /// A lock on an open file, unless the last holder has taken the file away meanwhile: whoever
    /// comes next would lock another one of the same name.
    fn signed(mut file: File, path: &Path) -> io::Result<Option<Self>> {
        if !same_file(&file, path) {
            return Ok(None);
        }
        // On a full disk a holder has no name, and is one all the same.
        let _ = file
            .set_len(0)
            .and_then(|()| file.write_all(whoami().as_bytes()));
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(path.to_owned());
        Ok(Some(Self {
            file,
            path: path.to_owned(),
        }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|path| *path != self.path);
        drop(held);
        // In this order: a file that is locked is never one that has no name. If it cannot be
        // removed it is locked by nobody, which is all that counts.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn same_file(_: &File, _: &Path) -> bool {
    true
}

/// Process, machine and command of this process.
fn whoami() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => String::new(),
        name => format!(" on {name}"),
    };
    let command: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    format!(
        "process {}{host} ({})",
        std::process::id(),
        command.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_holder_at_a_time_and_it_says_who_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/results.lock");
        let lock = Lock::try_take(&path).unwrap();
        let Err(LockError::Held(holder)) = Lock::try_take(&path) else {
            panic!("two holders");
        };
        let process = format!("process {}", std::process::id());
        assert!(holder.0.starts_with(&process), "{holder}");
        drop(lock);
        assert!(!path.exists());
        drop(Lock::try_take(&path).unwrap());
    }

    #[test]
    fn a_file_that_a_dead_holder_left_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("left.lock");
        std::fs::write(
            &path,
            "process 1 (someone who was killed, and had a long name)",
        )
        .unwrap();
        let lock = Lock::try_take(&path).unwrap();
        let said = std::fs::read_to_string(&path).unwrap();
        assert!(!said.contains("killed"), "{said}");
        drop(lock);
    }

    #[test]
    fn those_who_wait_come_in_one_after_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stage.lock");
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let lock = Lock::take(&path, |_| {}).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(!path.exists());
    }
}
