//! What there is to learn from: readers, procedural data and few-shot draws.

mod draws;
mod error;
mod features;
mod images;
mod picture;
mod read;
mod streams;
mod strokes;

pub use draws::{Pool, Split};
pub use error::DatasetError;
pub use features::FeatureSet;
pub use images::{ImageSet, ImageShape};
pub use picture::Colour;
pub use read::{IdxAxes, IdxOptions, read_idx, read_omniglot};
pub use streams::StreamKey;
pub use strokes::{StrokeClasses, Strokes};
