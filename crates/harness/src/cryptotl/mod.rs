//! Experiments on CryptoTL: encrypted inputs, weights in the clear, fine-tuning on few examples.

mod both_ways;
mod lower;
mod membership;
mod row;
mod tune;

pub use both_ways::read as read_both_ways;

use std::path::Path;

use config::experiment::{CryptoTl, Experiment, FineTuning};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::HarnessError;
use crate::heads::Measured;
use crate::plan::Stage;
use crate::provenance::Counts;
use crate::run::RunOptions;
use crate::store::{Artefact, KeyBuilder, StageKey};
use crate::timings::Timings;
use crate::write;

/// Raised when training or encryption changes its results.
const FORMAT: u32 = 3;

/// What one cell (a training-set size with or without DP) measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// Test accuracy of each repetition.
    pub accuracy: Vec<f64>,
    /// Test accuracy of logistic regression on the same examples' plain embeddings.
    pub baseline: Vec<f64>,
    /// F1 of class 1, mean over repetitions.
    pub f1: f64,
    /// Cohen's κ, mean over repetitions.
    pub kappa: f64,
    /// Share of the encrypted test texts on which the label is that of the plain network.
    pub label_agreement: Option<f64>,
    /// What DP-SGD spends, where it is used.
    pub epsilon: Option<f64>,
    /// δ of that.
    pub delta: Option<f64>,
    /// σ of that.
    pub noise_multiplier: Option<f64>,
    /// C of that.
    pub clip: Option<f64>,
    /// Membership scores of training examples, a list a victim.
    pub members: Vec<Vec<f64>>,
    /// The same of other examples.
    pub others: Vec<Vec<f64>>,
}

impl Artefact for Tuned {
    const FORMAT: u32 = 1;
}

/// Names of the stages.
struct Keys {
    lower: StageKey,
}

impl Keys {
    fn new(context: &Context, seed: u64, wanted: &CryptoTl) -> Result<Self, HarnessError> {
        let hash = |spec: &datasets::TextSpec| {
            spec.content_hash(&context.data)
                .map(|hash| blake3::Hash::from_bytes(hash).to_hex().to_string())
        };
        let lower = KeyBuilder::new("cryptotl-lower")
            .with("format", &FORMAT)
            .with("seed", &seed)
            .with("source", &wanted.source)
            .with("files", &(hash(&wanted.source)?, hash(&wanted.target)?))
            .with("embedding", &wanted.embedding)
            .with("activation", &wanted.activation)
            .with("epochs", &wanted.source_epochs)
            .finish();
        Ok(Self { lower })
    }

    fn cell(&self, wanted: &CryptoTl, size: usize, tuning: &FineTuning) -> StageKey {
        KeyBuilder::new("cryptotl")
            .after(&self.lower)
            .with("target", &wanted.target)
            .with("size", &size)
            .with("tuning", tuning)
            .with("folds", &wanted.folds)
            .with("epochs", &wanted.epochs)
            .with("encrypted", &wanted.encrypted)
            .with("parameters", &wanted.parameters)
            .with("victims", &wanted.victims)
            .finish()
    }
}

/// Number of cells, and the stages they need.
pub fn stages(
    context: &Context,
    experiment: &Experiment,
    wanted: &CryptoTl,
) -> Result<(usize, Vec<Stage>), HarnessError> {
    let keys = Keys::new(context, experiment.seed, wanted)?;
    let mut stages = vec![Stage {
        what: "train the lower network on the source texts".into(),
        units: wanted.source_epochs as u64,
        state: lower::state(context, &keys.lower),
        key: keys.lower.clone(),
    }];
    for (size, tuning) in cells(wanted) {
        let key = keys.cell(wanted, size, tuning);
        stages.push(Stage {
            what: format!("{} repetitions on {size} examples", wanted.folds),
            units: (wanted.folds + wanted.victims) as u64,
            state: context.store.state::<Tuned>(&key),
            key,
        });
    }
    Ok((stages.len() - 1, stages))
}

fn cells(wanted: &CryptoTl) -> impl Iterator<Item = (usize, &FineTuning)> {
    let sizes = wanted.sizes.iter();
    sizes.flat_map(|&size| wanted.dp.iter().map(move |tuning| (size, tuning)))
}

/// Trains, encrypts, tunes and attacks; returns the rows.
pub fn run(
    context: &Context,
    experiment: &Experiment,
    wanted: &CryptoTl,
    folder: &Path,
    options: RunOptions,
    timings: &mut Timings,
) -> Result<(Vec<Measured>, Counts), HarnessError> {
    let keys = Keys::new(context, experiment.seed, wanted)?;
    let bench = lower::Bench::new(context, experiment.seed, wanted, &keys.lower, timings)?;
    let mut counts = Counts::default();
    let mut measured = Vec::new();
    for (size, tuning) in cells(wanted) {
        let key = keys.cell(wanted, size, tuning);
        context
            .progress
            .say(&format!("{} {size} examples", experiment.name));
        let result = match context.store.load::<Tuned>(&key) {
            Ok(tuned) => {
                timings.cached(&key);
                counts.cached += 1;
                Ok(tuned)
            }
            Err(_) => timings.run(context, &key, || {
                let tuned = tune::cell(context, &bench, wanted, size, tuning)?;
                context.store.save(&key, &tuned)?;
                Ok((tuned, (wanted.folds + wanted.victims) as u64))
            }),
        };
        let described = row::described(experiment, wanted, size, tuning);
        measured.push(
            match result
                .and_then(|tuned| row::measured(described.clone(), tuned, &key, experiment.seed))
            {
                Ok(row) => row,
                Err(error) => {
                    counts.failed += 1;
                    context.progress.fail(&format!("  failed: {error}"));
                    row::failed(described, &error)
                }
            },
        );
        write::rows(folder, &measured)?;
        if options.fail_fast && counts.failed > 0 {
            return Ok((measured, counts));
        }
    }
    counts.measured = measured.len() - counts.cached - counts.failed;
    if wanted.both_ways {
        let row = both_ways::compare(context, experiment, wanted, &bench, folder, &measured)?;
        measured.push(row);
        counts.measured += 1;
        write::rows(folder, &measured)?;
    }
    Ok((measured, counts))
}
