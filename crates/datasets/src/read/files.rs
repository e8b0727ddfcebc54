//! Opening files, compressed or not, with a limit on what comes out.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::{DatasetError, Reading};

/// Opens `path` as it is and enters it in the account.
///
/// # Errors
/// If it cannot be opened, or is no plain file: a pipe would be waited for.
pub(crate) fn open_raw(
    path: &Path,
    reading: &mut Reading,
) -> Result<BufReader<File>, DatasetError> {
    let kind = std::fs::metadata(path).map_err(|error| DatasetError::read(path, error))?;
    if !kind.is_file() {
        let found = if kind.is_dir() {
            "a folder"
        } else {
            "a pipe, a socket or a device"
        };
        let reason = std::io::Error::other(format!("it is {found}, not a file"));
        return Err(DatasetError::read(path, reason));
    }
    let file = File::open(path).map_err(|error| DatasetError::read(path, error))?;
    reading.enter(path);
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// Opens `path` and unpacks it on the way if its first bytes are gzip's.
pub(crate) fn open(path: &Path, reading: &mut Reading) -> Result<Box<dyn BufRead>, DatasetError> {
    let mut file = open_raw(path, reading)?;
    let start = file
        .fill_buf()
        .map_err(|error| DatasetError::read(path, error))?;
    Ok(if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::new(MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    })
}

/// The whole of `path`, unpacked, if that is at most `limit` bytes.
pub(crate) fn read_whole(
    path: &Path,
    limit: u64,
    reading: &mut Reading,
) -> Result<Vec<u8>, DatasetError> {
    read_limited(path, "the whole file", open(path, reading)?, limit)
}

/// Everything `reader` gives, if that is at most `limit` bytes.
pub(crate) fn read_limited(
    path: &Path,
    place: &str,
    reader: impl Read,
    limit: u64,
) -> Result<Vec<u8>, DatasetError> {
    let mut bytes = Vec::new();
    reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            DatasetError::format(
                path,
                place,
                format!("cannot be unpacked ({error})\nhint: fetch the file again"),
            )
        })?;
    if bytes.len() as u64 > limit {
        return Err(DatasetError::format(
            path,
            place,
            format!("larger than {limit} bytes, the most this reader takes"),
        ));
    }
    Ok(bytes)
}

/// The whole of a text file in UTF-8, without a byte-order mark.
pub(crate) fn read_text(
    path: &Path,
    limit: u64,
    reading: &mut Reading,
) -> Result<String, DatasetError> {
    let bytes = read_whole(path, limit, reading)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        DatasetError::format(
            path,
            format!("byte {at}"),
            "not UTF-8\nhint: convert it, for example with `iconv -t utf-8`",
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The lines of a text: they end in LF or CR LF, or, where there is no LF at all, in CR as old
/// Macs wrote them.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.split_terminator(end)
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Reads until `buffer` is full or the file ends; returns how much was read.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match reader.read(&mut buffer[done..])? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}
