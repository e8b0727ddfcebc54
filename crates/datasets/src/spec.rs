//! Datasets by name: what is known of each, which files it needs, whether they are whole, and how
//! they are read.

mod bare;
mod catalogue;
mod facts;
mod files;
mod images;
mod inputs;
mod load;
mod texts;

pub use facts::{Content, Description, Images};
pub use files::{Checked, FileState, Need, Source};
pub use images::{DatasetSpec, EmnistSplit, Part};
pub use texts::TextSpec;
