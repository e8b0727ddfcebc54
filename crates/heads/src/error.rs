//! The error type of this crate.

use std::path::{Path, PathBuf};

/// Why a file is not taken as a head.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The operating system refuses to read it.
    #[error("cannot read the head {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is cut, damaged, or of a format that is not read.
    #[error("cannot read the head {}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// It holds what would be left out, or numbers that no layer can have.
    #[error("cannot use the head {}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Which tensor, and a mend.
        reason: String,
    },
    /// It does not say what has to be known, and nothing was stated.
    #[error("cannot use the head {}: {reason}", path.display())]
    Unstated {
        /// The file.
        path: PathBuf,
        /// What is to be stated, and how.
        reason: String,
    },
}

impl HeadError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn format(path: &Path, reason: impl Into<String>) -> Self {
        Self::Format {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// What is wrong with the tensors of a file, before the file is named.
#[derive(Debug)]
pub(crate) enum Fault {
    Content(String),
    Unstated(String),
}

impl Fault {
    pub(crate) fn content<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Content(reason.into()))
    }

    pub(crate) fn at(self, path: &Path) -> HeadError {
        let path = path.to_owned();
        match self {
            Self::Content(reason) => HeadError::Content { path, reason },
            Self::Unstated(reason) => HeadError::Unstated { path, reason },
        }
    }
}
