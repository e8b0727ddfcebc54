//! Readers: one a format, each to the same contents.

mod numpy;
mod safetensors;
mod torch;

use std::path::Path;

use crate::error::HeadError;
use crate::tensor::Contents;

/// The largest file of head weights that is read, 256 MiB.
const MOST_BYTES: u64 = 256 << 20;

/// Reads a file by the ending of its name.
pub(crate) fn contents(path: &Path) -> Result<Contents, HeadError> {
    let size = std::fs::metadata(path).map_err(|source| HeadError::io(path, source))?;
    if !size.is_file() {
        return Err(HeadError::format(path, "it is no regular file"));
    }
    if size.len() > MOST_BYTES {
        return Err(HeadError::format(
            path,
            format!(
                "its {} bytes are above the limit of {MOST_BYTES}",
                size.len()
            ),
        ));
    }
    if size.len() == 0 {
        return Err(HeadError::format(path, "it is empty"));
    }
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("pt" | "pth" | "bin") => torch::read(path),
        Some("npy") => numpy::read(path),
        _ => safetensors::read(path),
    }
}
