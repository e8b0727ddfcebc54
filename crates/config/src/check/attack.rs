//! Attacks: lists expanded, budgets and options within their ranges.

use super::at::At;
use super::data::check_classes;
use super::dataset::classes;
use crate::document::OneOrMany;
use crate::experiment::{
    Attack, Backbone, Data, DatasetSpec, GradientForm, GradientInversion, Group,
    ImportedArchitecture, Labels, Membership, Property, Reconstructor, Scores, Task, Then,
    Unmixing,
};
use crate::raw;

/// The attacks of a sweep.
pub fn expand(
    raw: Option<&OneOrMany<raw::Attack>>,
    data: &Data,
    backbones: &[(&Backbone, At<'_>)],
    at: &At<'_>,
) -> Vec<Attack> {
    let default = OneOrMany::one(raw::Attack::Unmixing(raw::Unmixing::default()));
    let mut attacks = Vec::new();
    for (index, raw) in raw.unwrap_or(&default).values.iter().enumerate() {
        let at = at.item(index);
        match raw {
            raw::Attack::Unmixing(raw) => attacks.extend(
                unmixing(raw, &at.choice("unmixing"))
                    .into_iter()
                    .map(Attack::Unmixing),
            ),
            raw::Attack::Reconstructor(raw) => {
                attacks.extend(
                    reconstructor(raw, &at.choice("reconstructor"))
                        .into_iter()
                        .map(Attack::Reconstructor),
                );
            }
            raw::Attack::GradientInversion(raw) => {
                attacks.extend(
                    inversion(raw, backbones, &at.choice("gradient_inversion"))
                        .into_iter()
                        .map(Attack::GradientInversion),
                );
            }
            raw::Attack::Labels(raw) => attacks.extend(
                labels(raw, &at.choice("labels"))
                    .into_iter()
                    .map(Attack::Labels),
            ),
            raw::Attack::Scores(raw) => attacks.extend(
                scores(raw, &at.choice("scores"))
                    .into_iter()
                    .map(Attack::Scores),
            ),
            raw::Attack::Membership(raw) => {
                let samples = budget(&raw.samples, 2, &at.choice("membership").key("samples"));
                attacks.extend(
                    samples
                        .into_iter()
                        .map(|samples| Attack::Membership(Membership { samples })),
                );
            }
            raw::Attack::Property(raw) => {
                attacks.extend(property(raw, data, &at.choice("property")))
            }
        }
    }
    at.distinct(&attacks);
    attacks
}

fn budget(values: &OneOrMany<usize>, least: usize, at: &At<'_>) -> Vec<usize> {
    let values = at.distinct(&values.values);
    values
        .iter()
        .enumerate()
        .map(|(index, value)| at.item(index).at_least(*value, least))
        .collect()
}

fn unmixing(raw: &raw::Unmixing, at: &At<'_>) -> Vec<Unmixing> {
    budget(&raw.samples, 2, &at.key("samples"))
        .into_iter()
        .map(|samples| Unmixing { samples })
        .collect()
}

fn reconstructor(raw: &raw::Reconstructor, at: &At<'_>) -> Vec<Reconstructor> {
    let batch = at.key("batch").at_least(raw.batch, 1);
    at.key("hidden").at_least(raw.hidden, 1);
    at.key("learning_rate").positive(raw.learning_rate);
    let samples = budget(&raw.samples, 1, &at.key("samples"));
    for (index, &samples) in samples.iter().enumerate() {
        if samples < batch {
            at.key("samples").item(index).wrong(
                format!("found {samples}"),
                format!("at least one batch: {batch} or more"),
            );
        }
    }
    let with = |samples| Reconstructor {
        samples,
        architecture: raw.architecture,
        hidden: raw.hidden,
        batch,
        learning_rate: raw.learning_rate,
        informed: raw.informed,
        shared: raw.shared,
    };
    samples.into_iter().map(with).collect()
}

fn inversion(
    raw: &raw::GradientInversion,
    backbones: &[(&Backbone, At<'_>)],
    at: &At<'_>,
) -> Vec<GradientInversion> {
    at.key("learning_rate").positive(raw.learning_rate);
    at.key("prior").not_negative(raw.prior);
    at.key("total_variation").not_negative(raw.total_variation);
    let samples = at.key("samples").at_least(raw.samples, 500);
    for (backbone, _) in backbones {
        let single = raw.form == GradientForm::SingleGradient;
        let why = match backbone {
            Backbone::Imported { architecture, .. }
                if single && *architecture != ImportedArchitecture::VggTiny =>
            {
                at.key("form").wrong(
                    "found `single_gradient` with a backbone that has no linear layer",
                    "a backbone whose linear layers give away their input: `vgg_tiny`",
                );
                continue;
            }
            Backbone::Features => "the data are features, without a network to optimise through",
            _ => continue,
        };
        at.wrong(
            format!("`gradient_inversion` cannot run: {why}"),
            "a backbone with gradients: `vgg_tiny`, or `imported` as safetensors",
        );
    }
    let with = |steps| GradientInversion {
        steps,
        learning_rate: raw.learning_rate,
        distance: raw.distance,
        prior: raw.prior,
        total_variation: raw.total_variation,
        start: raw.start,
        samples,
        form: raw.form,
    };
    budget(&raw.steps, 1, &at.key("steps"))
        .into_iter()
        .map(with)
        .collect()
}

fn labels(raw: &raw::Labels, at: &At<'_>) -> Vec<Labels> {
    let then = then(&raw.then, &at.key("then"));
    let queries = budget(&raw.queries, 1, &at.key("queries"));
    queries
        .into_iter()
        .flat_map(|queries| then.iter().map(move |&then| Labels { queries, then }))
        .collect()
}

fn scores(raw: &raw::Scores, at: &At<'_>) -> Vec<Scores> {
    let then = then(&raw.then, &at.key("then"));
    let decimals = match &raw.decimals {
        None => vec![None],
        Some(decimals) => {
            let at = at.key("decimals");
            for (index, &decimals) in at.distinct(&decimals.values).iter().enumerate() {
                if let Some(decimals) = decimals.filter(|decimals| !(1..=12).contains(decimals)) {
                    at.item(index).wrong(
                        format!("found {decimals}"),
                        "1 to 12 decimals, or `null` for scores that are not rounded",
                    );
                }
            }
            decimals.values.clone()
        }
    };
    let mut expanded = Vec::new();
    for queries in budget(&raw.queries, 1, &at.key("queries")) {
        for &decimals in &decimals {
            expanded.extend(then.iter().map(|&then| Scores {
                queries,
                decimals,
                kind: raw.kind,
                then,
            }));
        }
    }
    expanded
}

fn then(raw: &raw::Then, at: &At<'_>) -> Vec<Then> {
    match raw {
        raw::Then::Unmixing(raw) => unmixing(raw, &at.choice("unmixing"))
            .into_iter()
            .map(Then::Unmixing)
            .collect(),
        raw::Then::Reconstructor(raw) => {
            for (key, set, why) in [
                (
                    "informed",
                    raw.informed,
                    "the informed adversary starts from the weights",
                ),
                (
                    "shared",
                    raw.shared,
                    "cells share networks for released weights only",
                ),
            ] {
                if set {
                    at.choice("reconstructor").key(key).wrong(
                        "found `true` after an extraction",
                        format!("`false`: {why}"),
                    );
                }
            }
            reconstructor(raw, &at.choice("reconstructor"))
                .into_iter()
                .map(Then::Reconstructor)
                .collect()
        }
    }
}

fn property(raw: &raw::Property, data: &Data, at: &At<'_>) -> Vec<Attack> {
    let group = at.key("group");
    match &raw.group {
        Group::Classes(numbers) => {
            let place = group.choice("classes");
            place.distinct(numbers);
            if let Some(classes) = classes(&data.target) {
                check_classes(numbers, classes, &place);
            }
            if data.task == Task::Classes {
                place.wrong_hint(
                    "found classes that the head itself tells apart",
                    "a group that the head does not tell apart",
                    "use `data.task: { binary: { positive: [..] } }` over these classes",
                );
            }
        }
        Group::Male if !matches!(data.target, DatasetSpec::Celeba { .. }) => {
            group.wrong(
                "found `male` for a target without that attribute",
                "`male` with the target `celeba` only",
            );
        }
        Group::Part(part) => match &data.target {
            DatasetSpec::Mixed(parts) if *part < parts.len() => {}
            DatasetSpec::Mixed(parts) => group.choice("part").wrong(
                format!("found part {part}"),
                format!(
                    "a part of the mixed target, 0 to {}",
                    parts.len().saturating_sub(1)
                ),
            ),
            _ => group.wrong(
                "found `part` for a target that is not mixed",
                "`part` with a target `mixed: [..]` only",
            ),
        },
        Group::Male => {}
    }
    let samples = budget(&raw.samples, 2, &at.key("samples"));
    samples
        .into_iter()
        .map(|samples| {
            Attack::Property(Property {
                group: raw.group.clone(),
                samples,
            })
        })
        .collect()
}
