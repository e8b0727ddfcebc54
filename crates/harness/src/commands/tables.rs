//! Tables of results that a command is given.

use std::path::Path;

use report::{ResultRow, Table};

use crate::exit::Exit;
use crate::failure::Failure;

/// Reads the table at `path`, which may be the folder that it is in.
pub fn read(path: &Path) -> Result<Table<ResultRow>, Failure> {
    let table = if path.is_dir() {
        path.join("results.csv")
    } else {
        path.to_owned()
    };
    Table::read(&table).map_err(|error| Failure::new(&error, Exit::Data))
}
