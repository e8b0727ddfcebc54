//! Datasets by name: which files each needs, whether they are whole, and how they are read.

mod bare;
mod catalogue;
mod files;
mod images;
mod load;
mod texts;

pub use files::{Checked, FileState, Need, Source};
pub use images::{DatasetSpec, EmnistSplit, Part};
pub use texts::TextSpec;

/// What a dataset is and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name in a config.
    pub name: &'static str,
    /// What it holds, in a line.
    pub summary: &'static str,
    /// Where to get it; empty where nothing has to be got.
    pub sources: &'static [Source],
}
