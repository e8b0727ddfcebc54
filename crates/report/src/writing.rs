//! Files that are whole or not there.

use std::path::Path;

use crate::error::ReportError;

/// Writes a file so that a reader never sees half of it.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    files::write_whole(path, content).map_err(|source| ReportError::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}
