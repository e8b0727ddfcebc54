//! White-box reconstruction in a cell.

use attacks::{neighbour_scores, null_scores, others_scores, score};
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
    let (null, count) = (trial.cell.null, trial.heads().nulls);
    let calibration = Calibration::fit(world, model.as_ref())?;
    let compared = if null == Null::ReplaceOne {
        let (victims, draws) = neighbour_scores(world, model.as_ref(), &released)?;
        calibration.compared(victims, draws, None)
    } else {
        let images = model.reconstruct(world, &released);
        let (aim, own) = (model.aim(), (0..released.len()).collect::<Vec<_>>());
        calibration.compared(
            score(world, &images, aim, &released, &own),
            null_scores(world, model.as_ref(), &released, null, count)?,
            Some(others_scores(world, &images, aim, &released, count)),
        )
    };
    let gallery = gallery::gallery(world, model.as_ref(), &released);
    Ok(Reconstructed {
        compared,
        cost: model.cost(),
        ssim: gallery::mean_ssim(world, &gallery),
        gallery,
    })
}
