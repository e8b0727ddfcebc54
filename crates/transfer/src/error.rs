//! The error type of this crate.

use std::path::PathBuf;

use datasets::DatasetError;

/// What can go wrong with a head or its training.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A setting of a recipe or of a head's shape is impossible.
    #[error("{setting} is {value}, it must be {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it may be, with a hint where there is a mend.
        expected: &'static str,
    },
    /// Features are of another width than the head's inputs.
    #[error(
        "the head takes {head} features, the data has {data} a row\nhint: a head belongs to one backbone; extract the features with that one"
    )]
    Width {
        /// Features the head takes.
        head: usize,
        /// Features there are.
        data: usize,
    },
    /// The data has another number of classes than the head.
    #[error("the head tells {head} classes apart, the data has {data}")]
    Classes {
        /// Classes of the head.
        head: usize,
        /// Classes of the data.
        data: usize,
    },
    /// A buffer of weights or features has the wrong length.
    #[error("cannot read {what}: expected {expected} values, found {found}")]
    Length {
        /// What the buffer should hold.
        what: &'static str,
        /// Values expected.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// A training set is empty or names an example that does not exist.
    #[error("training set of {count} examples cannot be used: {reason}")]
    Members {
        /// Examples in the training set.
        count: usize,
        /// Why not.
        reason: String,
    },
    /// The weights became infinite or not a number.
    #[error(
        "training diverged after {steps} steps: the weights are not finite\nhint: lower `learning_rate`"
    )]
    Diverged {
        /// Steps taken.
        steps: usize,
    },
    /// Newton's method found no minimum.
    #[error(
        "logistic regression did not converge in {steps} steps (off by {residual:e})\nhint: lower `strength`, or scale the features down"
    )]
    NotConverged {
        /// Steps taken.
        steps: usize,
        /// By how much the conditions for the minimum are missed.
        residual: f64,
    },
    /// Examples cannot be drawn.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Worker threads cannot be started.
    #[error("cannot start worker threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A file cannot be read.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried: `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of heads that others trained cannot be used.
    #[error("{} cannot be used as shadow heads: {reason}", path.display())]
    Given {
        /// The file.
        path: PathBuf,
        /// Why not, and the mend.
        reason: String,
    },
}
