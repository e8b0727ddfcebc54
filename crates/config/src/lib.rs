//! The experiment config: YAML in, a checked [`Experiment`] and its cells out.

pub mod document;
mod error;
pub mod experiment;

pub use error::{ConfigError, Problem};
pub use experiment::*;
