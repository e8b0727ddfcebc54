//! What there is to learn from: readers, procedural data and few-shot draws.

mod draws;
mod error;
mod features;
mod images;
mod picture;
mod read;
mod spec;
mod split;
mod streams;
mod strokes;
mod text;

pub use draws::Pool;
pub use error::DatasetError;
pub use features::FeatureSet;
pub use images::{ContentHash, ImageSet, ImageShape, shared_images};
pub use picture::Colour;
pub use read::{
    CifarLabels, IdxAxes, IdxOptions, PictureOptions, read_cifar, read_class_archive,
    read_class_folders, read_features, read_idx, read_labelled_archive, read_omniglot,
};
pub use spec::{
    Checked, DatasetSpec, Description, EmnistSplit, FileState, Need, Part, Source, TextSpec,
};
pub use split::Split;
pub use streams::StreamKey;
pub use strokes::{StrokeClasses, Strokes};
pub use text::{HashingEmbedder, Messages, TextSet, Topic, read_imdb, read_sms, read_youtube};
