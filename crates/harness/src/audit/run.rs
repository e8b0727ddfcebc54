//! Runs an audit: heads like the one in question first, from the cache where they are there, then the
//! head itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use config::experiment::{Audit, Experiment, Kind};

use super::page;
use super::verdict::{Verdict, judge};
use super::written;
use crate::context::Context;
use crate::costs::Costs;
use crate::error::HarnessError;
use crate::folder;
use crate::heads::given::{Asked, Finding, Saved, check, examine};
use crate::heads::{Grid, Running};
use crate::instructions::instruction_set;
use crate::names;
use crate::provenance::{Counts, Provenance};
use crate::rows::{self, Measured};
use crate::stages::Stages;
use crate::timings::Timings;
use crate::write;

/// The file of a head that is trained here.
const DEMONSTRATION: &str = "head.safetensors";

/// How an audit goes.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// The head; none for a demonstration head, trained on the private set.
    pub head: Option<Saved>,
    /// Largest TPR at 1 % FPR that is let pass.
    pub max_tpr: Option<f64>,
    /// Whether stages are only read, none made.
    pub only_kept: bool,
}

/// How an audit ended.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The answer.
    pub verdict: Verdict,
    /// What it follows from.
    pub finding: Finding,
    /// The cells beside the head.
    pub counts: Counts,
}

/// What the config of an audit asks for; `path` is its name in messages.
///
/// # Errors
/// If it is of an experiment.
pub fn of<'a>(experiment: &'a Experiment, path: &Path) -> Result<&'a Audit, HarnessError> {
    match &experiment.kind {
        Kind::Audit(audit) => Ok(audit),
        _ => Err(HarnessError::Setting {
            place: path.display().to_string(),
            reason: "an experiment, not an audit\nhint: give it `shots` and `attack` in place of \
                     `sweep`; configs/audit.yaml is one"
                .into(),
        }),
    }
}

fn check_limit(max_tpr: Option<f64>) -> Result<(), HarnessError> {
    match max_tpr.filter(|rate| !(*rate > 0.0 && *rate <= 1.0)) {
        None => Ok(()),
        Some(rate) => Err(HarnessError::Setting {
            place: "--max-tpr".into(),
            reason: format!("found {rate}, expected a rate above 0 and up to 1, such as 0.05"),
        }),
    }
}

/// Audits a head into `folder`: `report.html`, `audit.json`, and rows of the heads beside it.
///
/// # Errors
/// If the head or the data are refused, or something cannot be trained, attacked or written.
pub fn run(
    context: &Context,
    experiment: &Experiment,
    audit: &Audit,
    folder: &Path,
    how: &AuditOptions,
) -> Result<Audited, HarnessError> {
    check_limit(how.max_tpr)?;
    let started = Instant::now();
    let grid = Grid::new(context, experiment, &audit.heads)?;
    let _lock = folder::claim(folder)?;
    let resolved = config::to_yaml(experiment)?;
    folder::write(folder.join("resolved.yaml"), resolved.as_bytes())?;
    let mut timings = Timings::new(Costs::load(context.store.root()));
    let mut stages = Stages::new(&context.store, &context.progress, &grid.graph, &mut timings);
    if how.only_kept {
        stages = stages.only_kept();
    }
    check(&grid, audit, how.head.as_ref(), &mut stages)?;
    let (measured, counts) = beside(&grid, &mut stages)?;
    let first = measured.first().and_then(|cell| cell.outcome.as_ref());
    let Some(simulated) = first else {
        let why = measured.first().map_or("", |cell| cell.row.error.as_str());
        return Err(HarnessError::Setting {
            place: "attack".into(),
            reason: format!("heads like this one could not be attacked: {why}"),
        });
    };
    let roc = measured[0].roc.as_ref().filter(|roc| roc.resolves(0.01));
    let asked = Asked {
        audit,
        head: how.head.as_ref(),
        simulated,
        threshold: roc.map(|roc| roc.tpr_at_1pct.threshold),
    };
    let progress = &context.progress;
    progress.say(&format!("{} attack on the head", experiment.name));
    let (head, finding) = examine(&grid, asked, &mut stages)?;
    drop(stages);
    let rows: Vec<_> = measured.iter().map(|cell| cell.row.clone()).collect();
    let verdict = judge(&head.name, &finding, &rows, how.max_tpr);
    let outcomes = grid
        .stages
        .iter()
        .map(|own| &grid.graph.node(own.outcome).key);
    let instructions: BTreeSet<String> = outcomes
        .flat_map(|key| context.store.instructions(key))
        .chain([instruction_set()])
        .collect();
    let instructions = instructions.into_iter().collect();
    let provenance = Provenance::new(started.elapsed().as_secs_f64(), counts, instructions);
    if how.head.is_none() {
        // For those who want to go on from here: audit it by name, protect it.
        head.save(&folder.join(DEMONSTRATION))?;
    }
    write::rows(folder, &measured)?;
    write::timings(folder, experiment, &timings)?;
    write::provenance(folder, &provenance)?;
    let parts = page::Parts {
        experiment,
        audit,
        head: &head.name,
        finding: &finding,
        verdict: &verdict,
        rows: &rows,
    };
    folder::write(folder.join("audit.json"), &written::json(&parts))?;
    page::write(&folder.join("report.html"), &parts, &provenance, &resolved)?;
    progress.say(&format!(
        "{}: in {:.0} s; see {}",
        experiment.name,
        started.elapsed().as_secs_f64(),
        folder.join("report.html").display()
    ));
    Ok(Audited {
        verdict,
        finding,
        counts,
    })
}

/// Heads like the one in question, under every defence.
fn beside(
    grid: &Grid<'_>,
    stages: &mut Stages<'_>,
) -> Result<(Vec<Measured>, Counts), HarnessError> {
    let progress = stages.progress();
    let mut running = Running::new(grid);
    let mut counts = Counts::default();
    let mut measured = Vec::with_capacity(grid.cells.len());
    for (at, cell) in grid.cells.iter().enumerate() {
        progress.say(&format!(
            "{} [{}/{}] heads like it: {}",
            grid.experiment.name,
            at + 1,
            grid.cells.len(),
            names::listed([names::defence(cell), names::attack(&cell.attack)])
        ));
        let row = match running.outcome(at, stages) {
            Ok(made) => {
                counts.cached += usize::from(made.cached);
                counts.measured += usize::from(!made.cached);
                rows::measured(grid, at, made.product, &made.commit)?
            }
            Err(error) if error.ends_the_run() => return Err(error),
            Err(error) => {
                counts.failed += 1;
                progress.fail(&format!("  failed: {error}"));
                rows::failed(grid, at, &error.to_string())
            }
        };
        measured.push(row);
    }
    Ok((measured, counts))
}
