//! Arguments of `show`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Runs to lay side by side.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Tables of results, or the folders that they are in: one table of all, what leaked most first.
    #[arg(
        value_name = "RESULTS",
        required_unless_present = "compare",
        conflicts_with = "compare"
    )]
    pub runs: Vec<PathBuf>,
    /// Two runs cell by cell, with differences and their intervals.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Option<Vec<PathBuf>>,
    /// Runs of one config that differ in their seed: a row for each cell, with the mean, the least and
    /// the most over the seeds.
    #[arg(long, conflicts_with_all = ["compare", "record"])]
    pub seeds: bool,
    /// Keep each run below DIR, in a folder of its experiment's name: table, config, pictures, and a
    /// page with the command, the commit, the machine, the time and what was found.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["compare", "format"])]
    pub record: Option<PathBuf>,
    /// Draw the figures of all runs together into DIR, from their rows alone.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["compare", "seeds", "record", "format"])]
    pub figures: Option<PathBuf>,
    /// How the table is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// Aligned columns.
    #[default]
    Text,
    /// A Markdown table.
    Markdown,
    /// CSV with every column.
    Csv,
}
