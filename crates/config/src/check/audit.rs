//! Audits of one head.

use spec::{
    Attack, Defence, DpSgd, HeadKind, Many, Membership, OneOrMany, Reconstructor, Rhe, Unmixing,
};

use super::at::At;
use super::dataset::{check_dataset, classes};
use super::heads::{self, Grid};
use super::suited::plain_under_dp;
use crate::experiment::{Audit, Sweep, Task};
use crate::raw;

/// Strengths of DP-SGD where the config does not say.
const EPSILONS: [f64; 3] = [5.0, 20.0, 80.0];

/// The keys that audits alone have, and which of them are there.
fn own_keys(raw: &raw::Experiment) -> [(&'static str, bool); 4] {
    [
        ("shots", raw.shots.is_some()),
        ("attack", raw.attack.is_some()),
        ("epsilon", raw.epsilon.is_some()),
        ("private", raw.private.is_some()),
    ]
}

/// Whether a config is an audit: it has keys of one, and no sweep.
pub fn is_meant(raw: &raw::Experiment) -> bool {
    raw.sweep.is_none() && own_keys(raw).iter().any(|(_, present)| *present)
}

/// Says that keys of audits have no use here.
pub fn must_be_absent(raw: &raw::Experiment, at: &At<'_>, why: &str) {
    for (key, present) in own_keys(raw) {
        at.key(key).unused(present, why);
    }
}

/// The checked audit; none where something is missing.
pub fn check(raw: &raw::Experiment, at: &At<'_>) -> Option<Audit> {
    let Some(data) = &raw.data else {
        at.wrong(
            "the key `data` is missing",
            "the public data that the adversary has",
        );
        return None;
    };
    let Some(shots) = raw.shots else {
        at.wrong_hint(
            "the key `shots` is missing",
            "the number of training examples per class of the head",
            "where it is not known, take the smallest that it may be: fewer examples leak more",
        );
        return None;
    };
    if let Task::Person { .. } = data.task {
        at.key("data").key("task").wrong(
            "found `person` in an audit",
            "`classes` or `binary`: an audit knows what each record was trained as",
        );
    }
    if let Some(private) = &raw.private {
        let place = at.key("private");
        check_dataset(private, &place);
        if let (Some(own), Some(theirs)) = (classes(&data.target), classes(private))
            && own != theirs
        {
            place.wrong(
                format!("found data of {theirs} classes, `data.target` has {own}"),
                format!("data of {own} classes, numbered as those of `data.target` are"),
            );
        }
        if (private.is_features(), private.has_features())
            != (data.target.is_features(), data.target.has_features())
        {
            place.wrong(
                format!(
                    "found `{}` beside `{}`",
                    private.describe().name,
                    data.target.describe().name
                ),
                "data of the same kind as the target's: images, `features` or `paired`",
            );
        }
    }
    at.key("shadows").unused(
        raw.shadows.is_some(),
        "an audit trains heads of its own, with each record and without it",
    );
    let attack = raw.attack.clone().unwrap_or_default();
    check_attack(&attack, &at.key("attack"));
    let recipe = raw.recipe.unwrap_or_default();
    let head = raw.head.unwrap_or_default();
    if head.is_adapter() {
        at.key("head").wrong(
            "found `adapter` in an audit",
            "`linear` or `mlp`: files of heads have no place for an adapter",
        );
    }
    let mut defence = vec![Defence::default()];
    let private = Defence::DpSgd(dp_sgd(raw));
    if private.trains_with(recipe.optimiser) && plain_under_dp(&recipe) {
        defence.push(private);
    } else {
        at.key("epsilon").unused(
            raw.epsilon.is_some(),
            "this recipe has no form under DP-SGD, which takes plain steps of `sgd`",
        );
    }
    let attacks = vec![attack, Attack::Membership(Membership::default())];
    let mut sweeps = Vec::with_capacity(2);
    if head == HeadKind::Linear {
        let fewer = attacks.iter().map(fewer).collect();
        sweeps.push(sweep(shots, vec![Defence::Rhe(Rhe::default())], fewer));
    }
    sweeps.insert(0, sweep(shots, defence, attacks));
    // The keys of the grids stand at the top.
    let grids: Vec<Grid<'_>> = sweeps
        .iter()
        .map(|sweep| Grid {
            raw: sweep,
            at: at.clone(),
        })
        .collect();
    let heads = heads::of_grids(raw, data, &grids, at);
    let attack = heads.sweep.first()?.attack.first()?.clone();
    Some(Audit {
        heads,
        shots,
        attack,
        private: raw.private.clone(),
    })
}

/// How many times fewer shadow heads the attacks have on encrypted heads: an audit's word on them is
/// that they are at chance, which more do not change (`configs/paper/rhe.yaml` attacks with all), and their
/// masks and tags would take most of its time.
const FEWER: usize = 4;

fn fewer(attack: &Attack<Many>) -> Attack<Many> {
    let divided = |samples: &OneOrMany<usize>, least: usize| OneOrMany {
        values: samples
            .values
            .iter()
            .map(|n| (n / FEWER).max(least))
            .collect(),
    };
    match attack {
        Attack::Unmixing(options) => Attack::Unmixing(Unmixing {
            samples: divided(&options.samples, Unmixing::CHUNK),
            ..options.clone()
        }),
        Attack::Reconstructor(options) => Attack::Reconstructor(Reconstructor {
            samples: divided(&options.samples, options.batch),
            ..options.clone()
        }),
        Attack::Membership(options) => Attack::Membership(Membership {
            samples: divided(&options.samples, Membership::LEAST_HEADS),
        }),
        other => other.clone(),
    }
}

fn sweep(shots: usize, defence: Vec<Defence<Many>>, attack: Vec<Attack<Many>>) -> Sweep<Many> {
    Sweep {
        shots: vec![shots],
        defence,
        release: Vec::new(),
        attack,
        null: Vec::new(),
        backbone: Vec::new(),
        head: Vec::new(),
        optimiser: Vec::new(),
        epochs: Vec::new(),
        init_std: Vec::new(),
        learning_rate: Vec::new(),
        weight_decay: Vec::new(),
        adversary: Vec::new(),
    }
}

/// An audit shows images read back from the weights, by one attack.
fn check_attack(attack: &Attack<Many>, at: &At<'_>) {
    const EXPECTED: &str = "`unmixing` or `reconstructor`, one of each of its settings";
    match attack {
        Attack::Reconstructor(options) if options.shared => at.wrong(
            "found a reconstructor that is `shared`",
            "one for this head alone",
        ),
        informed if informed.is_informed() => at.wrong(
            "found an adversary that is `informed`",
            "one that knows nothing of the training set",
        ),
        Attack::Unmixing(_) | Attack::Reconstructor(_) => {}
        other => at.wrong(format!("found `{}`", other.word()), EXPECTED),
    }
    let count = attack.expand().len();
    if count != 1 {
        at.wrong(format!("found {count} attacks"), EXPECTED);
    }
}

fn dp_sgd(raw: &raw::Experiment) -> DpSgd<Many> {
    let epsilon = raw.epsilon.clone().unwrap_or(OneOrMany {
        values: EPSILONS.to_vec(),
    });
    DpSgd {
        epsilon: Some(epsilon),
        noise_multiplier: None,
        delta: Default::default(),
        clip: None,
        sampling: Default::default(),
        accountant: Default::default(),
        directions: None,
        rank: None,
        tuned: None,
        learning_rate: None,
        epochs: None,
    }
}
