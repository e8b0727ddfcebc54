//! Runs experiments: cell after cell, results on disk after each, then figures and the report.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use config::experiment::{Experiment, Kind};
use report::{BothWaysRow, PairRow};

use crate::audit::{self, AuditOptions};
use crate::context::Context;
use crate::corpus::preflight;
use crate::costs::Costs;
use crate::error::HarnessError;
use crate::experiments::{Cells, declare};
use crate::folder;
use crate::names;
use crate::provenance::{Counts, Provenance};
use crate::rows::Measured;
use crate::shard::{Failures, Shard, all_failures, keep_failures};
use crate::stages::Stages;
use crate::timings::Timings;
use crate::write;

/// What is done of an experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// The cells of one shard, which go into the cache.
    Shard(Shard),
    /// The results of what shards have measured; nothing is measured.
    Merge,
}

/// How a run goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// Stop at the first failed cell.
    pub fail_fast: bool,
    /// What is done.
    pub part: Part,
}

impl RunOptions {
    fn shards(self) -> bool {
        matches!(self.part, Part::Shard(_))
    }
}

/// Runs `experiments` one after another; returns how their cells ended.
///
/// # Errors
/// If data is missing, or something cannot be written; cells that fail are counted instead.
pub fn run(
    context: &Context,
    experiments: &[Experiment],
    options: RunOptions,
) -> Result<Counts, HarnessError> {
    // What cannot work is refused before anything is written.
    for experiment in experiments {
        if let Some(heads) = experiment.heads() {
            preflight(context, experiment, heads)?;
        }
    }
    if let Some(card) = backbones::card() {
        let line = format!("networks are trained on {}, by {}", card.name, card.kind);
        context.progress.say(&line);
    }
    context.store.sweep();
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
    if let (Kind::Audit(audit), false) = (&experiment.kind, options.shards()) {
        let how = AuditOptions {
            only_kept: options.part == Part::Merge,
            ..AuditOptions::default()
        };
        let audited = audit::run(context, experiment, audit, &folder, &how)?;
        context.progress.say(&format!("  {}", audited.verdict.line));
        return Ok(audited.counts);
    }
    let cells = declare(context, experiment)?;
    let _lock = match options.part {
        Part::Whole | Part::Merge => folder::claim(&folder)?,
        Part::Shard(shard) => folder::lock(&folder, &shard.file(&folder).with_extension("lock"))?,
    };
    let mut timings = Timings::new(Costs::load(context.store.root()));
    if let Part::Shard(shard) = options.part {
        let run = Measuring::new(context, experiment, cells.as_ref(), &folder, options);
        let counts = run.shard(shard, &mut timings)?;
        let seconds = started.elapsed().as_secs_f64();
        context.progress.say(&format!(
            "{} shard {shard}: {} cells measured, {} from the cache, {} failed, in {seconds:.0} s; \
             `harness merge` writes the results when all shards are done",
            experiment.name, counts.measured, counts.cached, counts.failed
        ));
        return Ok(counts);
    }
    let resolved = config::to_yaml(experiment)?;
    folder::write(folder.join("resolved.yaml"), resolved.as_bytes())?;
    let run = Measuring::new(context, experiment, cells.as_ref(), &folder, options);
    let Run {
        measured,
        both_ways,
        pairs,
        counts,
        instructions,
    } = run.all(&mut timings)?;
    write::table(&folder, &both_ways)?;
    write::table(&folder, &pairs)?;
    let seconds = started.elapsed().as_secs_f64();
    let provenance = Provenance::new(seconds, counts, instructions);
    write::timings(&folder, experiment, &timings)?;
    write::provenance(&folder, &provenance)?;
    let run = write::Run {
        both_ways: &both_ways,
        pairs: &pairs,
        timings: &timings,
        provenance: &provenance,
        config: &resolved,
    };
    write::report(context, experiment, &folder, &measured, &run)?;
    context.progress.say(&format!(
        "{}: {} cells measured, {} from the cache, {} failed, in {:.0} s; see {}",
        experiment.name,
        counts.measured,
        counts.cached,
        counts.failed,
        started.elapsed().as_secs_f64(),
        folder.join("report.html").display()
    ));
    let rows: Vec<_> = measured.iter().map(|cell| cell.row.clone()).collect();
    for line in report::headline(&rows) {
        context.progress.say(&format!("  {line}"));
    }
    Ok(counts)
}

/// The rows of a whole run.
struct Run {
    measured: Vec<Measured>,
    both_ways: Vec<BothWaysRow>,
    pairs: Vec<PairRow>,
    counts: Counts,
    instructions: Vec<String>,
}

/// A run's cells on their way to rows.
struct Measuring<'a> {
    context: &'a Context,
    experiment: &'a Experiment,
    cells: &'a dyn Cells,
    folder: &'a Path,
    options: RunOptions,
    counts: Counts,
}

impl<'a> Measuring<'a> {
    fn new(
        context: &'a Context,
        experiment: &'a Experiment,
        cells: &'a dyn Cells,
        folder: &'a Path,
        options: RunOptions,
    ) -> Self {
        Self {
            context,
            experiment,
            cells,
            folder,
            options,
            counts: Counts::default(),
        }
    }

    fn stages<'b>(&self, timings: &'b mut Timings) -> Stages<'b>
    where
        'a: 'b,
    {
        let Context {
            store, progress, ..
        } = self.context;
        Stages::new(store, progress, self.cells.graph(), timings)
    }

    /// Measures every cell, or collects what shards have measured.
    fn all(mut self, timings: &mut Timings) -> Result<Run, HarnessError> {
        let merging = self.options.part == Part::Merge;
        let mut stages = self.stages(timings);
        let mut failures = Failures::new();
        if merging {
            stages = stages.only_kept();
            failures = all_failures(self.folder)?;
        }
        let goals = self.cells.goals();
        let mut running = self.cells.start();
        let mut measured = Vec::with_capacity(goals.len());
        let mut missing = Vec::new();
        let mut kept = Writes::default();
        for (at, &goal) in goals.iter().enumerate() {
            if !merging {
                self.announce(at, at, goals.len());
            }
            let row = match running.measure(at, &mut stages) {
                Ok(finished) => {
                    self.count(finished.cached);
                    finished.measured
                }
                // Every cell needs the data and the cache: nothing is gained by trying the others.
                Err(error) if error.ends_the_run() => return Err(error),
                Err(HarnessError::NotMade { what }) => {
                    let hash = self.cells.graph().node(goal).key.hash();
                    if !failures.contains_key(hash) {
                        missing.push(what);
                    }
                    self.failed(at, failures.get(hash).map_or("", String::as_str))
                }
                Err(error) => self.failed(at, &error.to_string()),
            };
            measured.push(row);
            if !merging {
                kept.now_and_then(|| write::rows(self.folder, &measured))?;
            }
            if self.options.fail_fast && self.counts.failed > 0 {
                break;
            }
        }
        if let Some(first) = missing.first() {
            return Err(HarnessError::Unfinished {
                experiment: self.experiment.name.clone(),
                missing: missing.len(),
                cells: goals.len(),
                first: first.clone(),
            });
        }
        let instructions = self.instructions();
        if merging && instructions.len() > 1 {
            let sets = instructions.iter();
            let sets = sets.map(|(set, &cells)| format!("{set} ({})", names::count(cells, "cell")));
            return Err(HarnessError::Unlike {
                experiment: self.experiment.name.clone(),
                sets: names::listed(sets),
            });
        }
        write::rows(self.folder, &measured)?;
        let both_ways = running.both_ways(&measured);
        let pairs = running.pairs(&measured)?;
        Ok(Run {
            both_ways,
            pairs,
            measured,
            counts: self.counts,
            instructions: instructions.into_keys().collect(),
        })
    }

    /// The instruction sets that had part in the cells, and in how many.
    fn instructions(&self) -> BTreeMap<String, usize> {
        let graph = self.cells.graph();
        let goals = self.cells.goals().into_iter();
        let sets = goals.flat_map(|goal| self.context.store.instructions(&graph.node(goal).key));
        let mut counted = BTreeMap::new();
        for set in sets {
            *counted.entry(set).or_default() += 1;
        }
        counted
    }

    /// Measures the cells of one shard into the cache.
    fn shard(mut self, shard: Shard, timings: &mut Timings) -> Result<Counts, HarnessError> {
        let own = shard.cells(self.cells);
        let goals = self.cells.goals();
        let mut stages = self.stages(timings);
        let mut running = self.cells.start();
        let mut failures = Failures::new();
        let path = shard.file(self.folder);
        for (number, &at) in own.iter().enumerate() {
            self.announce(at, number, own.len());
            match running.measure(at, &mut stages) {
                Ok(finished) => self.count(finished.cached),
                Err(error) if error.ends_the_run() => return Err(error),
                Err(error) => {
                    let error = error.to_string();
                    let hash = self.cells.graph().node(goals[at]).key.hash();
                    failures.insert(hash.into(), error.clone());
                    self.failed(at, &error);
                    keep_failures(&path, &failures)?;
                }
            }
            if self.options.fail_fast && self.counts.failed > 0 {
                break;
            }
        }
        keep_failures(&path, &failures)?;
        Ok(self.counts)
    }

    /// Says that the cell `at` is next, the one after `done` of `of`.
    fn announce(&self, at: usize, done: usize, of: usize) {
        let (name, label) = (&self.experiment.name, self.cells.label(at));
        let number = done + 1;
        let progress = &self.context.progress;
        progress.say(&format!("{name} [{number}/{of}] {label}"));
    }

    fn count(&mut self, cached: bool) {
        self.counts.cached += usize::from(cached);
        self.counts.measured += usize::from(!cached);
    }

    fn failed(&mut self, at: usize, error: &str) -> Measured {
        self.counts.failed += 1;
        self.context.progress.fail(&format!("  failed: {error}"));
        self.cells.failed(at, error)
    }
}

/// Files that are written again and again as they grow: seldom enough to cost next to nothing.
#[derive(Default)]
struct Writes {
    last: Option<(Instant, Duration)>,
}

impl Writes {
    fn now_and_then(
        &mut self,
        write: impl FnOnce() -> Result<(), HarnessError>,
    ) -> Result<(), HarnessError> {
        let started = Instant::now();
        if let Some((ended, took)) = self.last
            && started - ended < 100 * took
        {
            return Ok(());
        }
        write()?;
        self.last = Some((Instant::now(), started.elapsed()));
        Ok(())
    }
}
