//! The experiment config: YAML in, a checked [`Experiment`] and its cells out.

pub mod experiment;

pub use experiment::{Cell, Experiment, Heads, Kind};
