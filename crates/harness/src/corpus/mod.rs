//! The data floor of an experiment: images, their deep features, and who owns which example.

mod colour;
mod network;
mod preflight;
mod prepare;
mod spaces;
mod stages;
mod threshold;

pub use preflight::check as preflight;
pub use prepare::{Corpus, scaled, task_labels};
pub use spaces::Lookup;
pub use stages::{CorpusStages, DataHashes, fingerprint};
