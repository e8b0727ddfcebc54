//! The stages of an experiment, declared once: what each is, and what it is made from.

use std::collections::HashMap;

use super::key::StageKey;
use super::store::{State, Store};

/// A stage of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(usize);

/// One stage.
#[derive(Clone, Debug)]
pub struct Node {
    /// What its product is kept under.
    pub key: StageKey,
    /// What it makes, in words.
    pub what: String,
    /// What its cost is estimated by: the kind of stage, and of work where that matters.
    pub work: String,
    /// Work to do, in the units of its kind (images, rows, heads).
    pub units: u64,
    /// The stages that it reads, in the order in which it does.
    pub needs: Vec<StageId>,
}

/// The stages of an experiment, each once.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    known: HashMap<StageKey, StageId>,
}

/// A stage as a plan finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The stage.
    pub id: StageId,
    /// What the cache holds.
    pub state: State,
}

impl Graph {
    /// Declares a stage; one that is known already is the same stage.
    pub fn add(&mut self, node: Node) -> StageId {
        *self.known.entry(node.key.clone()).or_insert_with(|| {
            self.nodes.push(node);
            StageId(self.nodes.len() - 1)
        })
    }

    /// A declared stage.
    pub fn node(&self, id: StageId) -> &Node {
        &self.nodes[id.0]
    }

    /// Whether making `above` may read `below`.
    pub fn reaches(&self, above: StageId, below: StageId) -> bool {
        let needs = &self.node(above).needs;
        needs.contains(&below) || needs.iter().any(|&need| self.reaches(need, below))
    }

    /// The stages that a run for `goals` looks at, each once, in its order: what is cached needs nothing
    /// beneath it, and everything else is made after what it needs.
    pub fn walk(&self, goals: impl IntoIterator<Item = StageId>, store: &Store) -> Vec<Planned> {
        let mut seen = vec![false; self.nodes.len()];
        let mut planned = Vec::new();
        for goal in goals {
            self.visit(goal, store, &mut seen, &mut planned);
        }
        planned
    }

    fn visit(&self, id: StageId, store: &Store, seen: &mut [bool], planned: &mut Vec<Planned>) {
        if std::mem::replace(&mut seen[id.0], true) {
            return;
        }
        let node = self.node(id);
        let state = store.state(&node.key);
        if state != State::Cached {
            for &need in &node.needs {
                self.visit(need, store, seen, planned);
            }
        }
        planned.push(Planned { id, state });
    }
}

#[cfg(test)]
mod tests {
    use super::super::code::Fingerprints;
    use super::super::form::Postcard;
    use super::super::key::KeyBuilder;
    use super::super::record::Maker;
    use super::*;

    fn node(prints: &Fingerprints, stage: &'static str, needs: Vec<StageId>) -> Node {
        Node {
            key: KeyBuilder::new(stage, &prints.of(&["datasets"])).finish(),
            what: stage.into(),
            work: stage.into(),
            units: 1,
            needs,
        }
    }

    #[test]
    fn needs_come_first_and_a_cached_stage_hides_what_is_beneath_it() {
        let prints = Fingerprints::of_this_build();
        let mut graph = Graph::default();
        let base = graph.add(node(&prints, "base", Vec::new()));
        let middle = graph.add(node(&prints, "middle", vec![base]));
        let top = graph.add(node(&prints, "top", vec![base, middle]));
        assert_eq!(graph.add(node(&prints, "middle", vec![base])), middle);
        assert!(graph.reaches(top, base) && !graph.reaches(base, top));

        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let walk = || -> Vec<StageId> {
            let planned = graph.walk([top, middle], &store);
            planned.into_iter().map(|planned| planned.id).collect()
        };
        assert_eq!(walk(), [base, middle, top]);
        let keep = |id| store.save(&graph.node(id).key, "", &Maker::default(), &Postcard, &0);
        keep(middle).unwrap();
        assert_eq!(walk(), [base, middle, top]);
        keep(top).unwrap();
        assert_eq!(walk(), [top, middle]);
    }
}
