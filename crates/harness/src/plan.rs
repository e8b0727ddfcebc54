//! What a run would do: the stages of every cell, and which of them are in the cache.

use std::collections::HashSet;
use std::fmt::Write as _;

use config::experiment::{Experiment, Kind};

use crate::context::Context;
use crate::costs::Costs;
use crate::cryptotl;
use crate::error::HarnessError;
use crate::heads;
use crate::store::{StageKey, State};

/// One stage of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name and hash.
    pub key: StageKey,
    /// What it makes, in words.
    pub what: String,
    /// Work to do, in the units of its kind (images, rows, heads).
    pub units: u64,
    /// What the cache holds.
    pub state: State,
}

/// The stages of an experiment, each listed once, in the order in which they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The experiment's name.
    pub name: String,
    /// Rows of `results.csv`.
    pub cells: usize,
    /// The stages.
    pub stages: Vec<Stage>,
}

impl Plan {
    /// Looks the experiment's stages up in the cache; runs nothing.
    pub fn new(context: &Context, experiment: &Experiment) -> Result<Self, HarnessError> {
        let (cells, mut stages) = match &experiment.kind {
            Kind::Heads(heads) => heads::stages(context, experiment, heads)?,
            Kind::CryptoTl { cryptotl } => cryptotl::stages(context, experiment, cryptotl)?,
        };
        let mut seen = HashSet::new();
        stages.retain(|stage| seen.insert(stage.key.clone()));
        Ok(Self {
            name: experiment.name.clone(),
            cells,
            stages,
        })
    }

    /// The plan as text for people: what is cached, what is not and why, and how long it takes.
    pub fn render(&self, costs: &Costs) -> String {
        let mut text = format!("{}: {} cells\n", self.name, self.cells);
        let mut left = 0.0;
        for stage in &self.stages {
            let hash = &stage.key.hash()[..8];
            let state = match &stage.state {
                State::Cached => "cached".to_string(),
                State::Missing => {
                    let seconds = costs.estimate(stage.key.stage(), stage.units);
                    left += seconds;
                    format!("to do, about {}", duration(seconds))
                }
                State::Stale(why) => {
                    let seconds = costs.estimate(stage.key.stage(), stage.units);
                    left += seconds;
                    format!("to do again ({why}), about {}", duration(seconds))
                }
            };
            let _ = writeln!(
                text,
                "  {:<9} {hash}  {:<64} {state}",
                stage.key.stage(),
                stage.what
            );
        }
        let _ = writeln!(text, "  in all about {}", duration(left));
        text
    }
}

/// Seconds in words.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "under 1 s".into(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
