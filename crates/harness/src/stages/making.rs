//! Loads what is kept and makes what is not: the one place where a run does either.

use std::collections::BTreeSet;
use std::time::Instant;

use super::form::Form;
use super::graph::{Graph, Node, StageId};
use super::record::Maker;
use super::store::{Kept, State, Store};
use crate::error::HarnessError;
use crate::instructions::instruction_set;
use crate::progress::Progress;
use crate::provenance::COMMIT;
use crate::timings::Timings;

/// The stages of a run under way.
pub struct Stages<'a> {
    store: &'a Store,
    progress: &'a Progress,
    graph: &'a Graph,
    timings: &'a mut Timings,
    may_make: bool,
    open: Vec<Open>,
}

/// A stage that is being made.
struct Open {
    id: StageId,
    /// Seconds that other stages took meanwhile.
    inside: f64,
    units: u64,
}

/// A stage's product.
#[derive(Debug)]
pub struct Made<T> {
    /// The product.
    pub product: T,
    /// The commit of the code that made it, marked where it differed from the commit.
    pub commit: String,
    /// Whether it came from the cache.
    pub cached: bool,
}

impl<'a> Stages<'a> {
    /// The stages of `graph`, to be found in `store` or made.
    pub fn new(
        store: &'a Store,
        progress: &'a Progress,
        graph: &'a Graph,
        timings: &'a mut Timings,
    ) -> Self {
        Self {
            store,
            progress,
            graph,
            timings,
            may_make: true,
            open: Vec::new(),
        }
    }

    /// The same stages, of which none is made: what is not there is an error.
    pub fn only_kept(mut self) -> Self {
        self.may_make = false;
        self
    }

    /// The product of a stage: as it is kept if it can be trusted, else made and kept. One process makes
    /// it, others wait for it.
    ///
    /// # Errors
    /// Those of `make`, or if the product cannot be kept.
    pub fn get_or_make<T>(
        &mut self,
        id: StageId,
        form: &dyn Form<T>,
        make: impl FnOnce(&mut Self) -> Result<T, HarnessError>,
    ) -> Result<Made<T>, HarnessError> {
        let declared = self
            .open
            .last()
            .is_none_or(|open| self.graph.reaches(open.id, id));
        debug_assert!(declared, "a stage reads what it does not declare");
        let node = self.graph.node(id);
        let (stage, hash) = (node.key.stage(), &node.key.hash()[..8]);
        match self.store.load(&node.key, form) {
            Ok(kept) => return Ok(self.found(id, kept)),
            Err(State::Stale(why)) => {
                let line = format!("  {stage} {hash} is made again: {why}");
                self.progress.say(&line);
            }
            Err(_) => {}
        }
        if !self.may_make {
            return Err(HarnessError::NotMade {
                what: node.what.clone(),
            });
        }
        let _lock = self.store.lock(&node.key, |holder| {
            let line = format!("  {stage} {hash} is being made by {holder}: waiting");
            self.progress.say(&line);
        })?;
        // Whoever had the lock has made it, perhaps.
        if let Ok(kept) = self.store.load(&node.key, form) {
            return Ok(self.found(id, kept));
        }
        let started = Instant::now();
        self.open.push(Open {
            id,
            inside: 0.0,
            units: node.units,
        });
        let made = make(self);
        let open = self.open.pop().expect("pushed above");
        let product = made?;
        self.store
            .save(&node.key, &node.what, &self.maker(node), form, &product)?;
        let seconds = started.elapsed().as_secs_f64();
        if let Some(above) = self.open.last_mut() {
            above.inside += seconds;
        }
        let own = seconds - open.inside;
        self.timings.made(node, own, open.units);
        self.progress
            .say(&format!("  {stage} {hash} in {own:.1} s"));
        Ok(Made {
            product,
            commit: COMMIT.into(),
            cached: false,
        })
    }

    /// Who makes a stage: this code on this processor, from what others have made.
    fn maker(&self, node: &Node) -> Maker {
        let beneath = node.needs.iter().map(|&need| &self.graph.node(need).key);
        let mut instructions: BTreeSet<String> = beneath
            .flat_map(|key| self.store.instructions(key))
            .collect();
        instructions.insert(instruction_set());
        Maker {
            commit: COMMIT.into(),
            instructions,
        }
    }

    fn found<T>(&mut self, id: StageId, kept: Kept<T>) -> Made<T> {
        self.timings.cached(&self.graph.node(id).key);
        Made {
            product: kept.product,
            commit: kept.commit,
            cached: true,
        }
    }

    /// Says how much work the stage that is being made turned out to be.
    pub fn did(&mut self, units: u64) {
        if let Some(open) = self.open.last_mut() {
            open.units = units;
        }
    }

    /// Progress on standard error.
    pub fn progress(&self) -> &'a Progress {
        self.progress
    }
}
