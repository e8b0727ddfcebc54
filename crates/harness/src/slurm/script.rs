//! Scripts for `sbatch`: what Slurm is asked for, and the command that each job is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use spec::{Device, Instructions};

use super::limits::Limits;

/// What the jobs of an experiment run; every path is absolute, since a job starts wherever Slurm puts it.
#[derive(Clone, Debug)]
pub struct Command {
    /// The experiment's name.
    pub experiment: String,
    /// The `harness` command.
    pub program: PathBuf,
    /// The config.
    pub config: PathBuf,
    /// `--results`.
    pub results: PathBuf,
    /// `--cache`.
    pub cache: PathBuf,
    /// `--data`.
    pub data: PathBuf,
    /// `--device`.
    pub device: Device,
    /// `--instructions`.
    pub instructions: Option<Instructions>,
    /// `--fail-fast`.
    pub fail_fast: bool,
    /// Where the jobs' output goes.
    pub logs: PathBuf,
}

/// The script of an array of `shards` jobs, one a shard.
///
/// A job that Slurm queues again (after a node failed, or by `scontrol requeue`) does what is missing: what
/// it had finished is in the cache.
pub fn array(command: &Command, shards: usize, limits: &Limits) -> String {
    let mut text = head(
        &format!("{} in {shards} shards", command.experiment),
        &format!("rhea-{}", command.experiment),
        &command.logs.join("shard-%a.log"),
        limits,
    );
    // Slurm wants its options before the first command.
    let _ = write!(
        text,
        "#SBATCH --array=1-{shards}\n\
         #SBATCH --requeue\n\
         set -eu\n\
         echo \"shard $SLURM_ARRAY_TASK_ID/{shards}, start $((${{SLURM_RESTART_COUNT:-0}} + 1)), \
         on ${{SLURMD_NODENAME:-$(hostname)}}\"\n"
    );
    let shard = format!("\"$SLURM_ARRAY_TASK_ID/{shards}\"");
    let mut words = vec!["run", "--shard", &shard];
    // The merge computes nothing.
    if let Some(held) = command.instructions {
        words.extend(["--instructions", held.word()]);
    }
    text + &exec(command, &words)
}

/// The script of the job that writes the results when every shard has ended.
pub fn merge(command: &Command, limits: &Limits) -> String {
    let text = head(
        &format!("{}: results of all shards", command.experiment),
        &format!("rhea-{}-merge", command.experiment),
        &command.logs.join("merge.log"),
        limits,
    );
    text + "set -eu\n" + &exec(command, &["merge"])
}

fn head(title: &str, job: &str, log: &Path, limits: &Limits) -> String {
    let mut text = format!("#!/bin/bash\n# Written by `harness slurm`: {title}.\n");
    let mut options = vec![
        format!("--job-name={job}"),
        format!("--output={}", pattern(log)),
        // A job that is queued again goes on with its log.
        "--open-mode=append".to_owned(),
        "--ntasks=1".to_owned(),
    ];
    options.extend(limits.options());
    for option in options {
        let _ = writeln!(text, "#SBATCH {option}");
    }
    text
}

/// The job becomes the command, so that signals reach it.
fn exec(command: &Command, words: &[&str]) -> String {
    let mut line = format!("exec {} {}", quoted(&command.program), words.join(" "));
    for (option, path) in [
        ("--results", &command.results),
        ("--cache", &command.cache),
        ("--data", &command.data),
    ] {
        let _ = write!(line, " \\\n  {option} {}", quoted(path));
    }
    line += " \\\n  --jobs \"${SLURM_CPUS_PER_TASK:-1}\"";
    if command.device != Device::default() {
        let _ = write!(line, " --device {}", command.device);
    }
    if command.fail_fast {
        line += " --fail-fast";
    }
    let _ = writeln!(line, " \\\n  {}", quoted(&command.config));
    line
}

/// A path as one word of a shell.
pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A file's name for `--output`, in which Slurm replaces `%a` by the shard: only the last part of a path
/// is ours, elsewhere the sign stands for itself.
fn pattern(log: &Path) -> String {
    let folder = log.parent().unwrap_or(Path::new("")).display().to_string();
    let name = log.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("{}/{name}", folder.replace('%', "%%"));
    format!("\"{}\"", path.replace('\\', r"\\").replace('"', "\\\""))
}
