//! Errors with the exit codes that they lead to.

use crate::error::HarnessError;
use crate::exit::Exit;

/// An error with the exit code it leads to.
pub struct Failure {
    /// What to print.
    pub message: String,
    /// How to end.
    pub exit: Exit,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(error: &impl std::fmt::Display, exit: Exit) -> Self {
        Self {
            message: error.to_string(),
            exit,
        }
    }
}

impl From<HarnessError> for Failure {
    fn from(error: HarnessError) -> Self {
        let exit = error.exit();
        Self::new(&error, exit)
    }
}

impl From<privacy::PrivacyError> for Failure {
    fn from(error: privacy::PrivacyError) -> Self {
        Self::new(&error, Exit::Usage)
    }
}

impl From<config::ConfigError> for Failure {
    fn from(error: config::ConfigError) -> Self {
        Self::new(&error, Exit::Usage)
    }
}
