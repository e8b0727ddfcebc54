//! Tiny ImageNet: class folders in `train`, and in `val` class folders or, as it is distributed,
//! one folder of pictures with a table of their classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::archive::Archive;
use super::classes::{PictureOptions, read_classes};
use super::files;
use super::gather::Gather;
use super::listing::{is_hidden, is_picture};
use crate::{DatasetError, ImageSet, Reading, Remark};

/// The table's name, and most bytes of it.
const TABLE: &str = "val_annotations.txt";
const MOST_BYTES: u64 = 16 << 20;

/// Reads `train`, `val` or both of an archive. A class has the same number in both parts: all names
/// that occur in the archive are numbered in alphabetical order.
///
/// # Errors
/// A damaged archive, a part without pictures, a picture that cannot be decoded or that the table
/// does not name.
pub(crate) fn read_tiny_imagenet(
    path: &Path,
    parts: &[&str],
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let mut archive = Archive::open(path, reading)?;
    let (names, table) = survey(path, &mut archive)?;
    let mut sets = Vec::new();
    for &part in parts {
        sets.push(match (&table, part) {
            (Some(table), "val") => {
                read_annotated(path, &mut archive, table, &names, options, reading)?
            }
            _ => read_classes(path, &mut archive, part, Some(&names), options, reading)?,
        });
    }
    ImageSet::append(sets)
}

/// Names of all classes and, where there is one, the class of each picture of `val`.
fn survey(path: &Path, archive: &mut Archive) -> Result<Survey, DatasetError> {
    let (mut names, mut table) = (BTreeSet::new(), None);
    archive.walk(|entry| {
        if is_hidden(entry.name) {
            return Ok(());
        }
        let parts: Vec<&str> = entry.name.split('/').collect();
        if entry.name.ends_with(&format!("val/{TABLE}")) {
            let bytes = files::read_limited(path, entry.name, entry.content, MOST_BYTES)?;
            table = Some(parse_table(
                path,
                entry.name,
                &String::from_utf8_lossy(&bytes),
            )?);
        } else if let Some(at) = parts
            .iter()
            .position(|part| ["train", "val"].contains(part))
            && let [class, _, ..] = parts[at + 1..]
            && is_picture(entry.name)
            && !(parts[at] == "val" && class == "images")
        {
            names.insert(class.to_owned());
        }
        Ok(())
    })?;
    if let Some(table) = &table {
        names.extend(table.values().cloned());
    }
    Ok((names, table))
}

type Survey = (BTreeSet<String>, Option<BTreeMap<String, String>>);

/// `PICTURE\tCLASS\t…`, one a line.
fn parse_table(
    path: &Path,
    name: &str,
    text: &str,
) -> Result<BTreeMap<String, String>, DatasetError> {
    let mut table = BTreeMap::new();
    for (number, line) in files::lines(text).enumerate() {
        let mut fields = line.split('\t');
        match (fields.next(), fields.next()) {
            (Some(picture), Some(class)) => {
                table.insert(picture.trim().to_owned(), class.trim().to_owned());
            }
            _ if line.trim().is_empty() => {}
            _ => {
                let reason = "expected the name of a picture, a tab and its class";
                let place = format!("{name}, line {}", number + 1);
                return Err(DatasetError::format(path, place, reason));
            }
        }
    }
    Ok(table)
}

fn read_annotated(
    path: &Path,
    archive: &mut Archive,
    table: &BTreeMap<String, String>,
    names: &BTreeSet<String>,
    options: PictureOptions,
    reading: &mut Reading,
) -> Result<ImageSet, DatasetError> {
    let order: Vec<&String> = names.iter().collect();
    let mut gather = Gather::new(path, options.side, options.colour, |bytes: &[u8]| {
        options.decode(bytes)
    });
    archive.walk(|entry| {
        if !entry.name.split('/').any(|part| part == "val") || entry.name.ends_with(TABLE) {
            return Ok(());
        }
        let remark = match entry.name.rsplit('/').next() {
            _ if is_hidden(entry.name) => Remark::Hidden,
            _ if !is_picture(entry.name) => Remark::OtherEnding,
            _ if entry.is_link => Remark::Link,
            base => {
                let class = base.and_then(|base| table.get(base)).ok_or_else(|| {
                    DatasetError::format(path, entry.name, format!("has no line in {TABLE}"))
                })?;
                let label = order.partition_point(|name| *name < class) as u32;
                return gather.push(entry.name, label, entry.content, reading);
            }
        };
        reading.remark(remark, entry.name);
        Ok(())
    })?;
    if gather.len() != table.len() {
        let reason = format!("{} pictures, {TABLE} names {}", gather.len(), table.len());
        return Err(DatasetError::format(path, "folder `val`", reason));
    }
    gather.finish(|labels| (labels, order.len()), reading)
}
