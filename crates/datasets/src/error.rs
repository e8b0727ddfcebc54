//! The error type of this crate.

use std::path::PathBuf;

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
    #[error("class {class} has {available} examples, {needed} are needed\nhint: lower `shots` or use more images")]
    TooFew {
        /// The class.
        class: usize,
        /// Examples there are.
        available: usize,
        /// Examples asked for.
        needed: usize,
    },
}
