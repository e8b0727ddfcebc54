//! What a run would do: the stages of every cell, and which of them are in the cache.

use std::fmt::Write as _;

use config::experiment::Experiment;

use crate::context::Context;
use crate::costs::Costs;
use crate::error::HarnessError;
use crate::experiments::declare;
use crate::names;
use crate::stages::{Graph, Node, Planned, State};

/// The stages of an experiment that a run looks at, each listed once, in the order in which it does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The experiment's name.
    pub name: String,
    /// Rows of `results.csv`.
    pub cells: usize,
    graph: Graph,
    planned: Vec<Planned>,
}

impl Plan {
    /// Looks the experiment's stages up in the cache; runs nothing.
    ///
    /// # Errors
    /// If data that stages are named by is missing.
    pub fn new(context: &Context, experiment: &Experiment) -> Result<Self, HarnessError> {
        let cells = declare(context, experiment)?;
        let goals = cells.goals();
        let (count, graph) = (goals.len(), cells.into_graph());
        Ok(Self {
            name: experiment.name.clone(),
            cells: count,
            planned: graph.walk(goals, &context.store),
            graph,
        })
    }

    /// The stages, each with what the cache holds.
    pub fn stages(&self) -> impl Iterator<Item = (&Node, &State)> {
        let planned = self.planned.iter();
        planned.map(|planned| (self.graph.node(planned.id), &planned.state))
    }

    /// The plan as text for people: what is cached, what is not and why, and how long it takes.
    pub fn render(&self, costs: &Costs) -> String {
        let mut text = format!("{}: {}\n", self.name, names::count(self.cells, "cell"));
        let mut left = 0.0;
        let of_width = |width: fn(&Node) -> usize| {
            let widths = self.stages().map(|(node, _)| width(node));
            widths.max().unwrap_or(0)
        };
        let kinds = of_width(|node| node.key.stage().len());
        let words = of_width(|node| node.what.chars().count());
        for (node, state) in self.stages() {
            let mut time = || {
                let seconds = costs.estimate(&node.work, node.units);
                left += seconds;
                duration(seconds)
            };
            let state = match state {
                State::Cached => "cached".to_string(),
                State::Missing => format!("to do, {}", time()),
                State::Stale(why) => format!("to do again ({why}), {}", time()),
            };
            let (kind, what) = (node.key.stage(), &node.what);
            let hash = &node.key.hash()[..8];
            let _ = writeln!(text, "  {kind:<kinds$}  {hash}  {what:<words$}  {state}");
        }
        let _ = if self.stages().all(|(_, state)| *state == State::Cached) {
            writeln!(text, "  all is cached")
        } else {
            writeln!(text, "  in all {}", duration(left))
        };
        text
    }
}

/// Seconds in words; an estimate has no more digits than it deserves.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "under 1 s".into(),
        s if s < 90.0 => format!("about {s:.0} s"),
        s if s < 5400.0 => format!("about {:.0} min", s / 60.0),
        s => format!("about {:.1} h", s / 3600.0),
    }
}
