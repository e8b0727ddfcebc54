//! The trained attack of a cell: fitted on shadow heads once, then read from the cache.

use std::path::Path;

use attacks::{Reconstructor, Unmixing, WhiteBox, World};
use spec::Then;

use super::learned::samples;
use super::reports::reports;
use super::shared;
use super::trial::Trial;
use crate::error::HarnessError;
use crate::progress::Progress;
use crate::stages::{Form, StageId, Stages};

/// Fits the attack of the trial's cell, or reads it from the cache.
///
/// # Errors
/// If it cannot be fitted or kept.
pub fn white_box(
    trial: &Trial<'_>,
    attack: &Then,
    stages: &mut Stages<'_>,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let declared = &trial.stages;
    if let (Some(network), Then::Reconstructor(options)) = (declared.network, attack) {
        return shared::attack(trial, network, options, samples(attack), stages);
    }
    let undeclared = || HarnessError::Setting {
        place: "sweep.attack".into(),
        reason: "no stage is declared for what is trained".into(),
    };
    let id = declared.model.ok_or_else(undeclared)?;
    match attack {
        Then::Unmixing(options) => unmixing(trial, id, options, stages),
        Then::Reconstructor(options) => reconstructor(trial, id, options, stages),
    }
}

/// Fits an attack in a world of its own; nothing is kept.
///
/// # Errors
/// If it cannot be fitted.
pub fn fit(
    world: &World<'_>,
    attack: &Then,
    progress: &Progress,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    Ok(match attack {
        Then::Unmixing(options) => Box::new(fit_unmixing(world, options, progress)?),
        Then::Reconstructor(options) => Box::new(fit_reconstructor(world, options, progress)?),
    })
}

fn fit_unmixing(
    world: &World<'_>,
    options: &spec::Unmixing,
    progress: &Progress,
) -> Result<Unmixing, HarnessError> {
    let progress = reports(progress, "fitting unmixing", options.samples as u64);
    Ok(Unmixing::fit(world, options, progress)?)
}

fn fit_reconstructor(
    world: &World<'_>,
    options: &spec::Reconstructor,
    progress: &Progress,
) -> Result<Reconstructor, HarnessError> {
    let samples = options.samples as u64;
    let progress = reports(progress, "training the reconstructor", samples);
    Ok(Reconstructor::fit(world, options, progress)?)
}

fn unmixing(
    trial: &Trial<'_>,
    id: StageId,
    options: &spec::Unmixing,
    stages: &mut Stages<'_>,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let made = stages.get_or_make(id, &UnmixingFile, |stages| {
        fit_unmixing(trial.world, options, stages.progress())
    })?;
    Ok(Box::new(made.product))
}

fn reconstructor(
    trial: &Trial<'_>,
    id: StageId,
    options: &spec::Reconstructor,
    stages: &mut Stages<'_>,
) -> Result<Box<dyn WhiteBox>, HarnessError> {
    let made = stages.get_or_make(id, &ReconstructorFile, |stages| {
        fit_reconstructor(trial.world, options, stages.progress())
    })?;
    Ok(Box::new(made.product))
}

/// Fitted unmixing as its own safetensors file.
struct UnmixingFile;

impl Form<Unmixing> for UnmixingFile {
    fn extension(&self) -> &'static str {
        "safetensors"
    }

    fn write(&self, product: &Unmixing, path: &Path) -> Result<(), HarnessError> {
        Ok(product.save(path)?)
    }

    fn read(&self, path: &Path, _: &[u8]) -> Result<Unmixing, String> {
        Unmixing::load(path).map_err(|error| error.to_string())
    }
}

/// Trained reconstructors as their own safetensors files.
struct ReconstructorFile;

impl Form<Reconstructor> for ReconstructorFile {
    fn extension(&self) -> &'static str {
        "safetensors"
    }

    fn write(&self, product: &Reconstructor, path: &Path) -> Result<(), HarnessError> {
        Ok(product.save(path)?)
    }

    fn read(&self, path: &Path, _: &[u8]) -> Result<Reconstructor, String> {
        Reconstructor::load(path).map_err(|error| error.to_string())
    }
}
