//! Whole files.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::pause::Writing;

/// How the name of an unfinished file ends.
const UNFINISHED: &str = ".part";

/// Writes `bytes` so that `path` is either the old file or the whole new one, on the disk and not
/// only in memory; makes its folder.
///
/// # Errors
/// If the folder cannot be made, or the file not written or renamed; nothing is left then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _writing = Writing::begin();
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    let mut file = unfinished(path)?;
    file.write_all(bytes)?;
    persist(file, path)
}

/// The folder that `path` is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).suffix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less what the user's mask takes away.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

/// Makes a rename last: it is an entry of the folder.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems cannot sync a folder; the file itself is on the disk.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
        result => return result,
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// A place where a file is written by someone who can only be told its path, before it gets its name.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    file: PathBuf,
    target: PathBuf,
    _writing: Writing,
}

impl Scratch {
    /// A place beside `target`, whose folder is made.
    ///
    /// # Errors
    /// If no folder can be made there.
    pub fn beside(target: &Path) -> io::Result<Self> {
        let writing = Writing::begin();
        std::fs::create_dir_all(folder_of(target))?;
        let name = target.file_name().unwrap_or_default();
        let mut prefix = name.to_os_string();
        prefix.push(".");
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(UNFINISHED)
            .tempdir_in(folder_of(target))?;
        Ok(Self {
            file: folder.path().join(name),
            folder,
            target: target.to_owned(),
            _writing: writing,
        })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// If nothing was written, or it cannot be synced or renamed.
    pub fn persist(self) -> io::Result<()> {
        File::options().write(true).open(&self.file)?.sync_all()?;
        std::fs::rename(&self.file, &self.target)?;
        sync_folder(folder_of(&self.target))?;
        self.folder.close()
    }
}

/// Takes away what killed writers left in `folder`: the unfinished files and folders for whose name
/// `dead` says that nobody is at work on it any more.
///
/// # Errors
/// If the folder is there and cannot be listed, or a leftover cannot be removed.
pub fn sweep(folder: &Path, mut dead: impl FnMut(&str) -> bool) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.ends_with(UNFINISHED)) else {
            continue;
        };
        if !dead(name) {
            continue;
        }
        let removed = if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())
        } else {
            std::fs::remove_file(entry.path())
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn files_are_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/table.csv");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["table.csv"]);
        // Where a folder is in the way nothing can be written, and no part of it stays.
        let blocked = folder.path().join("deep");
        assert!(write_whole(&blocked, b"three").is_err());
        assert_eq!(names(folder.path()), ["deep"]);
    }

    #[test]
    fn a_scratch_gets_its_name_or_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("model.safetensors");
        let scratch = Scratch::beside(&target).unwrap();
        std::fs::write(scratch.path(), b"weights").unwrap();
        assert!(!target.exists());
        scratch.persist().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"weights");
        let unused = Scratch::beside(&target).unwrap();
        assert!(unused.persist().is_err(), "nothing was written");
        drop(Scratch::beside(&target).unwrap());
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }

    #[test]
    fn only_the_leftovers_of_the_dead_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.1.part", "b.2.part", "a.csv"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        std::fs::create_dir(folder.path().join("a.3.part")).unwrap();
        sweep(folder.path(), |name| name.starts_with("a.")).unwrap();
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, ["a.csv", "b.2.part"]);
        sweep(&folder.path().join("absent"), |_| true).unwrap();
    }
}
