//! Datasets by name: what is known of each, which files it needs, whether they are whole, and how
//! they are read.

mod bare;
mod catalogue;
mod facts;
mod files;
mod images;
mod inputs;
mod known;
mod load;
mod part;
mod texts;

pub use facts::{Content, Description, Images};
pub use files::{Checked, FileState, Need, Source};
pub use images::DatasetSpec;
pub use part::{EmnistSplit, Part};
pub use texts::TextSpec;
