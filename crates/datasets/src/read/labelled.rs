//! Pictures in one archive, their labels in a table beside it: CelebA.

use std::collections::HashMap;
use std::path::Path;

use super::archive::Archive;
use super::classes::PictureOptions;
use super::gather::Gather;
use super::listing::{is_hidden, is_picture};
use super::table::{self, Column};
use crate::error::place_of;
use crate::{DatasetError, ImageSet, Reading, Remark};

/// Reads the pictures of a zip or tar, labelled by `column` of `table`.
///
/// The table is a CSV with a header whose first column names the picture, or one of CelebA's own
/// files (`identity_CelebA.txt`, `list_attr_celeba.txt`). The values of the column are numbered in
/// ascending order (-1 and 0 before 1; names in alphabetical order). Images are in the order of the
/// archive; a picture whose cell is empty is left out.
///
/// # Errors
/// A damaged archive or table, no such column, a picture without a row, a row without a picture,
/// fewer than two classes.
pub fn read_labelled_archive(
    pictures: &Path,
    table: &Path,
    column: &str,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let Column {
        names,
        labels,
        classes,
    } = table::read_column(table, column, reading)?;
    let mut rows: HashMap<&str, (usize, bool)> = HashMap::with_capacity(names.len());
    for (row, name) in names.iter().enumerate() {
        if rows.insert(name, (row, false)).is_some() {
            return Err(DatasetError::format(
                table,
                format!("row {}", row + 1),
                format!("`{name}` has a second row"),
            ));
        }
    }
    let mut gather = Gather::new(pictures, options.side, options.colour, |bytes: &[u8]| {
        options.decode(bytes)
    });
    Archive::open(pictures, reading)?.walk(|entry| {
        let name = entry.name;
        let left_out = if is_hidden(name) {
            Some(Remark::Hidden)
        } else if !is_picture(name) {
            Some(Remark::OtherEnding)
        } else {
            entry.is_link.then_some(Remark::Link)
        };
        if let Some(remark) = left_out {
            reading.remark(remark, name);
            return Ok(());
        }
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some((row, seen)) = rows.get_mut(base) else {
            return Err(DatasetError::format(
                pictures,
                name,
                format!(
                    "has no label in {}\nhint: the table must be of the same pictures",
                    place_of(table)
                ),
            ));
        };
        if std::mem::replace(seen, true) {
            return Err(DatasetError::format(pictures, name, "occurs twice"));
        }
        match labels[*row] {
            Some(label) => gather.push(name, label, entry.content, reading),
            None => {
                reading.remark(Remark::Unlabelled, name);
                Ok(())
            }
        }
    })?;
    let absent = names.iter().filter(|name| !rows[name.as_str()].1);
    let (count, first) = (absent.clone().count(), absent.clone().next());
    if let Some(first) = first {
        return Err(DatasetError::format(
            pictures,
            "the directory",
            format!(
                "lacks {count} of the {} pictures in {}, the first is {first}\nhint: fetch the \
                 archive again or use the table that belongs to it",
                names.len(),
                place_of(table)
            ),
        ));
    }
    gather.finish(|labels| (labels, classes), reading)
}
