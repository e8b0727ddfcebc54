//! Files that are whole or not there.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::ReportError;

/// Writes to a temporary name beside the file and renames, so that a reader never sees half of it.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    let failed = |doing| {
        move |source| ReportError::File {
            doing,
            path: path.to_owned(),
            source,
        }
    };
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    if let Err(source) = written {
        // The write's own error is the one to tell; a part that cannot be removed changes nothing.
        let _ = fs::remove_file(&temporary);
        return Err(failed("write")(source));
    }
    fs::rename(&temporary, path).map_err(failed("rename the finished part to"))
}
