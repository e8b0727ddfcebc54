//! White-box reconstruction in a cell.

use attacks::{neighbour_scores, null_scores, victim_scores};
use spec::{Null, Then};

use super::calibration::Calibration;
use super::findings::Reconstructed;
use super::gallery;
use super::model;
use super::trial::Trial;
use crate::error::HarnessError;
use crate::stages::Stages;

/// Fits the attack on shadow heads, runs it on the victims and on the null.
///
/// # Errors
/// If it cannot be fitted, kept or run.
pub fn run(
    trial: &Trial<'_>,
    attack: &Then,
    stages: &mut Stages<'_>,
) -> Result<Reconstructed, HarnessError> {
    let world = trial.world;
    let model = model::white_box(trial, attack, stages)?;
    let mut released = trial.victims.clone();
    world.release(&mut released, "victims")?;
    let null = trial.cell.null;
    let (victims, draws) = match null {
        Null::ReplaceOne => neighbour_scores(world, model.as_ref(), &released)?,
        _ => (
            victim_scores(world, model.as_ref(), &released),
            null_scores(world, model.as_ref(), &released, null, trial.heads().nulls)?,
        ),
    };
    let (scores, errors) = Calibration::fit(world, model.as_ref())?.scored(victims, draws);
    let gallery = gallery::gallery(world, model.as_ref(), &released);
    Ok(Reconstructed {
        scores,
        errors,
        cost: model.cost(),
        ssim: gallery::mean_ssim(world, &gallery),
        gallery,
    })
}
