//! Arguments of `slurm`.

use clap::Args;

use super::ConfigArgs;
use crate::slurm::{Memory, WallTime};

/// What is queued, and what Slurm is asked for. The common option `--jobs` is the number of processors a
/// job (default 1).
#[derive(Clone, Debug, Args)]
pub struct SlurmArgs {
    /// The configs.
    #[command(flatten)]
    pub configs: ConfigArgs,
    /// Submit the jobs, instead of saying how to.
    #[arg(long)]
    pub submit: bool,
    /// Most jobs of an array [default: one for each group of cells that share a stage, up to 1000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub array_size: Option<u32>,
    /// Time limit of a job, as Slurm writes it: MINUTES, MINUTES:SECONDS, HOURS:MINUTES:SECONDS,
    /// `DAYS-HOURS[:MINUTES[:SECONDS]]` [default: the partition's].
    #[arg(long, value_name = "T")]
    pub time: Option<WallTime>,
    /// Memory of a job, with K, M, G or T behind it; a number alone is in megabytes [default: the
    /// partition's].
    #[arg(long, value_name = "M")]
    pub mem: Option<Memory>,
    /// Partition, or several with commas between [default: the cluster's].
    #[arg(long, value_name = "P", value_parser = partition)]
    pub partition: Option<String>,
    /// Only nodes with this feature, such as those of one kind of processor: shards of unlike instruction
    /// sets do not merge.
    #[arg(long, value_name = "FEATURE", value_parser = feature)]
    pub constraint: Option<String>,
}

fn feature(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:&|*()[]!".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("expected a feature of nodes; `sinfo --format '%n %f'` lists them".into())
    }
}

fn partition(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("expected the name of a partition; `sinfo` lists them".into())
    }
}
