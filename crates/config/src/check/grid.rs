//! The grid as a whole: every entry of every axis takes part in a cell.

use super::at::At;
use crate::experiment::{Attack, Cell, Defence, Heads, Optimiser, Release, Sweep};
use crate::raw;

/// More cells than any machine runs: a slip in a list.
const CELLS: usize = 100_000;

/// The releases where none are listed: what each attack needs.
pub fn default_releases(attacks: &[Attack]) -> Vec<Release> {
    let mut releases = Vec::new();
    for attack in attacks {
        let best = attack.releases()[0];
        if !releases.contains(&best) {
            releases.push(best);
        }
    }
    releases
}

/// Says which entries no cell can use.
pub fn check(heads: &Heads, sweep: &Sweep, raw: &raw::Sweep, at: &At<'_>) {
    let axes = [
        sweep.shots.len(),
        sweep.defence.len(),
        sweep.release.len(),
        sweep.attack.len(),
        sweep.null.len(),
        sweep.backbone.len(),
        sweep.head.len(),
        sweep.optimiser.len(),
        sweep.epochs.len(),
        sweep.init_std.len(),
        sweep.learning_rate.len(),
        sweep.weight_decay.len(),
        sweep.adversary.len(),
    ];
    let most = axes.iter().fold(1_usize, |product, length| {
        product.saturating_mul((*length).max(1))
    });
    if most > CELLS {
        at.wrong(
            format!("the grid has {most} combinations"),
            format!("at most {CELLS}"),
        );
        return;
    }
    let cells = heads.cells_of(sweep);
    let used = |test: &dyn Fn(&Cell) -> bool| cells.iter().any(test);
    for (index, defence) in raw.defence.iter().flat_map(|axis| &axis.values).enumerate() {
        let at = at.key("defence").item(index);
        if !used(&|cell| same_defence(&cell.defence, defence)) {
            explain_defence(defence, heads, sweep, &at);
        }
    }
    for (index, &release) in raw.release.iter().flat_map(|axis| &axis.values).enumerate() {
        let substituted = release != Release::Ciphertexts && only_rhe(sweep);
        if !substituted && !used(&|cell| cell.release == release) {
            explain_release(release, sweep, &at.key("release").item(index));
        }
    }
    for (index, attack) in raw.attack.iter().flat_map(|axis| &axis.values).enumerate() {
        if !used(&|cell| same_attack(&cell.attack, attack)) {
            explain_attack(sweep, attack, &at.key("attack").item(index));
        }
    }
    if raw
        .optimiser
        .as_ref()
        .is_some_and(|axis| axis.values.contains(&Optimiser::Adam))
        && !used(&|cell| cell.recipe.optimiser == Optimiser::Adam)
    {
        at.key("optimiser").wrong(
            "found `adam` with no defence but `dp_sgd`",
            "a defence that Adam can train with, such as `none`",
        );
    }
}

fn only_rhe(sweep: &Sweep) -> bool {
    sweep
        .defence
        .iter()
        .all(|defence| matches!(defence, Defence::Rhe(_)))
}

fn same_defence(defence: &Defence, raw: &raw::Defence) -> bool {
    matches!(
        (defence, raw),
        (Defence::None, raw::Defence::None)
            | (Defence::DpSgd(_), raw::Defence::DpSgd(_))
            | (Defence::Rhe(_), raw::Defence::Rhe(_))
    )
}

fn same_attack(attack: &Attack, raw: &raw::Attack) -> bool {
    matches!(
        (attack, raw),
        (Attack::Unmixing(_), raw::Attack::Unmixing(_))
            | (Attack::Reconstructor(_), raw::Attack::Reconstructor(_))
            | (
                Attack::GradientInversion(_),
                raw::Attack::GradientInversion(_)
            )
            | (Attack::Labels(_), raw::Attack::Labels(_))
            | (Attack::Scores(_), raw::Attack::Scores(_))
            | (Attack::Membership(_), raw::Attack::Membership(_))
            | (Attack::Property(_), raw::Attack::Property(_))
    )
}

fn explain_defence(raw: &raw::Defence, heads: &Heads, sweep: &Sweep, at: &At<'_>) {
    let optimisers = if sweep.optimiser.is_empty() {
        std::slice::from_ref(&heads.recipe.optimiser)
    } else {
        &sweep.optimiser
    };
    if matches!(raw, raw::Defence::DpSgd(_)) && !optimisers.contains(&Optimiser::Sgd) {
        at.wrong(
            "found `dp_sgd` with the optimiser `adam`",
            "the optimiser `sgd`: DP-SGD is a form of it",
        );
        return;
    }
    let word = match raw {
        raw::Defence::None => "none",
        raw::Defence::DpSgd(_) => "dp_sgd",
        raw::Defence::Rhe(_) => "rhe",
    };
    let listed = sweep
        .release
        .iter()
        .map(|release| format!("`{}`", release.word()))
        .collect::<Vec<_>>()
        .join(", ");
    at.wrong_hint(
        format!("found `{word}`, which gives no listed release that a listed attack works from ({listed})"),
        "a release among `weights`, `scores` and `labels`, and an attack on it",
        "leave `sweep.release` out to get what each attack needs",
    );
}

fn explain_release(release: Release, sweep: &Sweep, at: &At<'_>) {
    if release == Release::Ciphertexts {
        at.wrong_hint(
            "found `ciphertexts`, but no listed defence encrypts",
            "a release of the listed defences: `weights`, `scores` or `labels`",
            "add `rhe` to `sweep.defence`",
        );
        return;
    }
    let attacks = sweep
        .attack
        .iter()
        .map(|attack| format!("`{}`", attack.word()))
        .collect::<Vec<_>>()
        .join(", ");
    at.wrong_hint(
        format!(
            "found `{0}`, but no listed attack ({attacks}) works from {0}",
            release.word()
        ),
        "a release that a listed attack works from",
        "leave `sweep.release` out to get what each attack needs",
    );
}

fn explain_attack(sweep: &Sweep, raw: &raw::Attack, at: &At<'_>) {
    let Some(attack) = sweep.attack.iter().find(|attack| same_attack(attack, raw)) else {
        return;
    };
    let needed = attack
        .releases()
        .iter()
        .map(|release| format!("`{}`", release.word()))
        .collect::<Vec<_>>()
        .join(" or ");
    at.wrong_hint(
        format!(
            "found `{}`, but nothing that it works from is released",
            attack.word()
        ),
        format!("the release {needed}"),
        format!("add {needed} to `sweep.release`, or leave that key out"),
    );
}
