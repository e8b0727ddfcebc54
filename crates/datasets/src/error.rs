//! The error type of this crate.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// What can go wrong with a dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// Values do not fill the stated shape.
    #[error("cannot make {what}: expected {expected}, found {found}")]
    Shape {
        /// What was being made.
        what: String,
        /// The shape asked for.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A label is not below the number of classes.
    #[error("label {label} is not below the number of classes, {classes}")]
    Label {
        /// The label.
        label: u32,
        /// The number of classes.
        classes: usize,
    },
    /// A pixel is outside [-1, 1].
    #[error("pixel value {value} is outside [-1, 1]")]
    PixelRange {
        /// The value.
        value: f32,
    },
    /// A feature is infinite or not a number.
    #[error("the feature in row {row}, column {column} is not finite")]
    NotFinite {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
    },
    /// A file cannot be read at all.
    #[error("cannot read {}: {source}", place_of(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error(
        "{} is damaged or of another format: {place}: {reason}",
        place_of(path)
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: String,
        /// What was expected and what was found, and the mend.
        reason: String,
    },
    /// A class has fewer examples than a draw needs.
    #[error("{}", too_few(*class, *available, *needed))]
    TooFew {
        /// The class.
        class: usize,
        /// Examples there are.
        available: usize,
        /// Examples asked for.
        needed: usize,
    },
    /// A setting asks for something that cannot be had.
    #[error("`{setting}` cannot be used: {reason}")]
    Setting {
        /// The setting, as in a config.
        setting: String,
        /// Why not, and the mend.
        reason: String,
    },
    /// A dataset's file is not there.
    #[error(
        "{dataset} needs {file}, which is not there; looked for {}\nhint: {hint}",
        list(looked_for)
    )]
    Missing {
        /// The dataset.
        dataset: String,
        /// The file, in words.
        file: String,
        /// Paths tried.
        looked_for: Vec<PathBuf>,
        /// Where to get it.
        hint: String,
    },
}

impl DatasetError {
    /// A [`DatasetError::Format`].
    pub(crate) fn format(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Format {
            path: path.to_path_buf(),
            place: shown(&place.into()),
            reason: printable(&reason.into()).into_owned(),
        }
    }

    /// A [`DatasetError::Read`].
    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read {
            path: path.to_path_buf(),
            source,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| place_of(path)).collect();
    paths.join(", ")
}

fn too_few(class: usize, available: usize, needed: usize) -> String {
    let there = match available {
        0 => "no example".to_owned(),
        1 => "1 example".to_owned(),
        n => format!("{n} examples"),
    };
    let mend = match available {
        0 => "every class needs examples in each part: use more data or other `shares`",
        _ => "lower `shots` or use more data",
    };
    let verb = if needed == 1 { "is" } else { "are" };
    format!("class {class} has {there}, {needed} {verb} needed\nhint: {mend}")
}

/// A path for a message, with what a link leads to.
pub(crate) fn place_of(path: &Path) -> String {
    let named = shown(&path.display().to_string());
    match std::fs::read_link(path) {
        Ok(target) => format!(
            "{named} (a link to {})",
            shown(&target.display().to_string())
        ),
        Err(_) => named,
    }
}

/// A name for a message, on one line: what a terminal would obey is written out.
pub(crate) fn shown(name: &str) -> String {
    printable(name).replace('\n', "\\n")
}

/// Text for a message: characters that a terminal would obey, or that turn the direction of
/// writing, are written out; lines stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if obeyed(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        let title = "\x1b]0;owned\x07\x1b[2Ja\nb\u{202e}c\r";
        let message =
            DatasetError::format(Path::new("a\x1b[31m.zip"), title, "why\nhint: \x08x").to_string();
        assert!(
            !message.chars().any(|c| c.is_control() && c != '\n'),
            "{message:?}"
        );
        assert!(message.contains("\\u{1b}]0;owned\\u{7}"), "{message}");
        assert!(message.contains("a\\nb\\u{202e}c"), "{message}");
        assert_eq!(message.lines().count(), 2, "{message}");
        assert_eq!(printable("ä 漢 plain"), "ä 漢 plain");
    }

    #[test]
    fn links_are_named_with_their_targets() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("set.npy");
        std::os::unix::fs::symlink("/nowhere/at/all", &link).unwrap();
        let error = DatasetError::read(&link, std::io::ErrorKind::NotFound.into()).to_string();
        assert!(
            error.contains("set.npy (a link to /nowhere/at/all)"),
            "{error}"
        );
    }
}
