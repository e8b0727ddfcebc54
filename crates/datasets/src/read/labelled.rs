//! Pictures in one archive, their labels in a table beside it: CelebA.

use std::collections::HashMap;
use std::path::Path;

use super::classes::{PictureOptions, is_picture};
use super::gather::{Gather, MOST_PICTURE_BYTES};
use super::table::{self, Column};
use super::{archive, files};
use crate::{DatasetError, ImageSet};

/// Reads the pictures of a zip or tar, labelled by `column` of `table`.
///
/// The table is a CSV with a header whose first column names the picture, or one of CelebA's own
/// files (`identity_CelebA.txt`, `list_attr_celeba.txt`). The values of the column are numbered in
/// ascending order (-1 and 0 before 1; names in alphabetical order). Images are in the order of the
/// archive.
///
/// # Errors
/// A damaged archive or table, no such column, a picture without a row, a row without a picture,
/// fewer than two classes.
pub fn read_labelled_archive(
    pictures: &Path,
    table: &Path,
    column: &str,
    options: PictureOptions,
) -> Result<ImageSet, DatasetError> {
    let Column {
        names,
        labels,
        classes,
    } = table::read_column(table, column)?;
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
    let mut gather = Gather::new(pictures, options.shape(), |bytes: &[u8]| {
        options.decode(bytes)
    });
    archive::walk(pictures, |name, content| {
        if !is_picture(name) || name.starts_with("__MACOSX") {
            return Ok(());
        }
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some((row, seen)) = rows.get_mut(base) else {
            return Err(DatasetError::format(
                pictures,
                name,
                format!(
                    "has no label in {}\nhint: the table must be of the same pictures",
                    table.display()
                ),
            ));
        };
        if std::mem::replace(seen, true) {
            return Err(DatasetError::format(pictures, name, "occurs twice"));
        }
        let label = labels[*row];
        let bytes = files::read_limited(pictures, name, content, MOST_PICTURE_BYTES)?;
        gather.push(name, label, bytes)
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
                table.display()
            ),
        ));
    }
    let (labels, pixels) = gather.finish()?;
    ImageSet::new(options.shape(), pixels, labels, classes)
}
