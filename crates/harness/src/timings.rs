//! How long stages took: `timings.csv`, and the rates that plans are estimated by.

use std::time::Instant;

use crate::context::Context;
use crate::costs::Costs;
use crate::error::HarnessError;
use crate::store::StageKey;

/// One stage of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Kind of stage.
    pub stage: String,
    /// Its hash.
    pub hash: String,
    /// Seconds; 0 where it came from the cache.
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
    costs: Costs,
}

impl Timings {
    /// Timings that refine the given rates.
    pub fn new(costs: Costs) -> Self {
        Self {
            stages: Vec::new(),
            costs,
        }
    }

    /// Notes that a stage came from the cache.
    pub fn cached(&mut self, key: &StageKey) {
        self.note(key, 0.0, 0, true);
    }

    /// Runs a stage, which returns its product and its units of work, and notes how long it took.
    pub fn run<T>(
        &mut self,
        context: &Context,
        key: &StageKey,
        work: impl FnOnce() -> Result<(T, u64), HarnessError>,
    ) -> Result<T, HarnessError> {
        let started = Instant::now();
        let (product, units) = work()?;
        let seconds = started.elapsed().as_secs_f64();
        self.costs.learn(key.stage(), units, seconds);
        self.note(key, seconds, units, false);
        context.progress.say(&format!(
            "  {} {} in {seconds:.1} s",
            key.stage(),
            &key.hash()[..8]
        ));
        Ok(product)
    }

    /// Notes a stage that ran outside of [`Timings::run`], inside of which other stages ran.
    pub fn ran(&mut self, key: &StageKey, seconds: f64, units: u64) {
        self.costs.learn(key.stage(), units, seconds);
        self.note(key, seconds, units, false);
    }

    fn note(&mut self, key: &StageKey, seconds: f64, units: u64, cached: bool) {
        if !self.stages.iter().any(|timing| timing.hash == key.hash()) {
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
