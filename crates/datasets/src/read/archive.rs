//! Walking through the files of a zip or of a tar (plain, .gz, .xz).

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use super::{container, files};
use crate::{DatasetError, Reading};

/// Most bytes that a compressed tar may unpack to: 8 GiB.
const MOST_UNPACKED: u64 = 8 << 30;
/// Most files in an archive.
const MOST_ENTRIES: usize = 4_000_000;

/// An opened archive, which can be walked through as often as needed.
pub(crate) struct Archive {
    path: PathBuf,
    content: Content,
}

enum Content {
    Zip(Box<zip::ZipArchive<BufReader<File>>>),
    /// A tar as it lies there, or in gzip.
    Tar,
    /// A tar unpacked from xz, whose decoder pushes and cannot be read from.
    Unpacked(Vec<u8>),
}

/// One entry of an archive that is no folder.
pub(crate) struct Entry<'a> {
    /// Its name, with `/` between folders.
    pub name: &'a str,
    /// Whether it only leads to another one.
    pub is_link: bool,
    /// Its content; empty for links.
    pub content: &'a mut dyn Read,
}

impl Archive {
    /// Finds out what the file is and opens it.
    ///
    /// # Errors
    /// If it cannot be read, or is neither a zip nor a tar: then it says what it looks like.
    pub fn open(path: &Path, reading: &mut Reading) -> Result<Self, DatasetError> {
        let mut start = [0; 6];
        let mut file = files::open_raw(path, reading)?;
        let got = files::fill(&mut file, &mut start).map_err(|e| DatasetError::read(path, e))?;
        let content = if start[..got].starts_with(b"PK") {
            let file = files::open_raw(path, reading)?;
            let archive = zip::ZipArchive::new(file)
                .map_err(|error| broken_zip(path, "the directory".into(), &error))?;
            check_count(path, archive.len())?;
            Content::Zip(Box::new(archive))
        } else if start[..got] == [0xfd, b'7', b'z', b'X', b'Z', 0] {
            let bytes = unpack_xz(path, reading)?;
            container::check_tar(path, &bytes)?;
            Content::Unpacked(bytes)
        } else {
            let mut first = [0; 512];
            let got = files::fill(&mut files::open(path, reading)?, &mut first)
                .map_err(|error| broken_tar(path, "the beginning".into(), &error))?;
            container::check_tar(path, &first[..got])?;
            Content::Tar
        };
        Ok(Self {
            path: path.to_path_buf(),
            content,
        })
    }

    /// Calls `visit` with every entry that is no folder, in the order of the archive.
    ///
    /// # Errors
    /// A damaged archive, one that is cut off, and what `visit` returns.
    pub fn walk(
        &mut self,
        mut visit: impl FnMut(Entry<'_>) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        match &mut self.content {
            Content::Zip(archive) => walk_zip(&self.path, archive, &mut visit),
            Content::Unpacked(bytes) => {
                walk_tar(&self.path, Cursor::new(bytes.as_slice()), &mut visit)
            }
            Content::Tar => {
                let reader = files::open(&self.path, &mut Reading::default())?;
                walk_tar(&self.path, reader.take(MOST_UNPACKED), &mut visit)
            }
        }
    }
}

type Visit<'a> = dyn FnMut(Entry<'_>) -> Result<(), DatasetError> + 'a;

fn walk_zip(
    path: &Path,
    archive: &mut zip::ZipArchive<BufReader<File>>,
    visit: &mut Visit<'_>,
) -> Result<(), DatasetError> {
    for index in 0..archive.len() {
        let broken =
            |error: zip::result::ZipError| broken_zip(path, format!("entry {index}"), &error);
        let entry = archive.by_index_raw(index).map_err(broken)?;
        if entry.is_dir() {
            continue;
        }
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let is_link = entry.is_symlink();
        container::check_packing(path, &name, entry.compression(), entry.encrypted())?;
        drop(entry);
        let mut entry = archive.by_index(index).map_err(broken)?;
        let mut nothing = std::io::empty();
        visit(Entry {
            name: &name,
            is_link,
            content: if is_link { &mut nothing } else { &mut entry },
        })?;
    }
    Ok(())
}

fn walk_tar(path: &Path, reader: impl Read, visit: &mut Visit<'_>) -> Result<(), DatasetError> {
    let mut end = End::new(reader);
    let mut archive = tar::Archive::new(&mut end);
    let entries = archive
        .entries()
        .map_err(|error| broken_tar(path, "the beginning".into(), &error))?;
    for (index, entry) in entries.enumerate() {
        check_count(path, index)?;
        let mut entry = entry.map_err(|e| broken_tar(path, format!("entry {index}"), &e))?;
        let kind = entry.header().entry_type();
        let is_link = kind.is_symlink() || kind.is_hard_link();
        if !kind.is_file() && !is_link {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        visit(Entry {
            name: name.trim_start_matches("./"),
            is_link,
            content: &mut entry,
        })?;
    }
    if end.cut_off() {
        let reason = std::io::ErrorKind::UnexpectedEof.into();
        return Err(broken_tar(path, "the end".into(), &reason));
    }
    Ok(())
}

/// Watches a tar being read: a whole one ends with a block of zeros, one that lost its last files
/// does not.
struct End<R> {
    inner: R,
    ended: bool,
    /// Zero bytes at the end of what was read.
    zeros: usize,
}

impl<R> End<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            ended: false,
            zeros: 0,
        }
    }

    fn cut_off(&self) -> bool {
        self.ended && self.zeros < 512
    }
}

impl<R: Read> Read for End<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.ended |= count == 0 && !buffer.is_empty();
        match buffer[..count].iter().rposition(|&byte| byte != 0) {
            Some(last) => self.zeros = count - 1 - last,
            None => self.zeros = self.zeros.saturating_add(count),
        }
        Ok(count)
    }
}

fn broken_zip(path: &Path, place: String, error: &dyn std::fmt::Display) -> DatasetError {
    let reason = format!("not a whole zip archive ({error})\nhint: fetch the file again");
    DatasetError::format(path, place, reason)
}

fn broken_tar(path: &Path, place: String, error: &std::io::Error) -> DatasetError {
    let reason = format!("not a whole tar archive ({error})\nhint: fetch the file again");
    DatasetError::format(path, place, reason)
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

fn unpack_xz(path: &Path, reading: &mut Reading) -> Result<Vec<u8>, DatasetError> {
    let mut file = files::open_raw(path, reading)?;
    let mut out = Capped(Vec::new());
    lzma_rs::xz_decompress(&mut file, &mut out).map_err(|error| {
        let reason = match error {
            lzma_rs::error::Error::IoError(error)
            | lzma_rs::error::Error::HeaderTooShort(error) => error.to_string(),
            lzma_rs::error::Error::LzmaError(reason) | lzma_rs::error::Error::XzError(reason) => {
                reason
            }
        };
        DatasetError::format(
            path,
            format!("after {} unpacked bytes", out.0.len()),
            format!("cannot be unpacked ({reason})\nhint: fetch the file again"),
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
