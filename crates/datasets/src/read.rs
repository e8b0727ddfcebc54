//! Readers of the formats in which image and feature sets are published.
//!
//! Every reader checks what it reads (magic numbers, dimensions, lengths, counts, labels) and gives
//! a [`DatasetError`](crate::DatasetError) that names the file, the place in it and the mend.

mod archive;
mod files;
mod gather;
mod idx;
mod omniglot;

pub use idx::{IdxAxes, IdxOptions, read_idx};
pub use omniglot::read_omniglot;
