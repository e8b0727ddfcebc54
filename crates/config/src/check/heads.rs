//! Experiments on heads.

use super::at::At;
use super::{attack, data, defence, grid};
use crate::document::OneOrMany;
use crate::experiment::{Adversary, Assumed, Backbone, Head, Heads, Null, Recipe, Sweep};
use crate::raw;

/// Null heads that resolve a false-positive rate of .1 %.
const NULLS: usize = 5_000;

/// Says that keys of experiments on heads have no use beside `cryptotl`.
pub fn must_be_absent(raw: &raw::Experiment, at: &At<'_>) {
    let present = [
        ("data", raw.data.is_some()),
        ("backbone", raw.backbone.is_some()),
        ("head", raw.head.is_some()),
        ("recipe", raw.recipe.is_some()),
        ("adversary", raw.adversary.is_some()),
        ("victims", raw.victims.is_some()),
        ("nulls", raw.nulls.is_some()),
        ("tau", raw.tau.is_some()),
        ("sweep", raw.sweep.is_some()),
    ];
    for (key, present) in present {
        at.key(key).unused(
            present,
            "this experiment has a `cryptotl` section, which holds all of its settings",
        );
    }
}

/// The checked experiment; none where a section is missing.
pub fn check(raw: &raw::Experiment, at: &At<'_>) -> Option<Heads> {
    let (Some(raw_data), Some(raw_sweeps)) = (&raw.data, &raw.sweep) else {
        let missing = if raw.data.is_none() { "data" } else { "sweep" };
        at.wrong_hint(
            format!("the key `{missing}` is missing"),
            "`data` and `sweep`, or `cryptotl`",
            "`harness schema` prints what a config may hold",
        );
        return None;
    };
    let own = raw
        .backbone
        .clone()
        .unwrap_or_else(|| data::default_backbone(&raw_data.target));
    let data = data::check(raw_data, &at.key("data"));
    let head = check_head(raw.head.unwrap_or_default(), &at.key("head"));
    let recipe = check_recipe(raw.recipe.unwrap_or_default(), &at.key("recipe"));
    let tau = raw.tau.unwrap_or_default().0;
    if let Some(tau) = tau.filter(|tau| !(0.0..=4.0).contains(tau) || *tau == 0.0) {
        at.key("tau").wrong(
            format!("found {tau}"),
            "`auto` or a mean squared error above 0 and up to 4 (pixels are in [-1, 1])",
        );
    }
    let adversary = raw.adversary.unwrap_or_default();
    let sweep_at = at.key("sweep");
    let each = raw_sweeps.values.iter().enumerate();
    let grids: Vec<Grid<'_>> = each
        .map(|(index, raw)| Grid::new(raw, sweep_at.item(index)))
        .collect();
    if grids.is_empty() {
        sweep_at.wrong("found an empty list", "a grid or a list of grids");
    }
    // The experiment's own backbone is checked once.
    if grids.iter().any(|grid| grid.backbones.is_empty()) {
        let own = [(&own, at.key("backbone"))];
        data::check_backbones(raw_data, &own, &at.key("data"));
    }
    for grid in grids.iter().filter(|grid| !grid.backbones.is_empty()) {
        data::check_backbones(raw_data, &grid.backbones(&own, at), &at.key("data"));
    }
    let heads = Heads {
        adversary: check_adversary(adversary, &at.key("adversary")),
        victims: at.key("victims").at_least(raw.victims.unwrap_or(500), 1),
        nulls: at.key("nulls").at_least(raw.nulls.unwrap_or(NULLS), 1),
        sweep: grids
            .iter()
            .map(|grid| sweep(grid.raw, &data, &grid.backbones(&own, at), &grid.at))
            .collect(),
        backbone: own.clone(),
        data,
        head,
        recipe,
        tau,
    };
    // What the grid lacks often follows from another problem: say it only where it is the only one.
    if at.nothing_wrong() {
        for (sweep, grid) in heads.sweep.iter().zip(&grids) {
            grid::check(&heads, sweep, grid.raw, &grid.at);
        }
    }
    Some(heads)
}

/// A grid as written, with its place.
struct Grid<'a> {
    raw: &'a raw::Sweep,
    at: At<'a>,
    /// Its own backbones; empty: the experiment's.
    backbones: Vec<Backbone>,
}

impl<'a> Grid<'a> {
    fn new(raw: &'a raw::Sweep, at: At<'a>) -> Self {
        let backbones = axis(&raw.backbone, &at.key("backbone"));
        Self { raw, at, backbones }
    }

    /// The backbones of its cells with their places.
    fn backbones<'b>(&'b self, own: &'b Backbone, root: &At<'a>) -> Vec<(&'b Backbone, At<'a>)> {
        if self.backbones.is_empty() {
            return vec![(own, root.key("backbone"))];
        }
        let place = |index| self.at.key("backbone").item(index);
        let each = self.backbones.iter().enumerate();
        each.map(|(index, backbone)| (backbone, place(index)))
            .collect()
    }
}

fn sweep(
    raw: &raw::Sweep,
    data: &crate::experiment::Data,
    backbones: &[(&Backbone, At<'_>)],
    at: &At<'_>,
) -> Sweep {
    let shots = at.key("shots").distinct(&raw.shots.values).to_vec();
    for (index, &shots) in shots.iter().enumerate() {
        data::check_shots(shots, data, &at.key("shots").item(index));
    }
    let attack = attack::expand(raw.attack.as_ref(), data, backbones, &at.key("attack"));
    let release = match &raw.release {
        Some(_) => axis(&raw.release, &at.key("release")),
        None => grid::default_releases(&attack),
    };
    let each = |name: &str, axis: &Option<OneOrMany<f64>>, check: fn(&At<'_>, f64) -> f64| {
        let at = at.key(name);
        let values = self::axis(axis, &at);
        values
            .iter()
            .enumerate()
            .map(|(i, value)| check(&at.item(i), *value))
            .collect::<Vec<_>>()
    };
    let epochs = axis(&raw.epochs, &at.key("epochs"));
    for (index, &epochs) in epochs.iter().enumerate() {
        at.key("epochs").item(index).at_least(epochs, 1);
    }
    let head = axis(&raw.head, &at.key("head"));
    for (index, head) in head.iter().enumerate() {
        check_head(*head, &at.key("head").item(index));
    }
    let adversary = axis(&raw.adversary, &at.key("adversary"));
    Sweep {
        defence: defence::expand(raw.defence.as_ref(), data, &at.key("defence")),
        release,
        attack,
        null: raw.null.as_ref().map_or_else(
            || vec![Null::default()],
            |_| axis(&raw.null, &at.key("null")),
        ),
        backbone: match raw.backbone {
            Some(_) => backbones.iter().map(|&(own, _)| own.clone()).collect(),
            None => Vec::new(),
        },
        head,
        optimiser: axis(&raw.optimiser, &at.key("optimiser")),
        epochs,
        init_std: each("init_std", &raw.init_std, |at, value| {
            at.not_negative(value)
        }),
        learning_rate: each("learning_rate", &raw.learning_rate, |at, value| {
            at.positive(value)
        }),
        weight_decay: each("weight_decay", &raw.weight_decay, |at, value| {
            at.not_negative(value)
        }),
        adversary: adversary
            .iter()
            .enumerate()
            .map(|(i, raw)| check_adversary(*raw, &at.key("adversary").item(i)))
            .collect(),
        shots,
    }
}

/// The values of an axis that may be absent.
fn axis<T: Clone + PartialEq>(raw: &Option<OneOrMany<T>>, at: &At<'_>) -> Vec<T> {
    raw.as_ref()
        .map(|axis| at.distinct(&axis.values).to_vec())
        .unwrap_or_default()
}

fn check_head(head: Head, at: &At<'_>) -> Head {
    if let Head::Mlp { hidden, .. } = head {
        at.choice("mlp").key("hidden").at_least(hidden, 1);
    }
    head
}

fn check_recipe(recipe: Recipe, at: &At<'_>) -> Recipe {
    recipe
        .init_std
        .map(|value| at.key("init_std").not_negative(value));
    recipe
        .learning_rate
        .map(|value| at.key("learning_rate").positive(value));
    recipe
        .weight_decay
        .map(|value| at.key("weight_decay").not_negative(value));
    recipe
        .epochs
        .map(|value| at.key("epochs").at_least(value, 1));
    recipe
        .positive_weight
        .map(|value| at.key("positive_weight").positive(value));
    recipe
}

fn check_adversary(raw: raw::Adversary, at: &At<'_>) -> Adversary {
    let belief = |key: &str, belief: Assumed| {
        if let Assumed::Between(from, to) | Assumed::Times(from, to) = belief
            && !(from <= to && (from > 0.0 || (key == "init_std" && from == 0.0)))
        {
            at.key(key).wrong(
                format!("found {from} to {to}"),
                "numbers above 0, the smaller one first",
            );
        }
        belief
    };
    Adversary {
        init_std: belief("init_std", raw.init_std),
        epochs: belief("epochs", raw.epochs),
        learning_rate: belief("learning_rate", raw.learning_rate),
    }
}
