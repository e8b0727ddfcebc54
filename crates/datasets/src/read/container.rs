//! What a file is that should be an archive, and whether its packing is one that is read.

use std::path::Path;

use zip::CompressionMethod;

use crate::DatasetError;

/// The first bytes of what is met in place of an archive, its name and the mend.
const OTHERS: [(&[u8], &str, &str); 10] = [
    (b"Rar!", "a RAR archive", PACK_ANEW),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", PACK_ANEW),
    (b"BZh", "packed by bzip2", PACK_ANEW),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", PACK_ANEW),
    (b"\x04\x22\x4d\x18", "packed by lz4", PACK_ANEW),
    (b"\x1f\x9d", "packed by compress", PACK_ANEW),
    (b"<!DOCTYPE", "a web page", FETCH),
    (b"<html", "a web page", FETCH),
    (
        b"version https://git-lfs",
        "a pointer of Git LFS",
        "`git lfs pull` fetches the file itself",
    ),
    (b"\x89PNG", "a picture", "give the archive of the pictures"),
];
const PACK_ANEW: &str = "unpack it and pack it as .zip, .tar, .tar.gz or .tar.xz";
const FETCH: &str = "fetch the file again; the address may ask for a login";

/// Whether `start`, up to the first 512 bytes of an unpacked file, begin a tar.
///
/// # Errors
/// If they do not; the error says what they look like.
pub(super) fn check_tar(path: &Path, start: &[u8]) -> Result<(), DatasetError> {
    if let Some(header) = start.first_chunk::<512>()
        && (checksum_holds(header) || header.iter().all(|&byte| byte == 0))
    {
        return Ok(());
    }
    let known = OTHERS.iter().find(|(magic, ..)| {
        start.len() >= magic.len() && start[..magic.len()].eq_ignore_ascii_case(magic)
    });
    let reason = match known {
        Some((_, what, mend)) => format!("{what}, neither a zip nor a tar archive\nhint: {mend}"),
        None if start.is_empty() => {
            "the file is empty, no archive\nhint: fetch the file again".to_owned()
        }
        None => {
            let begin: String = String::from_utf8_lossy(start).chars().take(12).collect();
            format!(
                "neither a zip nor a tar archive, it begins with `{}`\nhint: {PACK_ANEW}, or \
                 fetch the file again",
                begin.escape_debug()
            )
        }
    };
    Err(DatasetError::format(path, "the beginning", reason))
}

/// The header's sum of all its bytes, the field of the sum itself counted as blanks.
fn checksum_holds(header: &[u8; 512]) -> bool {
    let field = &header[148..156];
    let digits: String = field
        .iter()
        .map(|&byte| char::from(byte))
        .filter(|c| !matches!(c, ' ' | '\0'))
        .collect();
    let Ok(stated) = u32::from_str_radix(&digits, 8) else {
        return false;
    };
    let all: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    let own: u32 = field.iter().map(|&byte| u32::from(byte)).sum();
    all - own + 8 * u32::from(b' ') == stated
}

/// # Errors
/// If an entry of a zip is packed in a way that is not read.
pub(super) fn check_packing(
    path: &Path,
    name: &str,
    method: CompressionMethod,
    encrypted: bool,
) -> Result<(), DatasetError> {
    let reason = if encrypted {
        "is encrypted".to_owned()
    } else if matches!(
        method,
        CompressionMethod::Stored | CompressionMethod::Deflated
    ) {
        return Ok(());
    } else {
        format!("is packed by {method}, which is not read")
    };
    Err(DatasetError::format(
        path,
        name,
        format!("{reason}\nhint: unpack the zip and pack it again, for example with `zip -r`"),
    ))
}
