//! Experiments on heads: victims, releases, attacks.

mod adversary;
mod calibration;
mod colour;
mod encrypted;
mod extraction;
mod gallery;
mod inference;
mod inversion;
mod keys;
mod measure;
mod model;
mod names;
mod network;
mod outcome;
mod preflight;
mod prior;
mod private;
mod recipe;
mod reconstruction;
mod row;
mod settings;
mod shared;
mod stages;
mod threshold;
mod victims;
mod world;
mod world_keys;

use config::experiment::{Cell, Experiment, Heads};

pub use encrypted::{Encrypted, label_agreement};
pub use keys::CellKeys;
pub use outcome::{Outcome, Picture};
pub use preflight::check as preflight;
pub use row::{Measured, failed, measured};
pub use settings::Settings;
pub use stages::stages;
pub use victims::accuracies;
use world::World;
pub use world::scaled;

use crate::context::Context;
use crate::error::HarnessError;
use crate::timings::Timings;

/// Measures cells one after another and keeps what neighbouring cells share.
pub struct Bench<'a> {
    context: &'a Context,
    experiment: &'a Experiment,
    heads: &'a Heads,
    cells: Vec<Cell>,
    prior: prior::LastPrior,
    world: Option<World>,
}

impl<'a> Bench<'a> {
    /// A bench for the cells of `experiment`.
    pub fn new(context: &'a Context, experiment: &'a Experiment, heads: &'a Heads) -> Self {
        Self {
            context,
            experiment,
            heads,
            cells: experiment.cells(),
            prior: prior::LastPrior::default(),
            world: None,
        }
    }

    /// What `cell` measures: from the cache where it is there. The flag says whether it was.
    pub fn outcome(
        &mut self,
        cell: &Cell,
        timings: &mut Timings,
    ) -> Result<(Outcome, CellKeys, bool), HarnessError> {
        let seed = self.experiment.seed;
        let keys = CellKeys::new(self.context, seed, self.heads, &self.cells, cell)?;
        if let Ok(outcome) = self.context.store.load::<Outcome>(&keys.outcome) {
            timings.cached(&keys.outcome);
            return Ok((outcome, keys, true));
        }
        if self
            .world
            .as_ref()
            .is_none_or(|world| world.keys != keys.world)
        {
            // The old one goes first: two sets of images and features do not share memory.
            self.world = None;
            let world = World::prepare(
                self.context,
                seed,
                &self.heads.data,
                &cell.backbone,
                timings,
            )?;
            self.world = Some(world);
        }
        let world = self.world.as_ref().expect("just made");
        world.split.check(cell.shots)?;
        let outcome = {
            let started = std::time::Instant::now();
            let experiment = measure::Shared {
                heads: self.heads,
                seed,
                cells: &self.cells,
                prior: &self.prior,
            };
            let outcome = measure::measure(self.context, world, experiment, cell, &keys, timings)?;
            let units = (self.heads.victims + self.heads.nulls) as u64;
            timings.ran(&keys.outcome, started.elapsed().as_secs_f64(), units);
            outcome
        };
        self.context.store.save(&keys.outcome, &outcome)?;
        Ok((outcome, keys, false))
    }
}
