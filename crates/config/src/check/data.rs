//! Data, backbones and how many shots they allow.

use spec::{Backbone, Bounds, ImportedArchitecture, Resize, Whole};

use super::at::At;
use super::dataset::{check_dataset, classes, examples_per_class, shape};
use super::shapes;
use crate::experiment::{Data, DatasetSpec, Task};

/// Bounds of the shots.
const SHOTS: Whole = Whole::new(1, 100_000);

/// The backbone where none is given.
pub fn default_backbone(target: &DatasetSpec) -> Backbone {
    match target {
        target if target.has_features() => Backbone::Features,
        _ => Backbone::default(),
    }
}

/// The checked data.
pub fn check(raw: &Data, at: &At<'_>) -> Data {
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
    check_together(raw, at);
    shapes::check(raw, at);
    raw.clone()
}

fn check_task(raw: &Data, at: &At<'_>) {
    let positive = match &raw.task {
        Task::Classes => return,
        Task::Binary { positive } => positive,
        Task::Person { others } => return check_person(*others, raw, &at.choice("person")),
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

/// Says why people cannot be told apart.
fn check_person(others: usize, raw: &Data, at: &At<'_>) {
    if Task::OTHERS.refuses(&others).is_some() {
        at.key("others").within(Task::OTHERS, others);
    }
    let people = match &raw.target {
        DatasetSpec::Celeba { label, .. } => label == "identity",
        DatasetSpec::ImageFolder { .. } => true,
        _ => false,
    };
    if !people {
        at.wrong(
            "found a target whose classes are not people",
            "`{ celeba: { label: identity } }`, or an `image_folder` with a folder for each person",
        );
    }
    if raw.public.is_some() {
        at.wrong(
            "found `data.public` beside it",
            "the target's own public part, which has people of its own",
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
pub fn check_backbones(raw: &Data, backbones: &[(&Backbone, At<'_>)], at: &At<'_>) {
    let features = raw.target.has_features();
    for (backbone, place) in backbones {
        match backbone {
            Backbone::Features if !features => {
                place.wrong(
                    "the data are images",
                    "a network: `vgg_tiny`, `imported` or `onnx`",
                );
            }
            Backbone::VggTiny { .. } | Backbone::Imported { .. } | Backbone::Onnx(_)
                if features =>
            {
                place.wrong_hint(
                    "the data are features already",
                    "`features`",
                    "leave `backbone` out",
                );
            }
            Backbone::VggTiny { .. } => place.choice("vgg_tiny").options(*backbone),
            Backbone::Imported { file, .. } if file.as_os_str().is_empty() => {
                place
                    .choice("imported")
                    .key("file")
                    .wrong("found an empty path", "the file of the weights");
            }
            Backbone::Onnx(onnx) => {
                let place = place.choice("onnx");
                place.options(onnx);
                place.key("input").options(&onnx.input);
            }
            Backbone::Imported { .. } | Backbone::Features => {}
        }
    }
    check_shapes(raw, backbones);
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
        Some(source) if source.has_features() => at.key("source").wrong(
            "found features",
            "images: the source pre-trains the backbone",
        ),
        Some(_) => at
            .key("source")
            .unused(!trained, "no backbone is pre-trained here"),
        None => {}
    }
}

/// Says where images do not fit the networks that they go through.
fn check_shapes(data: &Data, backbones: &[(&Backbone, At<'_>)]) {
    let Some(target) = shape(&data.target) else {
        return;
    };
    for (backbone, place) in backbones {
        match backbone {
            Backbone::VggTiny { .. } => {
                let [_, rows, columns] = target;
                if !(rows.is_multiple_of(8) && columns.is_multiple_of(8)) {
                    place.wrong(
                        format!("found `vgg_tiny` for images of {rows} x {columns}"),
                        "images whose sides are multiples of 8",
                    );
                }
            }
            Backbone::Imported { architecture, .. }
                if *architecture != ImportedArchitecture::VggTiny && target[0] != 3 =>
            {
                place.wrong(
                    format!("found `{architecture}` for images of {}", said(target)),
                    "images in colour, of three channels",
                );
            }
            Backbone::Onnx(onnx) => {
                let [height, width] = onnx.input.sides();
                let [_, rows, columns] = target;
                if onnx.input.resize == Resize::None && [rows, columns] != [height, width] {
                    place.choice("onnx").key("input").key("resize").wrong(
                        format!("found `none` for images of {}", said(target)),
                        format!("images of {height} x {width}, or `bilinear`"),
                    );
                }
            }
            Backbone::Imported { .. } | Backbone::Features => {}
        }
    }
}

/// Says where the adversary's own data do not go with the target.
fn check_together(data: &Data, at: &At<'_>) {
    let (target, Some(public)) = (&data.target, &data.public) else {
        return;
    };
    let at = at.key("public");
    let features = DatasetSpec::has_features;
    match (features(target), features(public)) {
        (true, true) => at.wrong_hint(
            "found features beside features",
            "no such key: features are not joined with others",
            "put all rows into `data.target`",
        ),
        (false, true) => at.wrong(
            "found features beside images",
            "data of the same kind as the target's",
        ),
        (true, false) => at.wrong(
            "found images beside features",
            "data of the same kind as the target's",
        ),
        (false, false) => {}
    }
    if let (Some(own), Some(theirs)) = (classes(target), classes(public))
        && own != theirs
    {
        at.wrong_hint(
            format!("found data of {theirs} classes, the target has {own}"),
            format!("data of {own} classes: shadow heads tell apart what the victims do"),
            "for a target of digits: `{ emnist: { split: digits } }`, `notmnist` or `{ strokes: { classes: digits, images: 20000 } }`",
        );
    }
}

/// `3 x 32 x 32 (channels, rows, columns)`.
fn said([channels, height, width]: [usize; 3]) -> String {
    format!("{channels} x {height} x {width} (channels, rows, columns)")
}

/// Says where a split has too few examples for the shots.
pub fn check_shots(shots: usize, data: &Data, at: &At<'_>) {
    if SHOTS.refuses(&shots).is_some() {
        at.within(SHOTS, shots);
        return;
    }
    if matches!(data.task, Task::Person { .. }) && shots != 1 {
        at.wrong(
            format!("found {shots} shots for the task `person`"),
            "1: most people have too few images, and a head is about one of them",
        );
        return;
    }
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
