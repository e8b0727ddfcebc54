//! Arguments of `check`.

use std::path::PathBuf;

use clap::Args;

/// Results, and what they are held against.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// A results.csv, or the folder that it is in.
    #[arg(value_name = "RESULTS")]
    pub measured: PathBuf,
    /// The baseline: a results.csv of an earlier run.
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
}
