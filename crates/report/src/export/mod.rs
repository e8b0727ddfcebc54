//! Scenes into files, one format a file.

mod draw;
pub mod png;
pub mod svg;
