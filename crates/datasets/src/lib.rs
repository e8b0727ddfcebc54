//! What there is to learn from: readers, procedural data and few-shot draws.

mod draws;
mod error;
mod features;
mod images;
mod streams;

pub use draws::{Pool, Split};
pub use error::DatasetError;
pub use features::FeatureSet;
pub use images::{ImageSet, ImageShape};
pub use streams::StreamKey;
