//! `harness slurm`: experiments as jobs of a cluster.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use config::experiment::Experiment;
use spec::Instructions;

use crate::cli::{Options, SlurmArgs};
use crate::context::Context;
use crate::error::HarnessError;
use crate::exit::Exit;
use crate::experiments::declare;
use crate::failure::Failure;
use crate::names;
use crate::shard;
use crate::slurm::{Command, Limits, array, merge, quoted, submit};

/// Jobs of an array where none is asked for: what a cluster allows unless it is told otherwise
/// (`MaxArraySize` 1001).
const MOST_JOBS: usize = 1000;

/// Writes the scripts of each experiment, and submits them where that is asked for.
///
/// # Errors
/// If data is missing, a script cannot be written, or Slurm does not take it.
pub fn slurm(
    args: &SlurmArgs,
    options: &Options,
    context: &Context,
    experiments: &[Experiment],
) -> Result<String, Failure> {
    let limits = Limits {
        cpus: options.jobs.unwrap_or(1),
        time: args.time.clone(),
        memory: args.mem.clone(),
        partition: args.partition.clone(),
        constraint: args.constraint.clone(),
    };
    let mut text = String::new();
    for experiment in experiments {
        let cells = declare(context, experiment)?;
        let most = args.array_size.map_or(MOST_JOBS, |size| size as usize);
        let shards = shard::most(cells.as_ref()).clamp(1, most);
        let scripts = write(
            experiment,
            options,
            shards,
            args.configs.processor.instructions,
            &limits,
        )?;
        let _ = writeln!(
            text,
            "{}: {} of {}\n  {}\n  {}",
            experiment.name,
            names::count(shards, "shard"),
            names::count(cells.goals().len(), "cell"),
            scripts.array.display(),
            scripts.merge.display(),
        );
        let _ = if args.submit {
            let jobs = submit(&scripts.array, &scripts.merge)
                .map_err(|error| Failure::new(&error, Exit::Failed))?;
            let (array, merge) = (jobs.array, jobs.merge);
            writeln!(text, "  queued: job {array}, then job {merge} merges")
        } else {
            let (array, merge) = (quoted(&scripts.array), quoted(&scripts.merge));
            writeln!(
                text,
                "  to queue them: sbatch --dependency=afterany:\"$(sbatch --parsable {array})\" {merge}"
            )
        };
    }
    Ok(text)
}

struct Scripts {
    array: PathBuf,
    merge: PathBuf,
}

/// Writes config and scripts into a folder of their own: what waits in the queue stays what it was when
/// the config is edited and queued again.
fn write(
    experiment: &Experiment,
    options: &Options,
    shards: usize,
    instructions: Option<Instructions>,
    limits: &Limits,
) -> Result<Scripts, HarnessError> {
    let resolved = config::to_yaml(experiment)?;
    let hash = blake3::hash(resolved.as_bytes()).to_hex();
    let results = absolute(&options.results)?;
    let folder = results
        .join(&experiment.name)
        .join("slurm")
        .join(&hash[..8]);
    let program = std::env::current_exe().map_err(|source| HarnessError::File {
        action: "find",
        path: "harness".into(),
        source,
    })?;
    let command = Command {
        experiment: experiment.name.clone(),
        program,
        config: folder.join("config.yaml"),
        cache: absolute(&options.cache)?,
        data: absolute(&options.data)?,
        results,
        device: options.device,
        instructions,
        fail_fast: options.fail_fast,
        logs: folder.clone(),
    };
    let scripts = Scripts {
        array: folder.join("array.sbatch"),
        merge: folder.join("merge.sbatch"),
    };
    for (path, text) in [
        (&command.config, &resolved),
        (&scripts.array, &array(&command, shards, limits)),
        (&scripts.merge, &merge(&command, limits)),
    ] {
        files::write_whole(path, text.as_bytes()).map_err(|source| HarnessError::Results {
            path: folder.clone(),
            source,
        })?;
    }
    Ok(scripts)
}

/// The path from the root, if it can stand in a script.
fn absolute(path: &Path) -> Result<PathBuf, HarnessError> {
    let failed = |source| HarnessError::File {
        action: "put into a script the path",
        path: path.to_owned(),
        source,
    };
    let whole = std::path::absolute(path).map_err(failed)?;
    match whole.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(whole),
        _ => Err(failed(std::io::Error::other(
            "it holds a line break or what is no text",
        ))),
    }
}
