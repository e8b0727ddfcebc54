//! The grid as a whole: every entry of every axis takes part in a cell.

use spec::{Attack, Defence, DefenceKind, Many, Null, Optimiser, Release};

use super::at::At;
use crate::experiment::{Cell, Heads, Sweep};

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

/// Says which entries no cell can use; the cells, where the grid is not too large.
pub fn check(heads: &Heads, sweep: &Sweep, raw: &Sweep<Many>, at: &At<'_>) -> Option<Vec<Cell>> {
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
        return None;
    }
    let cells = heads.cells_of(sweep);
    let used = |test: &dyn Fn(&Cell) -> bool| cells.iter().any(test);
    for (index, defence) in raw.defence.iter().enumerate() {
        if !used(&|cell| cell.defence.kind() == defence.kind()) {
            explain_defence(defence.kind(), heads, sweep, &at.key("defence").item(index));
        }
    }
    for (index, &release) in raw.release.iter().enumerate() {
        let seen = |cell: &Cell| cell.release == cell.defence.kind().instead_of(release);
        if !used(&seen) {
            explain_release(release, sweep, &at.key("release").item(index));
        }
    }
    for (index, attack) in raw.attack.iter().enumerate() {
        if !used(&|cell| cell.attack.kind() == attack.kind()) {
            explain_attack(attack, sweep, &at.key("attack").item(index));
        }
    }
    for (index, &null) in raw.null.iter().enumerate() {
        if !used(&|cell| cell.null == null) {
            explain_null(null, sweep, &at.key("null").item(index));
        }
    }
    for (index, &optimiser) in raw.optimiser.iter().enumerate() {
        if optimiser != Optimiser::Sgd && !used(&|cell| cell.recipe.optimiser == optimiser) {
            at.key("optimiser").item(index).wrong(
                format!("found `{optimiser}` with private defences alone"),
                "a defence that it can train with, such as `none`",
            );
        }
    }
    Some(cells)
}

fn explain_defence(defence: DefenceKind, heads: &Heads, sweep: &Sweep, at: &At<'_>) {
    let optimisers = if sweep.optimiser.is_empty() {
        std::slice::from_ref(&heads.recipe.optimiser)
    } else {
        &sweep.optimiser
    };
    if !optimisers.iter().any(|&it| defence.trains_with(it)) {
        at.wrong(
            format!("found `{defence}` with the optimiser `{}`", optimisers[0]),
            "the optimiser `sgd`: DP-SGD is a form of it, and one release takes the place of training",
        );
        return;
    }
    let listed = words(sweep.release.iter().map(|release| release.word()), ", ");
    at.wrong_hint(
        format!("found `{defence}`, which gives no listed release that a listed attack works from ({listed})"),
        "a release among `weights`, `scores` and `labels`, and an attack on it",
        "leave `sweep.release` out to get what each attack needs",
    );
}

fn explain_release(release: Release, sweep: &Sweep, at: &At<'_>) {
    if !sweep.defence.iter().any(|it| it.gives(release)) {
        at.wrong_hint(
            format!("found `{release}`, but no listed defence encrypts"),
            "a release of the listed defences: `weights`, `scores` or `labels`",
            "add `rhe` to `sweep.defence`",
        );
        return;
    }
    let attacks = words(sweep.attack.iter().map(Attack::word), ", ");
    at.wrong_hint(
        format!("found `{release}`, but no listed attack ({attacks}) works from {release}"),
        "a release that a listed attack works from",
        "leave `sweep.release` out to get what each attack needs",
    );
}

fn explain_attack(attack: &Attack<Many>, sweep: &Sweep, at: &At<'_>) {
    let word = attack.word();
    if !sweep.null.iter().any(|null| attack.nulls().contains(null)) {
        let known = words(attack.nulls().iter().map(|null| null.word()), " or ");
        at.wrong_hint(
            format!("found `{word}`, which no listed null can be compared with"),
            format!("the null {known}"),
            format!("add {known} to `sweep.null`, or give this attack a grid of its own"),
        );
        return;
    }
    if !sweep
        .defence
        .iter()
        .any(|it| attack.works_against(it.kind()))
    {
        let defences = words(sweep.defence.iter().map(Defence::word), ", ");
        at.wrong_hint(
            format!("found a single gradient, which no listed defence ({defences}) releases"),
            "the defence `none`",
            "use `form: head`, or give this attack a grid of its own",
        );
        return;
    }
    let needed = words(attack.releases().iter().map(|it| it.word()), " or ");
    at.wrong_hint(
        format!("found `{word}`, but nothing that it works from is released"),
        format!("the release {needed}"),
        format!("add {needed} to `sweep.release`, or leave that key out"),
    );
}

fn explain_null(null: Null, sweep: &Sweep, at: &At<'_>) {
    let attacks = words(sweep.attack.iter().map(Attack::word), ", ");
    at.wrong_hint(
        format!("found `{null}`, which no listed attack ({attacks}) can be compared with"),
        "the null `independent`",
        "the others replace what an attack reads weights of: `unmixing`, `reconstructor` or `gradient_inversion`",
    );
}

/// `` `a`, `b` ``.
fn words(words: impl Iterator<Item = &'static str>, between: &str) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(between)
}
