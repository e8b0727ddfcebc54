//! Files of one experiment's results.

use std::path::Path;

use config::experiment::Experiment;
use evaluation::thin_curve;
use rayon::prelude::*;
use report::{
    BothWaysRow, ClassRow, Figure, Gallery, GridPair, PairRow, Raster, ResultRow, RocRow,
    ScoreSample, TimingRow,
};

use crate::context::Context;
use crate::error::HarnessError;
use crate::names;
use crate::provenance::Provenance;
use crate::rows::Measured;
use crate::timings::Timings;

/// Points of a curve in `roc.csv`, ends included.
const CURVE_POINTS: usize = 200;
/// Pictures in a row of a reconstruction grid.
const COLUMNS: usize = 10;

/// Writes `results.csv`, `roc.csv` and `classes.csv`.
pub fn rows(folder: &Path, measured: &[Measured]) -> Result<(), HarnessError> {
    let results: Vec<ResultRow> = measured.iter().map(|cell| cell.row.clone()).collect();
    report::write_results_csv(&folder.join("results.csv"), &results)?;
    report::write_roc_csv(&folder.join("roc.csv"), &roc_rows(measured))?;
    table(folder, &class_rows(measured))
}

/// Writes a table that not every experiment has; one that another run left goes where there are no
/// rows.
pub fn table<R: report::Row>(folder: &Path, rows: &[R]) -> Result<(), HarnessError> {
    let path = folder.join(format!("{}.csv", R::TABLE));
    if !rows.is_empty() {
        return Ok(report::write_csv(&path, rows)?);
    }
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(HarnessError::File {
            action: "remove",
            path,
            source,
        }),
        _ => Ok(()),
    }
}

fn class_rows(measured: &[Measured]) -> Vec<ClassRow> {
    let all = measured.iter().flat_map(|cell| &cell.classes);
    all.cloned().collect()
}

fn roc_rows(measured: &[Measured]) -> Vec<RocRow> {
    let mut rows = Vec::new();
    for cell in measured {
        let Some(roc) = &cell.roc else { continue };
        let row = &cell.row;
        for point in thin_curve(&roc.curve, CURVE_POINTS) {
            rows.push(RocRow {
                dataset: row.dataset.clone(),
                backbone: row.backbone.clone(),
                head: row.head.clone(),
                shots: row.shots,
                defence: row.defence.clone(),
                epsilon: row.epsilon,
                clip: row.clip,
                tuned: row.tuned.clone(),
                release: row.release.clone(),
                attack: row.attack.clone(),
                null: row.null.clone(),
                queries: row.queries,
                fpr: point.fpr,
                tpr: point.tpr,
                threshold: point.threshold.is_finite().then_some(point.threshold),
                tpr_fitted: roc.fitted.map(|fitted| fitted.tpr_at(point.fpr)),
                tpr_bound: cell.bound(point.fpr),
                config_hash: row.config_hash.clone(),
                setting: row.setting.clone(),
            });
        }
    }
    rows
}

/// Writes `timings.csv`.
pub fn timings(
    folder: &Path,
    experiment: &Experiment,
    timings: &Timings,
) -> Result<(), HarnessError> {
    report::write_timings_csv(
        &folder.join("timings.csv"),
        &timing_rows(experiment, timings),
    )?;
    Ok(())
}

fn timing_rows(experiment: &Experiment, timings: &Timings) -> Vec<TimingRow> {
    timings
        .stages
        .iter()
        .map(|timing| TimingRow {
            experiment: experiment.name.clone(),
            stage: timing.stage.clone(),
            cell: timing.hash[..12].to_string(),
            cached: if timing.cached { "yes" } else { "no" }.into(),
            seconds: timing.seconds,
            items: (!timing.cached).then_some(timing.units),
            items_per_second: (!timing.cached && timing.seconds > 0.0)
                .then(|| timing.units as f64 / timing.seconds),
        })
        .collect()
}

/// Writes `provenance.json`.
pub fn provenance(folder: &Path, provenance: &Provenance) -> Result<(), HarnessError> {
    let path = folder.join("provenance.json");
    let json = serde_json::to_vec_pretty(provenance).expect("provenance has a JSON form");
    files::write_whole(&path, &json).map_err(|source| HarnessError::File {
        action: "write",
        path,
        source,
    })
}

/// Draws every figure that the rows hold the data for, and the page that shows them.
pub fn report(
    context: &Context,
    experiment: &Experiment,
    folder: &Path,
    measured: &[Measured],
    run: &Run<'_>,
) -> Result<(), HarnessError> {
    let results: Vec<ResultRow> = measured.iter().map(|cell| cell.row.clone()).collect();
    let mut figures: Vec<Figure> = report::both_ways(run.both_ways).into_iter().collect();
    figures.extend(report::figures(&results, &roc_rows(measured)));
    figures.extend(report::histograms(&samples(measured)));
    let galleries: Vec<Gallery> = measured.iter().enumerate().filter_map(gallery).collect();
    let grids: Vec<Figure> = galleries.iter().filter_map(grid).collect();
    let drawn = folder.join("figures");
    std::fs::create_dir_all(&drawn).map_err(|source| HarnessError::File {
        action: "make the folder",
        path: drawn.clone(),
        source,
    })?;
    let all = figures.par_iter().chain(&grids);
    let failed = all.find_map_first(|figure| figure.write(&drawn).err());
    failed.map_or(Ok(()), Err)?;
    let provenance = run.provenance.lines();
    let page = report::Page {
        experiment: &experiment.name,
        purpose: "How much of a few-shot training set can be read back out of a classifier head.",
        results: &results,
        both_ways: run.both_ways,
        classes: &class_rows(measured),
        pairs: run.pairs,
        figures: &figures,
        galleries: &galleries,
        known: &known(experiment),
        timings: &timing_rows(experiment, run.timings),
        provenance: &provenance,
        config: run.config,
    };
    report::write_html(&folder.join("report.html"), &page)?;
    context.progress.say(&format!(
        "  {} figures in {}",
        figures.len() + grids.len(),
        drawn.display()
    ));
    Ok(())
}

/// What a page says of the run beside its rows.
pub struct Run<'a> {
    /// The same task with inputs encrypted and with the head encrypted; may be empty.
    pub both_ways: &'a [BothWaysRow],
    /// Attacks on the same victims against one another; may be empty.
    pub pairs: &'a [PairRow],
    /// Stages with their times.
    pub timings: &'a Timings,
    /// Host, commit, counts.
    pub provenance: &'a Provenance,
    /// The resolved config.
    pub config: &'a str,
}

/// Scores of every reconstructing cell.
fn samples(measured: &[Measured]) -> Vec<ScoreSample> {
    let flat = |units: &[Vec<f64>]| units.iter().flatten().copied().collect();
    measured
        .iter()
        .filter_map(|cell| {
            let errors = cell.outcome.as_ref()?.errors.as_ref()?;
            Some(ScoreSample {
                label: report::cell_label(&cell.row),
                victims: flat(&errors.victims),
                null: flat(&errors.null),
                tau: cell.row.tau,
                // The threshold is relative to the class: no single error stands for it.
                threshold: None,
            })
        })
        .collect()
}

/// What the adversary knows beside what the cells say.
pub fn known(experiment: &Experiment) -> Vec<(String, String)> {
    let Some(heads) = experiment.heads() else {
        return Vec::new();
    };
    let data = &heads.data;
    let share = 100.0 * data.shares.public;
    let public = data.public.as_ref().map_or_else(
        || format!("{share:.0} % of {}", names::dataset(&data.target)),
        names::dataset,
    );
    let source = data.source.as_ref().map(names::dataset);
    let source = source.map(|source| ("the backbone's training data".into(), source));
    let public = ("public data".into(), public);
    source.into_iter().chain([public]).collect()
}

/// The pictures of one cell.
fn gallery((number, cell): (usize, &Measured)) -> Option<Gallery> {
    let outcome = cell.outcome.as_ref()?;
    let shape = outcome.shape?;
    let tau = cell.row.tau?;
    let raster =
        |pixels: &[f32]| Raster::from_pixels(shape.channels, shape.height, shape.width, pixels);
    let pairs: Vec<GridPair> = outcome
        .gallery
        .iter()
        .map(|picture| GridPair {
            original: raster(&picture.original),
            reconstruction: raster(&picture.reconstruction),
            mse: picture.mse,
            success: picture.mse <= tau,
        })
        .collect();
    (!pairs.is_empty()).then(|| Gallery {
        cell: number,
        label: report::cell_label(&cell.row),
        figure: format!("reconstructions-{:02}", number + 1),
        criterion: format!("min-MSE at most τ = {tau:.4}"),
        pairs,
    })
}

/// A gallery as a figure.
fn grid(gallery: &Gallery) -> Option<Figure> {
    let Gallery {
        figure,
        label,
        criterion,
        pairs,
        ..
    } = gallery;
    report::reconstruction_grid(figure, label, criterion, pairs, COLUMNS)
}
