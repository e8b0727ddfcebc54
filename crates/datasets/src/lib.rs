//! What there is to learn from: readers, procedural data and few-shot draws.
//!
//! Images are NCHW `f32` in [-1, 1], background -1 and ink +1 where there are such; every random
//! draw comes from a [`StreamKey`], so it does not depend on threads or on the order of calls.
//!
//! ```
//! use datasets::{DatasetSpec, Split, StreamKey, StrokeClasses};
//! # fn main() -> Result<(), datasets::DatasetError> {
//! let key = StreamKey::from_seed(2505);
//! let spec = DatasetSpec::Strokes { classes: StrokeClasses::Digits, images: 500 };
//! let images = spec.load("data".as_ref(), key.child("target"))?;
//! let split = Split::of_images(&images, 0.4, 0.1, key.child("split"))?;
//! split.private.check_shots(4)?;
//! let mut few = Vec::new();
//! split.private.draw(4, &mut key.child("victim").rng(0), &mut few);
//! assert_eq!(few.len(), 40);
//! # Ok(())
//! # }
//! ```

mod draws;
mod error;
mod features;
mod images;
mod picture;
mod read;
mod reading;
mod spec;
mod split;
mod streams;
mod strokes;
mod text;

pub use draws::Pool;
pub use error::{DatasetError, printable};
pub use features::FeatureSet;
pub use images::{ContentHash, ImageSet, ImageShape, shared_images};
pub use picture::{Colour, TRANSPARENT_ON};
pub use read::{
    CifarLabels, IdxAxes, IdxOptions, PairedImages, PictureOptions, read_cifar, read_class_archive,
    read_class_folders, read_features, read_idx, read_labelled_archive, read_matrix, read_omniglot,
    read_paired,
};
pub use reading::{Reading, Remark};
pub use spec::{
    Checked, Content, DatasetSpec, Description, EmnistSplit, FileState, Images, Need, Part, Source,
    TextSpec,
};
pub use split::Split;
pub use streams::StreamKey;
pub use strokes::{StrokeClasses, Strokes};
pub use text::{HashingEmbedder, Messages, TextSet, Topic, read_imdb, read_sms, read_youtube};
