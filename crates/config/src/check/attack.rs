//! Attacks: lists expanded, budgets and options within their bounds.

use spec::{Attack, Group, Many, Property, Reconstructor, Then, Unmixing};

use super::at::At;
use super::data::check_classes;
use super::dataset::classes;
use crate::experiment::{Data, DatasetSpec, Task};

/// The attacks of a sweep.
pub fn expand(raw: &[Attack<Many>], data: &Data, at: &At<'_>) -> Vec<Attack> {
    if raw.is_empty() {
        at.distinct(raw);
        return vec![Attack::default()];
    }
    let mut attacks = Vec::new();
    for (index, attack) in raw.iter().enumerate() {
        let at = at.item(index).choice(attack.word());
        at.options(attack);
        if let Some(then) = attack.then() {
            check_then(then, &at.key("then").choice(then.kind().word()));
        }
        if let Attack::Property(property) = attack {
            check_group(property, data, &at.key("group"));
        }
        attacks.extend(attack.expand());
    }
    // Values that one entry lists twice are told of there.
    if at.nothing_wrong() {
        at.distinct(&attacks);
    }
    attacks
}

fn check_then(then: &Then<Many>, at: &At<'_>) {
    at.options(then);
    let (informed, shared) = match *then {
        Then::Reconstructor(Reconstructor {
            informed, shared, ..
        }) => (informed, shared),
        Then::Unmixing(Unmixing { informed, .. }) => (informed, false),
    };
    for (key, set, why) in [
        (
            "informed",
            informed,
            "the informed adversary starts from the weights",
        ),
        (
            "shared",
            shared,
            "cells share networks for released weights only",
        ),
    ] {
        if set {
            at.key(key).wrong(
                "found `true` after an extraction",
                format!("`false`: {why}"),
            );
        }
    }
}

fn check_group(property: &Property<Many>, data: &Data, group: &At<'_>) {
    match &property.group {
        Group::Classes(numbers) => {
            let place = group.choice("classes");
            place.distinct(numbers);
            if let Some(classes) = classes(&data.target) {
                check_classes(numbers, classes, &place);
            }
            match &data.task {
                Task::Classes => place.wrong_hint(
                    "found classes that the head itself tells apart",
                    "a group that the head does not tell apart",
                    "use `data.task: { binary: { positive: [..] } }` over these classes",
                ),
                Task::Person { .. } => place.wrong(
                    "found classes beside the task `person`",
                    "the task `binary`",
                ),
                Task::Binary { positive } => {
                    let inside = |class: &u32| numbers.contains(class);
                    if let Some(side) = whole_side(&data.target, positive, &inside) {
                        place.wrong(
                            format!("found all {side} classes of the task"),
                            "some of them: a set without the group needs examples of both sides",
                        );
                    }
                }
            }
        }
        Group::Male if !matches!(data.target, DatasetSpec::Celeba { .. }) => {
            group.wrong(
                "found `male` for a target without that attribute",
                "`male` with the target `celeba` only",
            );
        }
        Group::Part(part) => match &data.target {
            DatasetSpec::Mixed(parts) if *part < parts.len() => {
                check_part(*part, parts, data, group);
            }
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
}

/// A mixed target's classes are those of its parts, one after the other.
fn check_part(part: usize, parts: &[DatasetSpec], data: &Data, group: &At<'_>) {
    let place = group.choice("part");
    let Task::Binary { positive } = &data.task else {
        place.wrong_hint(
            "found a part, whose classes the head itself tells apart",
            "a group that the head does not tell apart",
            "use `data.task: { binary: { positive: [..] } }` with classes of several parts",
        );
        return;
    };
    let counts: Option<Vec<usize>> = parts.iter().map(classes).collect();
    let Some(counts) = counts else { return };
    let from: usize = counts[..part].iter().sum();
    let inside = |class: &u32| (from..from + counts[part]).contains(&(*class as usize));
    if let Some(side) = whole_side(&data.target, positive, &inside) {
        place.wrong(
            format!("found a part that holds all {side} classes of the task"),
            "some of them: a set without the group needs examples of both sides",
        );
    }
}

/// The side of a binary task, of which every class is in a group.
fn whole_side(
    target: &DatasetSpec,
    positive: &[u32],
    inside: &dyn Fn(&u32) -> bool,
) -> Option<&'static str> {
    let classes = classes(target)? as u32;
    let mut negative = (0..classes).filter(|class| !positive.contains(class));
    if !positive.is_empty() && positive.iter().all(inside) {
        Some("positive")
    } else if negative.all(|class| inside(&class)) {
        Some("negative")
    } else {
        None
    }
}
