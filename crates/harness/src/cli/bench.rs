//! Arguments of `bench`.

use clap::{Args, ValueEnum};

/// What to measure, and how to print it.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// What to measure [default: everything].
    #[arg(value_enum)]
    pub target: Option<BenchTarget>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchTarget {
    /// Shadow heads a second.
    Shadow,
    /// Encrypted predictions.
    Rhe,
    /// Encrypted feature extraction.
    Cryptotl,
    /// Training and running the attacks.
    Attack,
}
