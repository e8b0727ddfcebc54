//! The error type of this crate.

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
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{} is damaged or of another format: {place}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: String,
        /// What was expected and what was found, and the mend.
        reason: String,
    },
    /// A class has fewer examples than a draw needs.
    #[error(
        "class {class} has {available} examples, {needed} are needed\nhint: lower `shots` or use more images"
    )]
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
            place: place.into(),
            reason: reason.into(),
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
    let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    paths.join(", ")
}
