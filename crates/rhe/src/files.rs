//! Files: one container for every object, and what each object puts in it.

mod container;
mod decision;
mod linear;
mod private;
mod relu;
mod scale;
mod secret;
mod square;

pub(crate) use container::{Kind, Reader, read_limited, write_whole};
pub(crate) use secret::at;

#[cfg(test)]
mod tests;
