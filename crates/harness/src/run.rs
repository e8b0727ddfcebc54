//! Runs experiments: cell after cell, results on disk after each, then figures and the report.

use std::path::Path;
use std::time::Instant;

use config::experiment::{Experiment, Heads, Kind};

use crate::context::Context;
use crate::costs::Costs;
use crate::cryptotl;
use crate::error::HarnessError;
use crate::heads::{self, Measured};
use crate::provenance::{Counts, Provenance};
use crate::store::write_whole;
use crate::timings::Timings;
use crate::write;

/// How a run treats failures.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Stop at the first failed cell.
    pub fail_fast: bool,
}

/// Runs `experiments` one after another; returns how their cells ended.
pub fn run(
    context: &Context,
    experiments: &[Experiment],
    options: RunOptions,
) -> Result<Counts, HarnessError> {
    // What cannot work is refused before anything is written.
    for experiment in experiments {
        if let Kind::Heads(heads) = &experiment.kind {
            heads::preflight(context, experiment, heads)?;
        }
    }
    let mut all = Counts::default();
    for experiment in experiments {
        let counts = run_one(context, experiment, options)?;
        all.measured += counts.measured;
        all.cached += counts.cached;
        all.failed += counts.failed;
        if options.fail_fast && counts.failed > 0 {
            break;
        }
    }
    Ok(all)
}

fn run_one(
    context: &Context,
    experiment: &Experiment,
    options: RunOptions,
) -> Result<Counts, HarnessError> {
    let started = Instant::now();
    let folder = context.results.join(&experiment.name);
    let resolved = config::to_yaml(experiment)?;
    let path = folder.join("resolved.yaml");
    write_whole(&path, resolved.as_bytes()).map_err(|source| HarnessError::File {
        action: "write",
        path,
        source,
    })?;
    let mut timings = Timings::new(Costs::load(context.store.root()));
    let (measured, counts) = match &experiment.kind {
        Kind::Heads(heads) => {
            run_heads(context, experiment, heads, &folder, options, &mut timings)?
        }
        Kind::CryptoTl { cryptotl } => cryptotl::run(
            context,
            experiment,
            cryptotl,
            &folder,
            options,
            &mut timings,
        )?,
    };
    let seconds = started.elapsed().as_secs_f64();
    let provenance = Provenance::new(seconds, counts);
    write::timings(&folder, experiment, &timings)?;
    write::provenance(&folder, &provenance)?;
    let both_ways = match &experiment.kind {
        Kind::CryptoTl { cryptotl } if cryptotl.both_ways && counts.failed == 0 => {
            cryptotl::read_both_ways(&folder)?
        }
        _ => Vec::new(),
    };
    let run = write::Run {
        both_ways: &both_ways,
        timings: &timings,
        provenance: &provenance,
        config: &resolved,
    };
    write::report(context, experiment, &folder, &measured, &run)?;
    context.progress.say(&format!(
        "{}: {} cells measured, {} from the cache, {} failed, in {seconds:.0} s; see {}",
        experiment.name,
        counts.measured,
        counts.cached,
        counts.failed,
        folder.join("report.html").display()
    ));
    Ok(counts)
}

fn run_heads(
    context: &Context,
    experiment: &Experiment,
    heads: &Heads,
    folder: &Path,
    options: RunOptions,
    timings: &mut Timings,
) -> Result<(Vec<Measured>, Counts), HarnessError> {
    let cells = experiment.cells();
    let settings = heads::Settings::new(&cells);
    let mut bench = heads::Bench::new(context, experiment, heads);
    let mut counts = Counts::default();
    let mut measured = Vec::with_capacity(cells.len());
    for (number, cell) in cells.iter().enumerate() {
        context.progress.say(&format!(
            "{} [{}/{}] {} shots, {}, {}",
            experiment.name,
            number + 1,
            cells.len(),
            cell.shots,
            cell.defence.word(),
            cell.attack.word()
        ));
        let result = bench
            .outcome(cell, timings)
            .and_then(|(outcome, keys, cached)| {
                counts.cached += usize::from(cached);
                counts.measured += usize::from(!cached);
                heads::measured(experiment, heads, &settings, cell, &keys, outcome)
            });
        measured.push(match result {
            Ok(row) => row,
            // Every cell needs the data: nothing is gained by trying the others.
            Err(error) if error.is_about_the_data() => return Err(error),
            Err(error) => {
                counts.failed += 1;
                context.progress.fail(&format!("  failed: {error}"));
                heads::failed(experiment, heads, &settings, cell, &error)
            }
        });
        write::rows(folder, &measured)?;
        if options.fail_fast && counts.failed > 0 {
            break;
        }
    }
    Ok((measured, counts))
}
