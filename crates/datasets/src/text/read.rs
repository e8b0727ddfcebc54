//! Readers of the text sets: SMS Spam Collection, YouTube Spam Collection, IMDB reviews.

use std::path::{Path, PathBuf};

use super::TextSet;
use crate::read::{Archive, files, is_hidden};
use crate::{DatasetError, Reading, Remark};

/// Largest text file that is read.
const MOST_BYTES: u64 = 2 << 30;
/// Longest single review.
const MOST_TEXT: u64 = 1 << 20;

/// Reads the SMS Spam Collection: `ham` or `spam`, a tab, the message, one a line. Ham is class 0,
/// spam class 1.
///
/// # Errors
/// A line of another form, or an empty file.
pub fn read_sms(path: &Path, reading: &mut Reading) -> Result<TextSet, DatasetError> {
    let text = files::read_text(path, MOST_BYTES, reading)?;
    let mut rows = Rows::default();
    for (number, line) in files::lines(&text).enumerate() {
        match line.split_once('\t') {
            Some(("ham", message)) => rows.push(message, 0),
            Some(("spam", message)) => rows.push(message, 1),
            _ if line.trim().is_empty() => {}
            _ => {
                return Err(DatasetError::format(
                    path,
                    format!("line {}", number + 1),
                    "expected `ham` or `spam`, a tab and the message",
                ));
            }
        }
    }
    rows.finish(path)
}

/// Reads files of the YouTube Spam Collection, one after the other: CSV with a column `CONTENT`
/// and the label (0 ham, 1 spam) in a column `CLASS`, `label` or `TAG`.
///
/// # Errors
/// A missing column, a label that is neither 0 nor 1, a row that is cut off, an empty file.
pub fn read_youtube(paths: &[PathBuf], reading: &mut Reading) -> Result<TextSet, DatasetError> {
    let mut rows = Rows::default();
    for path in paths {
        let before = rows.texts.len();
        read_youtube_file(path, &mut rows, reading)?;
        if rows.texts.len() == before {
            return Err(DatasetError::format(
                path,
                "the end",
                "no comment below the header",
            ));
        }
    }
    rows.finish(paths.first().map_or(Path::new("youtube"), PathBuf::as_path))
}

fn read_youtube_file(
    path: &Path,
    rows: &mut Rows,
    reading: &mut Reading,
) -> Result<(), DatasetError> {
    let text = files::read_text(path, MOST_BYTES, reading)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken =
        |row: usize, reason: String| DatasetError::format(path, format!("row {row}"), reason);
    let header = reader
        .headers()
        .map_err(|error| broken(0, error.to_string()))?;
    let find = |names: &[&str]| {
        header
            .iter()
            .position(|column| {
                names
                    .iter()
                    .any(|name| column.trim().eq_ignore_ascii_case(name))
            })
            .ok_or_else(|| {
                let known: Vec<&str> = header.iter().collect();
                broken(
                    0,
                    format!(
                        "no column {}\nhint: there are {}",
                        names.join(" or "),
                        known.join(", ")
                    ),
                )
            })
    };
    let (content, class) = (find(&["CONTENT"])?, find(&["CLASS", "label", "TAG"])?);
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| broken(row + 1, error.to_string()))?;
        match record[class].trim() {
            "0" => rows.push(&record[content], 0),
            "1" => rows.push(&record[content], 1),
            other => {
                return Err(broken(
                    row + 1,
                    format!("label `{other}` is neither 0 nor 1"),
                ));
            }
        }
    }
    Ok(())
}

/// Reads IMDB reviews, negative as class 0 and positive as class 1: either a TSV (also .gz) of
/// label (`neg` or `pos`), rating, number and text, or the official `aclImdb_v1.tar.gz`, of which
/// `part` (`train` or `test`) is read.
///
/// # Errors
/// A line of another form, a damaged archive, or no review.
pub fn read_imdb(path: &Path, part: &str, reading: &mut Reading) -> Result<TextSet, DatasetError> {
    let name = path.to_string_lossy();
    if name.ends_with(".tar.gz") || name.ends_with(".tgz") || name.ends_with(".tar") {
        return read_imdb_archive(path, part, reading);
    }
    let text = files::read_text(path, MOST_BYTES, reading)?;
    let mut rows = Rows::default();
    for (number, line) in files::lines(&text).enumerate() {
        let mut fields = line.splitn(4, '\t');
        match (fields.next(), fields.nth(2)) {
            (Some("neg"), Some(review)) => rows.push(review, 0),
            (Some("pos"), Some(review)) => rows.push(review, 1),
            (Some("label"), Some(_)) if number == 0 => {}
            (Some(""), None) => {}
            _ => {
                return Err(DatasetError::format(
                    path,
                    format!("line {}", number + 1),
                    "expected `neg` or `pos`, rating, number and review, with tabs between",
                ));
            }
        }
    }
    rows.finish(path)
}

fn read_imdb_archive(
    path: &Path,
    part: &str,
    reading: &mut Reading,
) -> Result<TextSet, DatasetError> {
    let mut rows = Rows::default();
    Archive::open(path, reading)?.walk(|entry| {
        let name = entry.name;
        let mut folders = name.rsplit('/').skip(1);
        let label = match (folders.next(), folders.next()) {
            (Some("neg"), Some(of)) if of == part => 0,
            (Some("pos"), Some(of)) if of == part => 1,
            _ => return Ok(()),
        };
        let left_out = if is_hidden(name) {
            Some(Remark::Hidden)
        } else if !name.ends_with(".txt") {
            Some(Remark::OtherEnding)
        } else {
            entry.is_link.then_some(Remark::Link)
        };
        if let Some(remark) = left_out {
            reading.remark(remark, name);
            return Ok(());
        }
        let bytes = files::read_limited(path, name, entry.content, MOST_TEXT)?;
        rows.push(&String::from_utf8_lossy(&bytes), label);
        Ok(())
    })?;
    rows.finish(path)
}

#[derive(Default)]
struct Rows {
    texts: Vec<String>,
    labels: Vec<u32>,
}

impl Rows {
    fn push(&mut self, text: &str, label: u32) {
        self.texts.push(text.to_owned());
        self.labels.push(label);
    }

    fn finish(self, path: &Path) -> Result<TextSet, DatasetError> {
        if self.texts.is_empty() {
            return Err(DatasetError::format(path, "the end", "holds no text"));
        }
        TextSet::new(self.texts, self.labels, 2)
    }
}
