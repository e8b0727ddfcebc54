//! The command line: what can be asked, in clap's types.

mod audit;
mod bench;
mod cache;
mod check;
mod data;
mod options;
mod privacy;
mod processor;
mod rhe;
mod run;
mod schema;
mod shorthand;
mod show;
mod slurm;
mod word;

pub use audit::HeadAuditArgs;
pub use bench::{BenchArgs, BenchCase, BenchTarget};
pub use cache::CacheCommand;
pub use check::{CheckArgs, CheckFormat};
pub use data::DataCommand;
pub use options::Options;
pub use privacy::{
    AuditArgs, CanaryArgs, CountingArgs, EpsilonArgs, MechanismArgs, NoiseArgs, PrivacyCommand,
    StepsArgs,
};
pub use processor::ProcessorArgs;
pub use rhe::{ClassifyArgs, CountArgs, KeygenArgs, ProtectArgs, RevealArgs, RheCommand};
pub use run::{ConfigArgs, RunArgs};
pub use schema::SchemaArgs;
pub use show::{ShowArgs, ShowFormat};
pub use slurm::SlurmArgs;

use std::ffi::OsString;

use clap::{Parser, Subcommand};
use spec::Instructions;

/// How much of a few-shot training set can be read back out of a transfer-learned classifier, and
/// what stops it?
///
/// `harness CONFIG...` is short for `harness run CONFIG...`.
///
/// Exit codes: 0 done; 1 a cell failed (the others still ran); 2 the command line or the config
/// is wrong; 3 `check` or `audit` fell short; 4 data or an artefact is missing or damaged; 130 stopped from
/// outside (Ctrl-C), and what was finished is kept.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "harness",
    version,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What all commands share.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run experiments; the same command resumes.
    Run(RunArgs),
    /// Write the results of experiments whose shards have been run.
    Merge(ConfigArgs),
    /// Write, or submit, a Slurm job array with a job a shard, and a job that merges.
    Slurm(SlurmArgs),
    /// Say what would run, what is cached and why not, and how long it takes; run nothing.
    Plan(ConfigArgs),
    /// Say whether one head may be released: what is read back out of it, and out of heads like it.
    Audit(HeadAuditArgs),
    /// Compare results with a baseline: attack success, defence and accuracy.
    Check(CheckArgs),
    /// Show runs in one table, what leaked most first, or two of them cell by cell.
    Show(ShowArgs),
    /// Differential privacy: epsilon from noise, noise from epsilon or from risk, audits.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Reverse homomorphic encryption: protect a head, classify with it, reveal the class.
    #[command(subcommand)]
    Rhe(RheCommand),
    /// Measure speed.
    Bench(BenchArgs),
    /// What each dataset needs, where it is looked for, whether it is whole.
    #[command(subcommand)]
    Data(DataCommand),
    /// What finished stages are kept, and which of them by other code.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print the JSON schema of the config.
    Schema(SchemaArgs),
}

impl Cli {
    /// Reads the command line, the program's name included.
    ///
    /// # Errors
    /// clap's, which knows how to print itself and its exit code: 2, or 0 for `--help`.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(shorthand::with_run(args.into_iter().collect()))
    }

    /// The instructions that this process is held to; the jobs of `slurm` are held, not what queues them.
    pub fn instructions(&self) -> Option<Instructions> {
        match &self.command {
            Command::Run(args) => args.configs.processor.instructions,
            Command::Merge(args) | Command::Plan(args) => args.processor.instructions,
            Command::Audit(args) => args.processor.instructions,
            Command::Bench(args) => args.processor.instructions,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
