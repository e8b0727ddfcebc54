//! `harness check`: the regression gate.

use std::path::{Path, PathBuf};

use report::{Gate, compare, read_results_csv};

use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::failure::Failure;

/// Compares results with a baseline, a line a finding.
///
/// # Errors
/// If a table is missing or damaged.
pub fn check(args: &CheckArgs) -> Result<(String, Exit), Failure> {
    let read = |path: &Path| {
        read_results_csv(&table(path)).map_err(|error| Failure::new(&error, Exit::Data))
    };
    let findings = compare(
        &read(&args.baseline)?,
        &read(&args.measured)?,
        &Gate::default(),
    );
    let failed = findings.iter().filter(|finding| finding.fails()).count();
    let mut text: String = findings
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect();
    text += &match failed {
        0 => format!("ok: {} comparisons\n", findings.len()),
        _ => format!("fell short: {failed} of {} comparisons\n", findings.len()),
    };
    Ok((
        text,
        if failed == 0 {
            Exit::Done
        } else {
            Exit::FellShort
        },
    ))
}

/// The table at `path`, which may be the folder that it is in.
fn table(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join("results.csv")
    } else {
        path.to_owned()
    }
}
