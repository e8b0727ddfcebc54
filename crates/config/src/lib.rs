//! The experiment config: YAML in, a checked [`Experiment`] and its cells out.
//!
//! A file becomes a tree of [`document`] nodes that know their line, overrides are put in, serde
//! reads the raw types, and the checks turn those into the [`experiment`]; whatever is wrong
//! on the way is a [`Problem`] with file, line, key path, what was expected and, where it helps,
//! a hint.

mod check;
pub mod document;
mod error;
pub mod experiment;
mod load;
mod raw;
mod reference;

pub use check::{NAME, is_name};
pub use error::{ConfigError, Problem};
pub use experiment::*;
pub use load::{Loaded, from_text, load, schema, to_yaml};
pub use reference::reference;
