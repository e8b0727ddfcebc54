//! Options that all commands share.

use std::path::PathBuf;

use clap::Args;
use spec::Device;

use super::word::word;
use crate::context::{Context, data_folder};

/// Options that all commands share.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct Options {
    /// Where results are written.
    #[arg(long, global = true, value_name = "DIR", default_value = Context::RESULTS)]
    pub results: PathBuf,
    /// Where finished stages are kept.
    #[arg(long, global = true, value_name = "DIR", default_value = Context::CACHE)]
    pub cache: PathBuf,
    /// Where real data is looked for; RHEA_DATA, if that is set and not empty, stands for it.
    #[arg(long, global = true, value_name = "DIR", default_value_os_t = data_folder())]
    pub data: PathBuf,
    /// Replace a value of each config, such as `sweep.shots=[1,4]`; may be given several times.
    #[arg(long = "set", global = true, value_name = "KEY.PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Threads [default: as many as the machine runs at once]. Results do not depend on it.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// What trains backbones and reconstructors and computes features. Cards need a build with the feature of that name, and
    /// give other last digits than the CPU.
    #[arg(long, global = true, value_name = "NAME", default_value_t, value_parser = word::<Device>())]
    pub device: Device,
    /// Stop at the first failed cell.
    #[arg(long, global = true)]
    pub fail_fast: bool,
    /// No progress on standard error; what fails is said all the same.
    #[arg(long, short, global = true)]
    pub quiet: bool,
}
