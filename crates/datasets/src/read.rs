//! Readers of the formats in which image and feature sets are published.
//!
//! Every reader checks what it reads (magic numbers, dimensions, lengths, counts, labels) and gives
//! a [`DatasetError`](crate::DatasetError) that names the file, the place in it and the mend.

mod archive;
mod cifar;
mod classes;
mod features;
pub(crate) mod files;
mod gather;
mod idx;
mod labelled;
mod npy;
mod numbers;
mod omniglot;
mod table;

pub(crate) use archive::walk as walk_archive;
pub use cifar::{CifarLabels, read_cifar};
pub use classes::{PictureOptions, read_class_archive, read_class_folders};
pub use features::{read_features, read_matrix};
pub use idx::{IdxAxes, IdxOptions, read_idx};
pub use labelled::read_labelled_archive;
pub use omniglot::read_omniglot;
