//! Where files are written: beside their place and then renamed, never over a key or an input,
//! never through a link or into a device.

use super::container::Kind;
use super::reader::stated_kind;
use super::writer::{Stored, Writer};
use crate::error::RheError;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a container of `length` payload bytes in the place of `path`.
pub(crate) fn replace(
    path: &Path,
    kind: Kind,
    length: u64,
    hint: &str,
    fill: impl FnOnce(&mut Writer<'_>) -> Result<(), RheError>,
) -> Result<(), RheError> {
    kind.check_size(length, hint)?;
    check_output(path)?;
    let fail = |source| RheError::io("write", path, source);
    let mut temporary = temporary(path, 0o666).map_err(fail)?;
    let mut out = BufWriter::with_capacity(1 << 16, temporary.as_file_mut());
    let mut writer = Writer::stream(kind, length, &mut out);
    fill(&mut writer)?;
    writer.close().and_then(|()| out.flush()).map_err(fail)?;
    drop(out);
    temporary.as_file().sync_all().map_err(fail)?;
    let renamed = temporary.persist(path).map(drop);
    renamed.map_err(|error| fail(error.error))
}

/// Writes an object to a file, piece by piece, if it is not larger than what is read back.
pub(crate) fn save(value: &impl Stored, path: &Path) -> Result<(), RheError> {
    replace(path, value.kind(), value.payload_bytes(), "", |writer| {
        value.put(writer);
        Ok(())
    })
}

/// Writes bytes to a new file: an error where there is anything already. Such files are the
/// owner's; `secret` ones are readable by their user alone.
pub(crate) fn create(path: &Path, bytes: &[u8], secret: bool) -> Result<(), RheError> {
    let fail = |source| RheError::io("write", path, source);
    must_be_new(path)?;
    let mut temporary = temporary(path, if secret { 0o600 } else { 0o666 }).map_err(fail)?;
    temporary.write_all(bytes).map_err(fail)?;
    temporary.as_file().sync_all().map_err(fail)?;
    let linked = temporary.persist_noclobber(path).map(drop);
    linked.map_err(|error| fail(error.error))
}

/// Refuses what is there already: a key that is lost cannot be made again.
pub fn must_be_new(path: &Path) -> Result<(), RheError> {
    // A link that leads nowhere is something, too.
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(output(
        path,
        "it exists, and keys are never overwritten\nhint: choose another name, or move it away",
    ))
}

/// Refuses outputs that are one of the inputs or another output, however they are spelled, and
/// whatever else must not be written to.
pub fn check_outputs(inputs: &[&Path], outputs: &[&Path]) -> Result<(), RheError> {
    for (at, path) in outputs.iter().enumerate() {
        check_output(path)?;
        let others = inputs.iter().chain(&outputs[..at]);
        if let Some(other) = others.into_iter().find(|other| same_file(path, other)) {
            return Err(output(
                path,
                format!(
                    "it is the same file as {}, which would be lost\nhint: choose another name",
                    other.display()
                ),
            ));
        }
    }
    Ok(())
}

/// Refuses links, devices, pipes, folders and keys.
fn check_output(path: &Path) -> Result<(), RheError> {
    let Ok(found) = path.symlink_metadata() else {
        return Ok(());
    };
    let kind = found.file_type();
    let reason = if kind.is_symlink() {
        "it is a link, and links are not followed\nhint: name the file itself".into()
    } else if kind.is_dir() {
        "it is a folder\nhint: name a file in it".into()
    } else if !kind.is_file() {
        "it is a device or a pipe\nhint: name a file".into()
    } else {
        match stated_kind(path).filter(|kind| kind.is_kept()) {
            None => return Ok(()),
            Some(kind) => format!(
                "it holds a {}, and those are never overwritten\nhint: choose another name",
                kind.name()
            ),
        }
    };
    Err(output(path, reason))
}

fn output(path: &Path, reason: impl Into<String>) -> RheError {
    RheError::Output {
        path: path.to_path_buf(),
        reason: reason.into(),
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn temporary(path: &Path, mode: u32) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rhea-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.tempfile_in(folder(path))
}

/// Whether two paths lead to one file, or would, where there is none yet.
fn same_file(a: &Path, b: &Path) -> bool {
    match (a.metadata(), b.metadata()) {
        #[cfg(unix)]
        (Ok(a), Ok(b)) => {
            use std::os::unix::fs::MetadataExt;
            (a.dev(), a.ino()) == (b.dev(), b.ino())
        }
        _ => place(a).is_some_and(|place_a| Some(place_a) == place(b)),
    }
}

/// The place of a file that may not exist: its folder's true path, and its name.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Some(path);
    }
    Some(folder(path).canonicalize().ok()?.join(path.file_name()?))
}
