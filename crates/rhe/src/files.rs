//! Files: one container for every object, and what each object puts in it.

mod container;
mod count;
mod decision;
mod keygen;
mod linear;
mod output;
mod private;
mod reader;
mod relu;
mod scale;
mod secret;
mod square;
mod writer;

pub(crate) use container::Kind;
pub(crate) use linear::LinearStream;
pub(crate) use reader::{ContainerFile, Reader, at, other_kind};
pub(crate) use writer::Stored;

pub use count::RevealCount;
pub(crate) use output::save;
pub use output::{check_outputs, must_be_new};

#[cfg(test)]
mod tests;
