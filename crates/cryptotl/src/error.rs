//! The error type of this crate.

/// What can go wrong with networks, training and the protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoTlError {
    /// A network or setup cannot be made.
    #[error("cannot {what}: {reason}")]
    Shape {
        /// What was being made or done.
        what: &'static str,
        /// What was expected and what was found, and the mend.
        reason: String,
    },
    /// Training cannot start or has diverged.
    #[error("cannot {what}: {reason}")]
    Training {
        /// What was being trained.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A message is not what it should be.
    #[error("cannot read {what}: {reason}")]
    Message {
        /// Which message.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Encrypted arithmetic failed.
    #[error(transparent)]
    Ckks(#[from] ckks::CkksError),
    /// A dataset failed.
    #[error(transparent)]
    Dataset(#[from] datasets::DatasetError),
    /// An interval failed.
    #[error(transparent)]
    Evaluation(#[from] evaluation::EvaluationError),
    /// A weight file failed.
    #[error("cannot read or write {}: {reason}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        reason: String,
    },
}

/// A [`CryptoTlError::Shape`].
pub(crate) fn shape_error<T>(
    what: &'static str,
    reason: impl Into<String>,
) -> Result<T, CryptoTlError> {
    Err(CryptoTlError::Shape {
        what,
        reason: reason.into(),
    })
}
