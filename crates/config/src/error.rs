//! What can be wrong with a config, and where.

use std::{fmt, path::PathBuf};

use crate::document::{Origin, Path, Segment};

/// Why a config cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the config {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An override on the command line is not `key.path=value`.
    #[error(
        "cannot use `--set {text}`: {reason}\nhint: write `--set sweep.shots=[1,4]` or `--set victims=100`"
    )]
    Override {
        /// As given.
        text: String,
        /// Why.
        reason: String,
    },
    /// What is written is wrong, in one or more places.
    #[error("{}", rendered(problems))]
    Invalid {
        /// Each place; never empty.
        problems: Vec<Problem>,
    },
    /// Two configs of one command would write to one folder.
    #[error("{} and {} are both named `{name}`, so both would write to one folder\nhint: give one of them another `name`", first.display(), second.display())]
    SameName {
        /// The name.
        name: String,
        /// The first config.
        first: PathBuf,
        /// The second config.
        second: PathBuf,
    },
    /// The experiment cannot be written as YAML.
    #[error("cannot write the resolved config: {reason}")]
    Write {
        /// Why.
        reason: String,
    },
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The file as named by the user, or the override.
    pub place: String,
    /// The key's path; empty for the whole file.
    pub path: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: Option<String>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(out, "`{}`: ", self.path)?;
        }
        write!(out, "{}", self.found)?;
        if let Some(expected) = &self.expected {
            write!(out, ", expected {expected}")?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

fn rendered(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A problem that does not know its file yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) origin: Option<Origin>,
    pub(crate) path: Path,
    pub(crate) found: String,
    pub(crate) expected: Option<String>,
    pub(crate) hint: Option<String>,
}

impl Fault {
    /// Something wrong at a known place.
    pub(crate) fn new(origin: Origin, found: impl Into<String>) -> Self {
        Self {
            origin: Some(origin),
            ..Self::nowhere(found)
        }
    }

    /// Something wrong at a place that whoever passes the fault on knows.
    pub(crate) fn nowhere(found: impl Into<String>) -> Self {
        Self {
            origin: None,
            path: Path::default(),
            found: found.into(),
            expected: None,
            hint: None,
        }
    }

    pub(crate) fn at(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the place, where it is not known yet.
    pub(crate) fn placed(mut self, origin: Origin) -> Self {
        self.origin.get_or_insert(origin);
        self
    }

    /// Adds the place, where it is not known yet, and one step in front of the path.
    pub(crate) fn inside(mut self, segment: Segment, origin: Origin) -> Self {
        self.path.0.insert(0, segment);
        self.placed(origin)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.found)
    }
}

impl std::error::Error for Fault {}
