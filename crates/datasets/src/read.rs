//! Readers of the formats in which image and feature sets are published.
//!
//! Every reader checks what it reads (magic numbers, dimensions, lengths, counts, labels) and gives
//! a [`DatasetError`](crate::DatasetError) that names the file, the place in it and the mend. What it
//! leaves out, and which files it opened, it enters in the [`Reading`](crate::Reading) it is given.
//!
//! Pictures are PNG, JPEG, GIF, BMP, TIFF, WebP or PNM, by their content. Transparent parts are
//! composed on white.

mod archive;
mod cifar;
mod classes;
mod container;
mod feature_table;
mod features;
pub(crate) mod files;
mod gather;
mod idx;
mod labelled;
mod listing;
mod npy;
mod numbers;
mod omniglot;
mod paired;
mod table;
mod tiny_imagenet;

pub(crate) use archive::Archive;
pub use cifar::{CifarLabels, read_cifar};
pub(crate) use classes::read_class_files;
pub use classes::{PictureOptions, read_class_archive, read_class_folders};
pub(crate) use features::label_file;
pub use features::{read_features, read_matrix};
pub use idx::{IdxAxes, IdxOptions, read_idx};
pub use labelled::read_labelled_archive;
pub(crate) use listing::{ClassFiles, is_hidden};
pub use omniglot::read_omniglot;
pub(crate) use paired::read_list;
pub use paired::{PairedImages, read_paired};
pub(crate) use tiny_imagenet::read_tiny_imagenet;
