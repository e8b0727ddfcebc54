//! The stages of an experiment on heads, for its plan.

use config::experiment::{Attack, Backbone, Cell, DatasetSpec, Experiment, Heads, Then};

use super::inversion;
use super::keys::CellKeys;
use super::names;
use super::network::Kept;
use super::outcome::Outcome;
use super::private::Tuned;
use crate::context::Context;
use crate::error::HarnessError;
use crate::plan::Stage;
use crate::store::{StageKey, State};

/// Number of cells, and the stages they need, in the order in which they run.
pub fn stages(
    context: &Context,
    experiment: &Experiment,
    heads: &Heads,
) -> Result<(usize, Vec<Stage>), HarnessError> {
    super::preflight(context, experiment, heads)?;
    let cells = experiment.cells();
    let mut stages = Vec::new();
    for cell in &cells {
        let keys = CellKeys::new(context, experiment.seed, heads, &cells, cell)?;
        let outcome = context.store.state::<Outcome>(&keys.outcome);
        // A finished cell needs none of the stages below it.
        let needed = outcome != State::Cached;
        if let (true, Backbone::VggTiny { width, epochs, .. }) = (needed, &cell.backbone) {
            let images = heads.data.source.as_ref().map_or(0, DatasetSpec::examples);
            stages.push(Stage {
                what: format!("pre-train vgg_tiny, width {width}, {epochs} epochs"),
                units: (images * epochs) as u64,
                state: file_state(context, &keys.world.backbone),
                key: keys.world.backbone.clone(),
            });
        }
        if needed && cell.backbone != Backbone::Features {
            stages.push(Stage {
                what: "features of the target".into(),
                units: heads.data.target.examples() as u64,
                state: context.store.state::<Kept>(&keys.world.features),
                key: keys.world.features.clone(),
            });
        }
        if let (true, Some(key)) = (needed, keys.tuning) {
            stages.push(Stage {
                what: format!("best DP-SGD settings, {} shots", cell.shots),
                units: 1,
                state: context.store.state::<Tuned>(&key),
                key,
            });
        }
        if let (true, Some(key)) = (needed, keys.model) {
            stages.push(Stage {
                what: format!(
                    "{} for {} shots, {}",
                    then(cell).map_or("", |then| names::then(&then)),
                    cell.shots,
                    names::defence(cell)
                ),
                units: model_samples(cell),
                state: file_state(context, &key),
                key,
            });
        }
        stages.push(Stage {
            what: format!(
                "{} victims, {}, {} shots, {}",
                heads.victims,
                cell.attack.word(),
                cell.shots,
                names::defence(cell)
            ),
            units: (heads.victims + heads.nulls) as u64,
            state: outcome,
            key: keys.outcome,
        });
    }
    Ok((cells.len(), stages))
}

/// The state of a product in a format of its own: there or not; its checks run when it is read.
fn file_state(context: &Context, key: &StageKey) -> State {
    if context.store.file(key, "safetensors").exists() {
        State::Cached
    } else {
        State::Missing
    }
}

fn then(cell: &Cell) -> Option<Then> {
    match &cell.attack {
        Attack::Unmixing(options) => Some(Then::Unmixing(*options)),
        Attack::Reconstructor(options) => Some(Then::Reconstructor(*options)),
        Attack::Labels(labels) => Some(labels.then),
        Attack::Scores(scores) => Some(scores.then),
        Attack::GradientInversion(options) => inversion::start(options).map(Then::Unmixing),
        _ => None,
    }
}

fn model_samples(cell: &Cell) -> u64 {
    match then(cell) {
        Some(Then::Unmixing(options)) => options.samples as u64,
        Some(Then::Reconstructor(options)) => options.samples as u64,
        None => 0,
    }
}
