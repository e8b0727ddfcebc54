//! One cell, from victims to scores.

use attacks::World as Setting;
use config::experiment::{Attack, Cell, Defence, Heads, Then};
use datasets::FeatureSet;
use transfer::ShadowBatch;

use super::adversary;
use super::encrypted::{self, Encrypted};
use super::extraction;
use super::inference;
use super::inversion;
use super::keys::CellKeys;
use super::outcome::Outcome;
use super::prior::LastPrior;
use super::private::{self, Spending, Undefended};
use super::recipe;
use super::reconstruction;
use super::victims;
use super::world::World;
use crate::context::Context;
use crate::error::HarnessError;
use crate::timings::Timings;

/// What the cells of an experiment share.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// The experiment.
    pub heads: &'a Heads,
    /// Its seed.
    pub seed: u64,
    /// Its cells.
    pub cells: &'a [Cell],
    /// What the last extraction believed before its first query.
    pub prior: &'a LastPrior,
}

/// A cell whose victims are trained.
pub struct Trial<'a> {
    /// Folders, cache, progress.
    pub context: &'a Context,
    /// Data, features, backbone.
    pub world: &'a World,
    /// The same as the attacks see it.
    pub setting: &'a Setting<'a>,
    /// The experiment.
    pub heads: &'a Heads,
    /// Its seed.
    pub seed: u64,
    /// Its cells.
    pub cells: &'a [Cell],
    /// The cell.
    pub cell: &'a Cell,
    /// Names of its stages.
    pub keys: &'a CellKeys,
    /// The victims' weights, before any release.
    pub victims: &'a ShadowBatch,
    /// What the last extraction believed before its first query.
    pub prior: &'a LastPrior,
    /// What accuracy and agreement are measured on.
    pub test: &'a FeatureSet,
    /// What queries are answered with, where the victims are encrypted.
    pub encrypted: Option<&'a Encrypted>,
}

/// The setting of a cell as the attacks see it, and what its DP-SGD spends.
pub fn setting<'w>(
    context: &Context,
    world: &'w World,
    heads: &Heads,
    cell: &Cell,
    keys: &CellKeys,
    timings: &mut Timings,
) -> Result<(Setting<'w>, Option<Spending>), HarnessError> {
    let shape = recipe::shape(cell.head, world.features.width(), world.features.classes());
    let plain = recipe::recipe(cell, &heads.data.target);
    let (victim_recipe, spending) = match &cell.defence {
        Defence::DpSgd(dp) => {
            let plain = Undefended {
                shape,
                shots: cell.shots,
                recipe: plain,
            };
            let tuning = keys.tuning.as_ref();
            let (recipe, spending) = private::defend(context, world, plain, dp, tuning, timings)?;
            (recipe, Some(spending))
        }
        Defence::None | Defence::Rhe(_) => (plain, None),
    };
    let setting = Setting::new(
        &world.images,
        &world.features,
        &world.split,
        shape,
        victim_recipe,
        cell.shots,
        world.root,
    )?
    .assuming(adversary::recipes(&cell.adversary, victim_recipe))?;
    Ok((setting, spending))
}

/// Trains the victims of `cell`, one of the experiment's `cells`, attacks them, and scores the
/// attack under both hypotheses.
pub fn measure(
    context: &Context,
    world: &World,
    experiment: Shared<'_>,
    cell: &Cell,
    keys: &CellKeys,
    timings: &mut Timings,
) -> Result<Outcome, HarnessError> {
    let Shared {
        heads,
        seed,
        cells,
        prior,
    } = experiment;
    let (mut setting, spending) = setting(context, world, heads, cell, keys, timings)?;
    let shape = setting.shape;
    let stream = setting.victims()?;
    let mut batch = stream.batch(heads.victims);
    stream.fill(0, &mut batch);
    let test = victims::test_set(&world.features, &world.split.test)?;
    let mut outcome = Outcome {
        n: setting.members() as u64,
        accuracy: victims::accuracies(&batch, shape, &test),
        spending,
        tau: world.tau,
        shape: Some(world.images.shape()),
        ..Outcome::default()
    };
    let view;
    let mut encrypted = None;
    if let Defence::Rhe(options) = &cell.defence {
        view = Encrypted::new(shape, options)?;
        outcome.label_agreement = Some(encrypted::label_agreement(&batch, shape, &test, options)?);
        encrypted = Some(&view);
        // An extraction sees answers, not the head, and knows its own shadow heads in the clear.
        if !matches!(cell.attack, Attack::Labels(_) | Attack::Scores(_)) {
            setting = setting.seen_through(&view);
        }
    }
    let trial = Trial {
        context,
        world,
        setting: &setting,
        heads,
        seed,
        cells,
        cell,
        keys,
        prior,
        victims: &batch,
        test: &test,
        encrypted,
    };
    attack(&trial, timings, &mut outcome)?;
    Ok(outcome)
}

fn attack(
    trial: &Trial<'_>,
    timings: &mut Timings,
    outcome: &mut Outcome,
) -> Result<(), HarnessError> {
    match &trial.cell.attack {
        Attack::Unmixing(options) => {
            reconstruction::run(trial, &Then::Unmixing(*options), timings, outcome)
        }
        Attack::Reconstructor(options) => {
            reconstruction::run(trial, &Then::Reconstructor(*options), timings, outcome)
        }
        Attack::Labels(options) => extraction::by_labels(trial, options, timings, outcome),
        Attack::Scores(options) => extraction::by_scores(trial, options, timings, outcome),
        Attack::Membership(options) => inference::membership(trial, options, outcome),
        Attack::Property(options) => inference::property(trial, options, outcome),
        Attack::GradientInversion(options) => inversion::run(trial, options, timings, outcome),
    }
}
