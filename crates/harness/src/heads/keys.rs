//! Names of a cell's stages by everything they depend on.

use config::experiment::{Attack, Cell, Data, Head, Heads, Then};

use serde::Serialize;

use super::shared;
use super::world_keys::WorldKeys;
use crate::context::Context;
use crate::error::HarnessError;
use crate::store::{KeyBuilder, StageKey};

/// Raised when training, attacks or scoring change their results.
const CELL_FORMAT: u32 = 1;

/// The stages of one cell, in the order in which they are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellKeys {
    /// Backbone and features.
    pub world: WorldKeys,
    /// The search for the best DP-SGD settings, where one is asked for.
    pub tuning: Option<StageKey>,
    /// The trained attack, where there is something to train.
    pub model: Option<StageKey>,
    /// Everything measured.
    pub outcome: StageKey,
}

impl CellKeys {
    /// Names the stages of `cell`, one of the experiment's `cells`.
    pub fn new(
        context: &Context,
        seed: u64,
        heads: &Heads,
        cells: &[Cell],
        cell: &Cell,
    ) -> Result<Self, HarnessError> {
        let world = WorldKeys::new(context, seed, &heads.data, &cell.backbone)?;
        let start = |stage| {
            KeyBuilder::new(stage)
                .with("format", &CELL_FORMAT)
                .with("seed", &seed)
                .after(&world.features)
                .with("owners", &Owners::new(&heads.data))
        };
        let trained = |builder: KeyBuilder| {
            reads(cell, builder)
                .with("head", &cell.head)
                .with("recipe", &cell.recipe)
                .with("shots", &cell.shots)
                .with("defence", &cell.defence)
        };
        let tuning = match &cell.defence {
            config::experiment::Defence::DpSgd(dp) if dp.tuned.is_some() => {
                Some(trained(start("tuning")).finish())
            }
            _ => None,
        };
        let sharing: Vec<Lesson<'_>> = shared::group(cells, cell)
            .into_iter()
            .map(Lesson::of)
            .collect();
        // What a network has learned beside its own cell; nothing is named where nothing is shared.
        let beside = |builder: KeyBuilder| {
            if sharing.is_empty() {
                builder
            } else {
                builder.with("shared", &sharing)
            }
        };
        let model = learned(&cell.attack).map(|attack| {
            let builder = trained(start("model"))
                .with("adversary", &cell.adversary)
                .with("release", &cell.release)
                .with("attack", &attack);
            beside(builder).finish()
        });
        let outcome = reads(cell, start("outcome"))
            .with("cell", cell)
            .with("victims", &heads.victims)
            .with("nulls", &heads.nulls);
        let outcome = beside(outcome).finish();
        Ok(Self {
            world,
            tuning,
            model,
            outcome,
        })
    }

    /// A short name of the cell for `results.csv`.
    pub fn config_hash(&self) -> &str {
        &self.outcome.hash()[..12]
    }
}

/// Names what attacks read of heads with a hidden layer; of linear heads they always read the rows.
fn reads(cell: &Cell, builder: KeyBuilder) -> KeyBuilder {
    match cell.head {
        Head::Linear => builder,
        Head::Mlp { .. } => builder.with("reads", &"sums over units"),
    }
}

/// What a shared network learns from one of its cells.
#[derive(Serialize)]
struct Lesson<'a> {
    recipe: &'a config::experiment::Recipe,
    shots: usize,
    defence: &'a config::experiment::Defence,
    adversary: &'a config::experiment::Adversary,
}

impl<'a> Lesson<'a> {
    fn of(cell: &'a Cell) -> Self {
        Self {
            recipe: &cell.recipe,
            shots: cell.shots,
            defence: &cell.defence,
            adversary: &cell.adversary,
        }
    }
}

/// What decides who owns which example and how it is labelled.
#[derive(Serialize)]
struct Owners<'a> {
    task: &'a config::experiment::Task,
    shares: &'a config::experiment::Shares,
}

impl<'a> Owners<'a> {
    fn new(data: &'a Data) -> Self {
        Self {
            task: &data.task,
            shares: &data.shares,
        }
    }
}

/// The part of an attack that is trained on shadow heads and so can be shared between cells: an
/// extraction's query budget, for one, does not touch the attack on the extracted head.
#[derive(Serialize)]
#[serde(untagged)]
enum Learned<'a> {
    Direct(&'a Attack),
    /// Where another attack starts; named as that attack itself, to be shared with it.
    Start(Attack),
    Extracted {
        extracted: &'a Then,
    },
}

fn learned(attack: &Attack) -> Option<Learned<'_>> {
    match attack {
        Attack::Unmixing(_) | Attack::Reconstructor(_) => Some(Learned::Direct(attack)),
        Attack::Labels(labels) => Some(Learned::Extracted {
            extracted: &labels.then,
        }),
        Attack::Scores(scores) => Some(Learned::Extracted {
            extracted: &scores.then,
        }),
        Attack::GradientInversion(options) => options
            .started_by()
            .map(|unmixing| Learned::Start(Attack::Unmixing(unmixing))),
        Attack::Membership(_) | Attack::Property(_) => None,
    }
}
