//! Experiments on heads.

use spec::{Backbone, HeadKind, Many, Null, Recipe, Whole};

use super::at::At;
use super::{attack, data, defence, grid, shadows, suited};
use crate::experiment::{Data, Heads, Sweep};
use crate::raw;

/// Victims where the config does not say.
const VICTIMS: usize = 500;
/// Bounds of the number of victims, whose weights are held at once.
const VICTIM_BOUNDS: Whole = Whole::new(1, 100_000);
/// Null heads where the config does not say: they resolve a false-positive rate of .1 %.
const NULLS: usize = 5_000;
/// Bounds of the number of null heads.
const NULL_BOUNDS: Whole = Whole::new(1, 10_000_000);

/// Why keys of other kinds of experiment have no use beside `cryptotl`.
pub const BESIDE_CRYPTOTL: &str =
    "this experiment has a `cryptotl` section, which holds all of its settings";

/// Says that keys of experiments on heads have no use beside `cryptotl`.
pub fn must_be_absent(raw: &raw::Experiment, at: &At<'_>) {
    let present = [
        ("data", raw.data.is_some()),
        ("backbone", raw.backbone.is_some()),
        ("head", raw.head.is_some()),
        ("recipe", raw.recipe.is_some()),
        ("adversary", raw.adversary.is_some()),
        ("shadows", raw.shadows.is_some()),
        ("victims", raw.victims.is_some()),
        ("nulls", raw.nulls.is_some()),
        ("tau", raw.tau.is_some()),
        ("sweep", raw.sweep.is_some()),
    ];
    for (key, present) in present {
        at.key(key).unused(present, BESIDE_CRYPTOTL);
    }
}

/// The checked experiment; none where a section is missing.
pub fn check(raw: &raw::Experiment, at: &At<'_>) -> Option<Heads> {
    let (Some(raw_data), Some(raw_sweeps)) = (&raw.data, &raw.sweep) else {
        let missing = if raw.data.is_none() { "data" } else { "sweep" };
        at.wrong_hint(
            format!("the key `{missing}` is missing"),
            "`data` and `sweep`, or `cryptotl`; `data` and `shots` for an audit",
            "`harness schema` prints what a config may hold",
        );
        return None;
    };
    let sweep_at = at.key("sweep");
    let each = raw_sweeps.values.iter().enumerate();
    let grids: Vec<Grid<'_>> = each
        .map(|(index, raw)| Grid {
            raw,
            at: sweep_at.item(index),
        })
        .collect();
    if grids.is_empty() {
        sweep_at.wrong("found an empty list", "a grid or a list of grids");
    }
    Some(of_grids(raw, raw_data, &grids, at))
}

/// The checked experiment of these grids.
pub fn of_grids(raw: &raw::Experiment, raw_data: &Data, grids: &[Grid<'_>], at: &At<'_>) -> Heads {
    let own = raw
        .backbone
        .clone()
        .unwrap_or_else(|| data::default_backbone(&raw_data.target));
    let data = data::check(raw_data, &at.key("data"));
    let head = raw.head.unwrap_or_default();
    check_head(head, &at.key("head"));
    let recipe = raw.recipe.unwrap_or_default();
    at.key("recipe").options(&recipe);
    let tau = raw.tau.unwrap_or_default().0;
    if let Some(tau) = tau.filter(|tau| !(0.0..=4.0).contains(tau) || *tau == 0.0) {
        at.key("tau").wrong(
            format!("found {tau}"),
            "`auto` or a mean squared error above 0 and up to 4 (pixels are in [-1, 1])",
        );
    }
    let adversary = raw.adversary.unwrap_or_default();
    // The experiment's own backbone is checked once.
    if grids.iter().any(|grid| grid.raw.backbone.is_empty()) {
        let own = [(&own, at.key("backbone"))];
        data::check_backbones(raw_data, &own, &at.key("data"));
    }
    for grid in grids.iter().filter(|grid| !grid.raw.backbone.is_empty()) {
        data::check_backbones(raw_data, &grid.backbones(), &at.key("data"));
    }
    at.key("adversary").options(&adversary);
    let victims = raw.victims.unwrap_or(VICTIMS);
    let nulls = raw.nulls.unwrap_or(NULLS);
    let heads = Heads {
        adversary,
        shadows: raw.shadows.clone(),
        victims: at.key("victims").within(VICTIM_BOUNDS, victims),
        nulls: at.key("nulls").within(NULL_BOUNDS, nulls),
        sweep: grids
            .iter()
            .map(|grid| sweep(grid.raw, &data, &grid.at))
            .collect(),
        backbone: own.clone(),
        data,
        head,
        recipe,
        tau,
    };
    // What the grid lacks often follows from another problem: say it only where it is the only one.
    if at.nothing_wrong() {
        for (sweep, grid) in heads.sweep.iter().zip(grids) {
            if let Some(cells) = grid::check(&heads, sweep, grid.raw, &grid.at) {
                suited::check(&heads, sweep, grid.raw, &cells, at, &grid.at);
            }
        }
        shadows::check(&heads, &at.key("shadows"));
    }
    heads
}

/// A grid as written, with its place.
pub struct Grid<'a> {
    /// The grid.
    pub raw: &'a Sweep<Many>,
    /// Where it stands.
    pub at: At<'a>,
}

impl Grid<'_> {
    /// Its own backbones with their places.
    fn backbones(&self) -> Vec<(&Backbone, At<'_>)> {
        let at = self.at.key("backbone");
        let each = self.raw.backbone.iter().enumerate();
        each.map(|(index, backbone)| (backbone, at.item(index)))
            .collect()
    }
}

fn sweep(raw: &Sweep<Many>, data: &Data, at: &At<'_>) -> Sweep {
    let place = at.key("shots");
    for (index, &shots) in place.distinct(&raw.shots).iter().enumerate() {
        data::check_shots(shots, data, &place.item(index));
    }
    let place = at.key("head");
    for (index, &head) in place.distinct(&raw.head).iter().enumerate() {
        check_head(head, &place.item(index));
    }
    let place = at.key("adversary");
    for (index, adversary) in place.distinct(&raw.adversary).iter().enumerate() {
        place.item(index).options(adversary);
    }
    for (key, bounds, values) in [
        ("init_std", Recipe::INIT_STD, &raw.init_std),
        ("learning_rate", Recipe::LEARNING_RATE, &raw.learning_rate),
        ("weight_decay", Recipe::WEIGHT_DECAY, &raw.weight_decay),
    ] {
        at.key(key).each_within(bounds, values);
    }
    at.key("epochs").each_within(Recipe::EPOCHS, &raw.epochs);
    at.key("release").distinct(&raw.release);
    at.key("null").distinct(&raw.null);
    at.key("backbone").distinct(&raw.backbone);
    at.key("optimiser").distinct(&raw.optimiser);

    let attack = attack::expand(&raw.attack, data, &at.key("attack"));
    Sweep {
        shots: raw.shots.clone(),
        defence: defence::expand(&raw.defence, data, &at.key("defence")),
        release: if raw.release.is_empty() {
            grid::default_releases(&attack)
        } else {
            raw.release.clone()
        },
        attack,
        null: if raw.null.is_empty() {
            vec![Null::default()]
        } else {
            raw.null.clone()
        },
        backbone: raw.backbone.clone(),
        head: raw.head.clone(),
        optimiser: raw.optimiser.clone(),
        epochs: raw.epochs.clone(),
        init_std: raw.init_std.clone(),
        learning_rate: raw.learning_rate.clone(),
        weight_decay: raw.weight_decay.clone(),
        adversary: raw.adversary.clone(),
    }
}

fn check_head(head: HeadKind, at: &At<'_>) {
    at.choice(head.word()).options(&head);
}
