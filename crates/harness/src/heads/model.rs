//! The trained attack of a cell: fitted on shadow heads once, then read from the cache.

use std::time::Instant;

use attacks::{AttackProgress, Reconstructor, Unmixing, WhiteBox};
use spec::Then;

use super::measure::Trial;
use super::shared;

use crate::error::HarnessError;
use crate::progress::Step;
use crate::store::StageKey;
use crate::timings::Timings;

/// Fits the attack of the trial's cell, or reads it from the cache.
pub fn white_box(
    trial: &Trial<'_>,
    attack: &Then,
    timings: &mut Timings,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let Trial { context, keys, .. } = *trial;
    let key = keys
        .model
        .as_ref()
        .expect("an attack that is fitted has a model");
    let path = context.store.file(key, "safetensors");
    if path.exists() {
        match load(&path, attack) {
            Ok(model) => {
                timings.cached(key);
                return Ok(model);
            }
            Err(error) => context.progress.say(&format!("rebuilding: {error}")),
        }
    }
    let started = Instant::now();
    let (samples, name) = match attack {
        Then::Unmixing(options) => (options.samples, "fitting unmixing"),
        Then::Reconstructor(options) => (options.samples, "training the reconstructor"),
    };
    let samples = samples as u64;
    let step = context.progress.step(name, samples);
    let model = fit(trial, key, attack, samples, &step, timings)?;
    drop(step);
    let seconds = started.elapsed().as_secs_f64();
    timings.ran(key, seconds, samples);
    let hash = &key.hash()[..8];
    context
        .progress
        .say(&format!("  {} {hash} in {seconds:.1} s", key.stage()));
    Ok(model)
}

fn fit(
    trial: &Trial<'_>,
    key: &StageKey,
    attack: &Then,
    samples: u64,
    step: &Step,
    timings: &mut Timings,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let progress = |at: AttackProgress| {
        let message = if at.loss.is_finite() {
            format!("loss {:.4}", at.loss)
        } else {
            String::new()
        };
        // Attacks count heads, budgets rows.
        step.at(samples * at.done / at.total.max(1), &message);
    };
    Ok(match attack {
        Then::Unmixing(options) => {
            let model = Unmixing::fit(trial.setting, options, progress)?;
            model.save(&trial.context.store.new_file(key, "safetensors")?)?;
            Box::new(model)
        }
        Then::Reconstructor(options) if options.shared => {
            shared::fit(trial, options, progress, timings)?
        }
        Then::Reconstructor(options) => {
            let model = Reconstructor::fit(trial.setting, options, progress)?;
            model.save(&trial.context.store.new_file(key, "safetensors")?)?;
            Box::new(model)
        }
    })
}

fn load(path: &std::path::Path, attack: &Then) -> Result<Box<dyn WhiteBox>, attacks::AttackError> {
    Ok(match attack {
        Then::Unmixing(_) => Box::new(Unmixing::load(path)?),
        Then::Reconstructor(_) => Box::new(Reconstructor::load(path)?),
    })
}
