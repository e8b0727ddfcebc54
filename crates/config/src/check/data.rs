//! Data, backbones and how many shots they allow.

use super::at::At;
use crate::experiment::{Backbone, Data, DatasetSpec, StrokeClasses, Task};
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

fn check_dataset(spec: &DatasetSpec, at: &At<'_>) {
    match spec {
        DatasetSpec::Strokes { classes, images } => {
            let least = stroke_classes(*classes);
            let at = at.choice("strokes").key("images");
            if *images < least {
                at.wrong(
                    format!("found {images}"),
                    format!("at least one image of each class: {least} or more"),
                );
            }
        }
        DatasetSpec::Mixed(parts) => {
            let at = at.choice("mixed");
            if parts.is_empty() {
                at.wrong("found an empty list", "at least one dataset");
            }
            for (index, part) in parts.iter().enumerate() {
                let at = at.item(index);
                if matches!(part, DatasetSpec::Features { .. } | DatasetSpec::Mixed(_)) {
                    at.wrong(
                        "found features or a mixed dataset within a mixed one",
                        "a dataset of images",
                    );
                } else {
                    check_dataset(part, &at);
                }
            }
        }
        DatasetSpec::ImageFolder { path } | DatasetSpec::Features { path } => {
            if path.as_os_str().is_empty() {
                let word = if matches!(spec, DatasetSpec::Features { .. }) {
                    "features"
                } else {
                    "image_folder"
                };
                at.choice(word).key("path").wrong(
                    "found an empty path",
                    "a path, under the data folder where relative",
                );
            }
        }
        _ => {}
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

/// Number of classes of a dataset, where it is known without reading it.
pub fn classes(spec: &DatasetSpec) -> Option<usize> {
    Some(match spec {
        DatasetSpec::Strokes { classes, .. } => stroke_classes(*classes),
        DatasetSpec::Mnist | DatasetSpec::Notmnist | DatasetSpec::Cifar10 => 10,
        DatasetSpec::Cifar100 => 100,
        DatasetSpec::Mixed(parts) => parts.iter().map(classes).sum::<Option<usize>>()?,
        _ => return None,
    })
}

/// Whether the pictures are of things, in colour.
pub fn natural(spec: &DatasetSpec) -> bool {
    match spec {
        DatasetSpec::Cifar10
        | DatasetSpec::Cifar100
        | DatasetSpec::TinyImagenet32
        | DatasetSpec::Celeba { .. } => true,
        DatasetSpec::Mixed(parts) => parts.iter().any(natural),
        _ => false,
    }
}

fn stroke_classes(classes: StrokeClasses) -> usize {
    match classes {
        StrokeClasses::Letters => 26,
        StrokeClasses::Digits => 10,
    }
}

/// Examples in the smallest class of the head's task, where it is known without reading.
fn examples_per_class(data: &Data) -> Option<usize> {
    let each = match &data.target {
        DatasetSpec::Strokes { classes, images } => images / stroke_classes(*classes),
        // The fives of the training and test files.
        DatasetSpec::Mnist => 6_313,
        _ => return None,
    };
    Some(match &data.task {
        Task::Classes => each,
        Task::Binary { positive } => {
            each * positive
                .len()
                .min(classes(&data.target)?.saturating_sub(positive.len()))
        }
    })
}
