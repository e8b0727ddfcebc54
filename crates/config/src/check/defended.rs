//! Defences that do not go with a cell's heads, data or training.

use spec::{
    Backbone, Defence, DefenceKind, Directions, DpSgd, Optimiser, ReleaseTuning, Sampling, grouped,
};

use super::at::At;
use super::cell::{beside, heads_classes, set_size};
use super::dataset::classes;
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
    if let Defence::Rhe(rhe) = &cell.defence
        && rhe.clear_adapter
        && !cell.head.is_adapter()
    {
        at.choice(defence.word()).key("clear_adapter").wrong_hint(
            format!("found `true` for {}", cell.head.described()),
            "heads with an adapter beneath them",
            "use `head: { adapter: { rank: 4 } }`",
        );
        return true;
    }
    if let Defence::OneRelease(release) = &cell.defence {
        // Of what is tried by itself numbers above what there is are passed over.
        let own = ReleaseTuning::default().rank;
        let tried = release.tuned.as_ref().map(|it| it.rank.as_slice());
        let tried = tried.filter(|it| *it != own);
        let wanted = (release.directions, release.rank, tried);
        return check_directions(cell, wanted, data, &at.choice("one_release"));
    }
    if cell.defence.is_tuned() && cell.defence.kind() == DefenceKind::None {
        return check_tuned(cell, &at.choice(DefenceKind::None.word()).key("tuned"));
    }
    let Defence::DpSgd(dp) = &cell.defence else {
        return false;
    };
    let at = at.choice("dp_sgd");
    if let Some(directions) = dp.directions {
        let tried = dp.tuned.as_ref().map(|it| it.rank.as_slice());
        if check_directions(cell, (directions, dp.rank, tried), data, &at) {
            return true;
        }
    }
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

/// Says why there are no such directions, or not as many as are asked for or searched; whether it said
/// something.
fn check_directions(
    cell: &Cell,
    (directions, rank, tried): (Directions, Option<usize>, Option<&[usize]>),
    data: &Data,
    at: &At<'_>,
) -> bool {
    let pre_trained = match &cell.backbone {
        Backbone::VggTiny { features, .. } => Some(*features),
        _ => None,
    };
    if directions == Directions::SourceLabels && pre_trained.is_none() {
        at.key("directions").wrong_hint(
            "found `source_labels` with a backbone that was trained elsewhere",
            "a backbone that is pre-trained here, on a `source` whose labels are known",
            "use `vgg_tiny`, or the directions `principal`",
        );
        return true;
    }
    let classes = match directions {
        Directions::Principal => None,
        Directions::SourceLabels => data.source.as_ref().and_then(classes),
        Directions::ClassLabels => heads_classes(data),
    };
    let discriminants = classes.map(|it| it.saturating_sub(1));
    let limits = [
        (pre_trained, "the width of the features"),
        (discriminants, "one less than the classes told apart"),
    ];
    let refused = |rank: usize| {
        let limits = limits.iter().filter_map(|(most, of)| Some(((*most)?, *of)));
        limits
            .min_by_key(|(most, _)| *most)
            .filter(|(most, _)| rank > *most)
    };
    let least = tried.into_iter().flatten().min();
    let places = [
        (rank, at.key("rank")),
        (least.copied(), at.key("tuned").key("rank")),
    ];
    for (rank, at) in places {
        if let Some(rank) = rank
            && let Some((most, of)) = refused(rank)
        {
            at.wrong(
                format!("found {rank} directions"),
                format!("at most {most}, {of}"),
            );
            return true;
        }
    }
    false
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
