//! Walking through the files of a zip or of a tar (plain, .gz, .xz).

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::Path;

use super::files;
use crate::DatasetError;

/// Most bytes that a compressed tar may unpack to: 8 GiB.
const MOST_UNPACKED: u64 = 8 << 30;
/// Most files in an archive.
const MOST_ENTRIES: usize = 4_000_000;

/// Calls `visit` with the name and the content of every plain file in the archive, in its order.
pub(crate) fn walk(
    path: &Path,
    mut visit: impl FnMut(&str, &mut dyn Read) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let mut start = [0; 6];
    let mut file = File::open(path).map_err(|error| DatasetError::read(path, error))?;
    let got = files::fill(&mut file, &mut start).map_err(|e| DatasetError::read(path, e))?;
    if start[..got].starts_with(b"PK") {
        walk_zip(path, &mut visit)
    } else if start[..got] == [0xfd, b'7', b'z', b'X', b'Z', 0] {
        walk_tar(path, Cursor::new(unpack_xz(path)?), &mut visit)
    } else {
        walk_tar(path, files::open(path)?.take(MOST_UNPACKED), &mut visit)
    }
}

fn walk_zip(
    path: &Path,
    visit: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let broken = |place: String, error: &dyn std::fmt::Display| {
        DatasetError::format(
            path,
            place,
            format!("not a whole zip archive ({error})\nhint: fetch the file again"),
        )
    };
    let file = File::open(path).map_err(|error| DatasetError::read(path, error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file))
        .map_err(|error| broken("the directory".into(), &error))?;
    check_count(path, archive.len())?;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| broken(format!("entry {index}"), &error))?;
        if entry.is_dir() {
            continue;
        }
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        visit(&name, &mut entry)?;
    }
    Ok(())
}

fn walk_tar(
    path: &Path,
    reader: impl Read,
    visit: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let broken = |place: String, error: &std::io::Error| {
        DatasetError::format(
            path,
            place,
            format!("not a whole zip or tar archive ({error})\nhint: fetch the file again"),
        )
    };
    let mut archive = tar::Archive::new(reader);
    let entries = archive
        .entries()
        .map_err(|error| broken("the beginning".into(), &error))?;
    for (index, entry) in entries.enumerate() {
        check_count(path, index)?;
        let mut entry = entry.map_err(|error| broken(format!("entry {index}"), &error))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        visit(name.trim_start_matches("./"), &mut entry)?;
    }
    Ok(())
}

fn check_count(path: &Path, count: usize) -> Result<(), DatasetError> {
    if count <= MOST_ENTRIES {
        return Ok(());
    }
    Err(DatasetError::format(
        path,
        "the directory",
        format!("more than {MOST_ENTRIES} files"),
    ))
}

/// Unpacks an xz file into memory: its decoder pushes and cannot be read from.
fn unpack_xz(path: &Path) -> Result<Vec<u8>, DatasetError> {
    let file = File::open(path).map_err(|error| DatasetError::read(path, error))?;
    let mut out = Capped(Vec::new());
    lzma_rs::xz_decompress(&mut BufReader::new(file), &mut out).map_err(|error| {
        DatasetError::format(
            path,
            format!("after {} unpacked bytes", out.0.len()),
            format!("cannot be unpacked ({error:?})\nhint: fetch the file again"),
        )
    })?;
    Ok(out.0)
}

/// A buffer that refuses to grow past [`MOST_UNPACKED`].
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() as u64 + bytes.len() as u64 > MOST_UNPACKED {
            return Err(std::io::Error::other(format!(
                "unpacks to more than {MOST_UNPACKED} bytes"
            )));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
