//! Arguments of `run` and `plan`.

use std::path::PathBuf;

use clap::Args;

/// The configs.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// Configs, one experiment each.
    #[arg(required = true, value_name = "CONFIG")]
    pub configs: Vec<PathBuf>,
}
