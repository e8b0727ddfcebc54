//! Arguments of `bench`.

use clap::{Args, ValueEnum};

use super::ProcessorArgs;

/// What to measure, and how to print it.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// What to measure [default: everything].
    #[arg(value_enum)]
    pub target: Option<BenchTarget>,
    /// Only this case of `cryptotl`, in this process (otherwise each case has a process of its own,
    /// so that its peak memory is its own).
    #[arg(long, value_enum)]
    pub case: Option<BenchCase>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// What computes.
    #[command(flatten)]
    pub processor: ProcessorArgs,
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

/// The cases of `cryptotl`, in the order of [`cryptotl::Bench::standard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchCase {
    /// N = 8192, one input.
    Fast,
    /// N = 8192, full ciphertexts.
    FastFull,
    /// N = 16384, one input.
    Accurate,
    /// N = 16384, full ciphertexts.
    AccurateFull,
}
