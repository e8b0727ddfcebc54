//! Data, backbones and how many shots they allow.

use super::at::At;
use super::dataset::{check_dataset, classes, examples_per_class};
use crate::experiment::{Backbone, Data, DatasetSpec, Task};
use crate::raw;

/// The backbone where none is given.
pub fn default_backbone(target: &DatasetSpec) -> Backbone {
    match target {
        DatasetSpec::Features { .. } => Backbone::Features,
        _ => Backbone::default(),
    }
}

/// The checked data.
pub fn check(raw: &raw::Data, at: &At<'_>) -> Data {
    for (key, spec) in [
        ("source", raw.source.as_ref()),
        ("target", Some(&raw.target)),
        ("public", raw.public.as_ref()),
    ] {
        if let Some(spec) = spec {
            check_dataset(spec, &at.key(key));
        }
    }
    check_task(raw, &at.key("task"));
    let shares = raw.shares;
    let at_shares = at.key("shares");
    for (key, share) in [
        ("public", shares.public),
        ("private", shares.private),
        ("test", shares.test),
    ] {
        if !(share > 0.0 && share < 1.0) {
            at_shares
                .key(key)
                .wrong(format!("found {share}"), "a part above 0 and below 1");
        }
    }
    let sum = shares.public + shares.private + shares.test;
    if (sum - 1.0).abs() > 1e-9 {
        at_shares.wrong_hint(
            format!("the parts sum to {sum}"),
            "a sum of 1",
            "the defaults are { public: 0.5, private: 0.4, test: 0.1 }: give all three",
        );
    }
    Data {
        source: raw.source.clone(),
        target: raw.target.clone(),
        public: raw.public.clone(),
        task: raw.task.clone(),
        shares,
    }
}

fn check_task(raw: &raw::Data, at: &At<'_>) {
    let Task::Binary { positive } = &raw.task else {
        return;
    };
    let at = at.choice("binary").key("positive");
    at.distinct(positive);
    let Some(classes) = classes(&raw.target) else {
        return;
    };
    check_classes(positive, classes, &at);
    if positive.len() >= classes {
        at.wrong(
            format!("found all {classes} classes of the target"),
            "some of them, so that others are left as negative",
        );
    }
}

/// Says which class numbers the target does not have.
pub fn check_classes(numbers: &[u32], classes: usize, at: &At<'_>) {
    for (index, &class) in numbers.iter().enumerate() {
        if class as usize >= classes {
            at.item(index).wrong(
                format!("found class {class}"),
                format!("a class of the target, 0 to {}", classes - 1),
            );
        }
    }
}

/// Says where backbones and data do not go together.
pub fn check_backbones(raw: &raw::Data, backbones: &[(&Backbone, At<'_>)], at: &At<'_>) {
    let features = matches!(raw.target, DatasetSpec::Features { .. });
    for (backbone, place) in backbones {
        match backbone {
            Backbone::Features if !features => {
                place.wrong("the data are images", "a network: `vgg_tiny` or `imported`");
            }
            Backbone::VggTiny { .. } | Backbone::Imported { .. } if features => {
                place.wrong_hint(
                    "the data are features already",
                    "`features`",
                    "leave `backbone` out",
                );
            }
            Backbone::VggTiny {
                width,
                features,
                epochs,
                batch,
                learning_rate,
            } => {
                let place = place.choice("vgg_tiny");
                place.key("width").at_least(*width, 1);
                place.key("features").at_least(*features, 1);
                place.key("epochs").at_least(*epochs, 1);
                place.key("batch").at_least(*batch, 2);
                place.key("learning_rate").positive(*learning_rate);
            }
            Backbone::Imported { file, .. } if file.as_os_str().is_empty() => {
                place
                    .choice("imported")
                    .key("file")
                    .wrong("found an empty path", "the file of the weights");
            }
            Backbone::Imported { .. } | Backbone::Features => {}
        }
    }
    let trained = backbones
        .iter()
        .any(|(backbone, _)| matches!(backbone, Backbone::VggTiny { .. }));
    match &raw.source {
        None if trained && !features => {
            at.wrong_hint(
                "the key `source` is missing",
                "a dataset that pre-trains the backbone",
                "for one without data: `source: { strokes: { classes: letters, images: 13000 } }`",
            );
        }
        Some(DatasetSpec::Features { .. }) => at.key("source").wrong(
            "found features",
            "images: the source pre-trains the backbone",
        ),
        Some(_) => at
            .key("source")
            .unused(!trained, "no backbone is pre-trained here"),
        None => {}
    }
    if let Some(public) = &raw.public
        && matches!(public, DatasetSpec::Features { .. }) != features
    {
        at.key("public").wrong(
            "found features beside images",
            "data of the same kind as the target's",
        );
    }
}

/// Says where a split has too few examples for the shots.
pub fn check_shots(shots: usize, data: &Data, at: &At<'_>) {
    at.at_least(shots, 1);
    let Some(examples) = examples_per_class(data) else {
        return;
    };
    let parts = [
        ("victims'", "private", data.shares.private),
        ("adversary's", "public", data.shares.public),
    ];
    for (whose, key, share) in parts {
        if key == "public" && data.public.is_some() {
            continue;
        }
        let most = (examples as f64 * share + 1e-9).floor() as usize;
        // The target of `replace_one` and of the null comes from the same part: leave one over.
        if shots >= most.max(1) {
            at.wrong_hint(
                format!("found {shots} shots, but the {whose} part of `data.target` has {most} examples of a class"),
                format!("fewer than {most}"),
                format!("use more images, or a larger `data.shares.{key}`"),
            );
            return;
        }
    }
}
