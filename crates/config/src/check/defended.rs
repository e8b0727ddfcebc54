//! Defences that do not go with a cell's heads, data or training.

use spec::{Backbone, Defence, DefenceKind, DpSgd, Optimiser, Sampling, grouped};

use super::at::At;
use super::cell::{beside, set_size};
use crate::experiment::{Cell, Data};

/// Says why `cell` cannot run on account of its defence; whether it said something.
pub(super) fn check_defence(cell: &Cell, data: &Data, at: &At<'_>) -> bool {
    let defence = cell.defence.kind();
    let answers = match cell.attack.then() {
        Some(_) => defence.answers(cell.head),
        None => Ok(()),
    };
    if let Err(unsuited) = defence.suits(cell.head).and(answers) {
        beside(unsuited, at);
        return true;
    }
    if let Defence::OneRelease(release) = &cell.defence
        && let Backbone::VggTiny { features, .. } = &cell.backbone
        && release.rank > *features
    {
        at.choice("one_release").key("rank").wrong(
            format!("found {} directions", release.rank),
            format!("at most {features}, the width of the features"),
        );
        return true;
    }
    if cell.defence.is_tuned() && cell.defence.kind() == DefenceKind::None {
        return check_tuned(cell, &at.choice(DefenceKind::None.word()).key("tuned"));
    }
    let Defence::DpSgd(dp) = &cell.defence else {
        return false;
    };
    let at = at.choice("dp_sgd");
    match &dp.tuned {
        None => check_sampling(cell, dp, dp.sampling, data, &at),
        Some(tuning) => {
            let mut samplings = tuning.samplings(dp.sampling).into_iter();
            let at = match tuning.sampling.is_empty() {
                true => at,
                false => at.key("tuned"),
            };
            samplings.any(|it| check_sampling(cell, dp, it, data, &at))
        }
    }
}

/// Says what a search for the settings of undefended training cannot search; whether it said
/// something.
fn check_tuned(cell: &Cell, at: &At<'_>) -> bool {
    let recipe = &cell.recipe;
    let given = [
        ("learning_rate", recipe.learning_rate.is_some()),
        ("epochs", recipe.epochs.is_some()),
    ];
    let found = if recipe.optimiser == Optimiser::LogisticRegression {
        "a search for the settings of steps, but `logistic_regression` takes none".to_owned()
    } else if let Some((key, _)) = given.into_iter().find(|(_, given)| *given) {
        format!("a search beside a value of `{key}`, which it searches")
    } else if recipe.optimiser != Optimiser::Sgd && !cell.defence.momenta().is_empty() {
        format!(
            "a search for a momentum, which `{}` has not",
            recipe.optimiser
        )
    } else {
        return false;
    };
    at.wrong_hint(
        format!("found {found}"),
        "heads whose learning rate and epochs are free",
        "to bound the search write `none: { tuned: { learning_rate: [..], epochs: [..] } }`",
    );
    true
}

/// Says why DP-SGD cannot draw the examples of its steps so; whether it said something.
fn check_sampling(cell: &Cell, dp: &DpSgd, sampling: Sampling, data: &Data, at: &At<'_>) -> bool {
    let Sampling::Poisson(rate) = sampling else {
        return false;
    };
    if let Some(n) = set_size(data, cell.shots)
        && sampling.divisor(n) == 0
    {
        at.key("sampling").wrong_hint(
            format!("found the rate {rate} for {n} examples, an expected batch below one example"),
            format!("a rate of at least 1/{n}"),
            "use more shots, or `sampling: full`",
        );
        return true;
    }
    let tuned = dp.tuned.iter().flat_map(|tuning| &tuning.epochs).copied();
    let epochs = tuned.chain(dp.epochs.or(cell.recipe.epochs)).max();
    if let Some(epochs) = epochs
        && sampling.steps(epochs) > DpSgd::STEPS
    {
        at.key("sampling").wrong(
            format!(
                "found the rate {rate} for {epochs} epochs, {} steps",
                sampling.steps(epochs)
            ),
            format!("at most {} steps", grouped(DpSgd::STEPS as u64)),
        );
        return true;
    }
    false
}
