//! The trained attack of a cell: fitted on shadow heads once, then read from the cache.

use attacks::{
    Architecture, AttackProgress, Reconstructor, ReconstructorOptions, Unmixing, UnmixingOptions,
    WhiteBox, World as Setting,
};
use config::experiment::{self as wanted, Then};

use crate::context::Context;
use crate::error::HarnessError;
use crate::progress::Step;
use crate::store::StageKey;
use crate::timings::Timings;

/// Fits the attack, or reads it from the cache.
pub fn white_box(
    context: &Context,
    key: &StageKey,
    setting: &Setting<'_>,
    attack: &Then,
    timings: &mut Timings,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
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
    timings.run(context, key, || {
        let path = context.store.new_file(key, "safetensors")?;
        let (samples, name) = match attack {
            Then::Unmixing(options) => (options.samples, "fitting unmixing"),
            Then::Reconstructor(options) => (options.samples, "training the reconstructor"),
        };
        let step = context.progress.step(name, samples as u64);
        let model = fit(setting, attack, samples as u64, &step, &path)?;
        Ok((model, samples as u64))
    })
}

fn fit(
    setting: &Setting<'_>,
    attack: &Then,
    samples: u64,
    step: &Step,
    path: &std::path::Path,
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
            let options = UnmixingOptions {
                samples: options.samples,
            };
            let model = Unmixing::fit(setting, &options, progress)?;
            model.save(path)?;
            Box::new(model)
        }
        Then::Reconstructor(options) => {
            let model = Reconstructor::fit(setting, &reconstructor_options(options), progress)?;
            model.save(path)?;
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

fn reconstructor_options(options: &wanted::Reconstructor) -> ReconstructorOptions {
    ReconstructorOptions {
        samples: options.samples,
        architecture: match options.architecture {
            wanted::Architecture::Mlp => Architecture::Mlp,
            wanted::Architecture::Conv => Architecture::Conv,
        },
        hidden: vec![options.hidden; 2],
        batch: options.batch,
        learning_rate: options.learning_rate as f32,
        informed: options.informed,
        ..ReconstructorOptions::default()
    }
}
