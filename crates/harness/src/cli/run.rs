//! Arguments of `run`, `plan` and `merge`.

use std::path::PathBuf;

use clap::Args;

use super::ProcessorArgs;
use crate::shard::Shard;

/// The configs.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// Configs, one experiment each.
    #[arg(required = true, value_name = "CONFIG")]
    pub configs: Vec<PathBuf>,
    /// What computes.
    #[command(flatten)]
    pub processor: ProcessorArgs,
}

/// What to run.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The configs.
    #[command(flatten)]
    pub configs: ConfigArgs,
    /// Only shard I of N: its share of the cells, into the cache. Shards may run at once, on several
    /// machines that share the cache; `harness merge` then writes the results.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}
