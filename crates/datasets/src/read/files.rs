//! Opening files, compressed or not, with a limit on what comes out.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::DatasetError;

/// Opens `path` and unpacks it on the way if its first bytes are gzip's.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, DatasetError> {
    let file = File::open(path).map_err(|error| DatasetError::read(path, error))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
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
pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, DatasetError> {
    read_limited(path, "the whole file", open(path)?, limit)
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
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String, DatasetError> {
    let bytes = read_whole(path, limit)?;
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
