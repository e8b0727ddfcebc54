//! Arguments of `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Results, and what they are held against.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Tables results.csv, or the folders that they are in; the folder of baselines among them is
    /// passed over, so that results/* names all.
    #[arg(value_name = "RESULTS", required = true)]
    pub measured: Vec<PathBuf>,
    /// The baseline: a results.csv of an earlier run, or a folder with one of each experiment, by its
    /// name: quickstart.csv.
    #[arg(long, value_name = "FILE_OR_DIR")]
    pub baseline: PathBuf,
    /// Make the results the baseline: write them there, once the comparison with what it held is told.
    #[arg(long)]
    pub save: bool,
    /// How the findings are written.
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
    /// By how much an attack on undefended heads may fall, as a share.
    #[arg(long, value_name = "SHARE", default_value_t = report::Gate::default().attack, value_parser = share)]
    pub attack_fall: f64,
    /// By how much an attack on defended heads may rise, as a share.
    #[arg(long, value_name = "SHARE", default_value_t = report::Gate::default().defence, value_parser = share)]
    pub leak_rise: f64,
    /// By how much accuracy may fall, as a share.
    #[arg(long, value_name = "SHARE", default_value_t = report::Gate::default().accuracy, value_parser = share)]
    pub accuracy_fall: f64,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A line a finding.
    #[default]
    Text,
    /// A table for code hosts.
    Markdown,
    /// XML for CI systems.
    Junit,
}

/// A share from 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share from 0 to 1: 0.02 is two points".to_owned())
}
