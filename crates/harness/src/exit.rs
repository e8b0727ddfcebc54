//! How a command ends.

use std::process::ExitCode;

/// How a command ends; the numbers are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// A cell failed, the others still ran; or a step of the work did.
    Failed = 1,
    /// The command line or the config is wrong.
    Usage = 2,
    /// `check` fell short of its baseline, or a head of `audit --max-tpr`.
    FellShort = 3,
    /// Data or an artefact is missing or damaged.
    Data = 4,
    /// Stopped from outside (Ctrl-C, or a signal to end); what was finished is kept.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
