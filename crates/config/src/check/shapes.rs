//! Whether the images of an experiment fit one another: one backbone sees all of them.

use super::at::At;
use crate::experiment::{Data, DatasetSpec};

/// The images of one dataset, as far as its kind decides their shape.
struct Known<'c> {
    at: At<'c>,
    name: &'static str,
    place: String,
    channels: Option<usize>,
    side: usize,
}

/// Says which images are of another size or colour than the first.
pub fn check(data: &Data, at: &At<'_>) {
    let mut known = Vec::new();
    for (key, spec) in [
        ("source", data.source.as_ref()),
        ("target", Some(&data.target)),
        ("public", data.public.as_ref()),
    ] {
        if let Some(spec) = spec {
            collect(spec, at.key(key), format!("data.{key}"), &mut known);
        }
    }
    let Some(first) = known.first() else { return };
    let Known {
        side: own,
        name,
        place,
        ..
    } = first;
    for other in known.iter().filter(|other| other.side != *own) {
        let (side, other_name) = (other.side, other.name);
        other.at.wrong_hint(
            format!("{other_name} has images of {side} x {side}"),
            format!(
                "{own} x {own} as of {name} in `{place}`: one backbone takes images of one size"
            ),
            "give datasets that have one the same `side`",
        );
    }
    let coloured = || known.iter().filter(|one| one.channels.is_some());
    let Some(first) = coloured().next() else {
        return;
    };
    let colour = |one: &Known<'_>| datasets::Colour::of(one.channels.unwrap_or(1)).name();
    for other in coloured().filter(|other| other.channels != first.channels) {
        other.at.wrong_hint(
            format!(
                "{} is {}, {} in `{}` is {}",
                other.name,
                colour(other),
                first.name,
                first.place,
                colour(first)
            ),
            "images of one colour: they go through one backbone",
            "an `image_folder` without `colour` follows the others",
        );
    }
}

fn collect<'c>(spec: &DatasetSpec, at: At<'c>, place: String, out: &mut Vec<Known<'c>>) {
    let description = spec.describe();
    if let DatasetSpec::Mixed(parts) = spec {
        let at = at.choice(description.name);
        for (index, part) in parts.iter().enumerate() {
            let place = format!("{place}.{}[{index}]", description.name);
            collect(part, at.item(index), place, out);
        }
    } else if let Some(images) = description.images {
        out.push(Known {
            at,
            name: description.name,
            place,
            channels: images.channels,
            side: images.side,
        });
    }
}
