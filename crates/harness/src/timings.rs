//! How long stages took: `timings.csv`, and the rates that plans are estimated by.

use std::collections::HashSet;

use crate::costs::Costs;
use crate::stages::{Node, StageKey};

/// One stage of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Kind of stage.
    pub stage: String,
    /// Its hash.
    pub hash: String,
    /// Seconds, those of stages that were made on the way not among them; 0 where it came from the
    /// cache.
    pub seconds: f64,
    /// Units of work done.
    pub units: u64,
    /// Whether it came from the cache.
    pub cached: bool,
}

/// The stages of a run so far.
#[derive(Debug, Default)]
pub struct Timings {
    /// Each stage once, in the order in which they ended.
    pub stages: Vec<Timing>,
    known: HashSet<String>,
    costs: Costs,
}

impl Timings {
    /// Timings that refine the given rates.
    pub fn new(costs: Costs) -> Self {
        Self {
            costs,
            ..Self::default()
        }
    }

    /// Notes that a stage came from the cache.
    pub fn cached(&mut self, key: &StageKey) {
        self.note(key, 0.0, 0, true);
    }

    /// Notes a stage that was made.
    pub fn made(&mut self, node: &Node, seconds: f64, units: u64) {
        self.costs.learn(&node.work, units, seconds);
        self.note(&node.key, seconds, units, false);
    }

    fn note(&mut self, key: &StageKey, seconds: f64, units: u64, cached: bool) {
        if self.known.insert(key.hash().to_owned()) {
            self.stages.push(Timing {
                stage: key.stage().to_string(),
                hash: key.hash().to_string(),
                seconds,
                units,
                cached,
            });
        }
    }
}
