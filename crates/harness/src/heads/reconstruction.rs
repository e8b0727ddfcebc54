//! White-box reconstruction in a cell.

use attacks::{neighbour_scores, null_scores, victim_scores};
use spec::{Null, Then};

use super::calibration::Calibration;
use super::gallery;
use super::measure::Trial;
use super::model;
use super::outcome::Outcome;
use crate::error::HarnessError;
use crate::timings::Timings;

/// Fits the attack on shadow heads, runs it on the victims and on the null.
pub fn run(
    trial: &Trial<'_>,
    attack: &Then,
    timings: &mut Timings,
    outcome: &mut Outcome,
) -> Result<(), HarnessError> {
    let setting = trial.setting;
    let model = model::white_box(trial, attack, timings)?;
    let mut released = trial.victims.clone();
    setting.release(&mut released, "victims")?;
    let null = trial.cell.null;
    let (victims, draws) = match null {
        Null::ReplaceOne => neighbour_scores(setting, model.as_ref(), &released)?,
        _ => (
            victim_scores(setting, model.as_ref(), &released),
            null_scores(setting, model.as_ref(), &released, null, trial.heads.nulls)?,
        ),
    };
    Calibration::fit(setting, model.as_ref())?.take(outcome, victims, draws);
    let cost = model.cost();
    outcome.samples = cost.samples;
    outcome.steps = cost.steps;
    outcome.gallery = gallery::gallery(setting, model.as_ref(), &released);
    outcome.ssim = gallery::mean_ssim(setting, &outcome.gallery);
    Ok(())
}
