//! The data floor of an experiment: images, their deep features, and who owns which example.

mod network;
mod prepare;
mod stages;
mod threshold;

pub use prepare::{Corpus, scaled};
pub use stages::{CorpusStages, DataHashes};
