//! Gives scripts to `sbatch`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The numbers that Slurm gave the jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The array.
    pub array: String,
    /// The job that waits for its end, and merges.
    pub merge: String,
}

/// Why a job is not queued.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// There is no `sbatch`.
    #[error(
        "cannot start sbatch: {0}\nhint: submit on a machine of the cluster; without --submit the scripts are only written"
    )]
    Start(std::io::Error),
    /// Slurm does not take the job.
    #[error("sbatch does not take {}: {reason}", script.display())]
    Refused {
        /// The script.
        script: PathBuf,
        /// What it said.
        reason: String,
    },
    /// The shards are queued, the merge is not.
    #[error(
        "the shards are queued as job {array}, but not their merge: {source}\nhint: `scancel {array}` takes them back; when they have ended, `harness merge` writes the results"
    )]
    Merge {
        /// The array's number.
        array: String,
        /// Why.
        source: Box<SubmitError>,
    },
}

/// Submits the array, and the merge that begins when all its jobs have ended, whichever way: cells that
/// failed are rows too.
///
/// # Errors
/// If there is no `sbatch`, or it does not take a script.
pub fn submit(array: &Path, merge: &Path) -> Result<Submitted, SubmitError> {
    let array = sbatch(array, &[])?;
    match sbatch(merge, &[format!("--dependency=afterany:{array}")]) {
        Ok(merge) => Ok(Submitted { array, merge }),
        Err(source) => Err(SubmitError::Merge {
            array,
            source: Box::new(source),
        }),
    }
}

fn sbatch(script: &Path, options: &[String]) -> Result<String, SubmitError> {
    let output = Command::new("sbatch")
        .arg("--parsable")
        .args(options)
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .map_err(SubmitError::Start)?;
    let said = String::from_utf8_lossy(&output.stdout);
    // `number`, or `number;cluster`.
    let number = said.trim().split(';').next().unwrap_or_default();
    let whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if output.status.success() && whole {
        return Ok(number.to_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let reason = match complaint.trim() {
        "" => format!("{}, and it said {:?}", output.status, said.trim()),
        complaint => complaint.to_owned(),
    };
    Err(SubmitError::Refused {
        script: script.to_owned(),
        reason,
    })
}
