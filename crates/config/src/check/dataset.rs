//! What is known of a dataset before it is read.

use datasets::{EmnistSplit, Part};

use spec::Whole;

use super::at::At;
use crate::experiment::{Data, DatasetSpec, Task};

/// Bounds of the number of drawn images, which are held at once.
const DRAWN: Whole = Whole::new(1, 10_000_000);

/// Says what is wrong with a dataset's settings.
pub fn check_dataset(spec: &DatasetSpec, at: &At<'_>) {
    let at = at.choice(spec.describe().name);
    match spec {
        DatasetSpec::Strokes { classes, images } => {
            if *images < classes.len() {
                at.key("images").wrong(
                    format!("found {images}"),
                    format!(
                        "at least one image of each class: {} or more",
                        classes.len()
                    ),
                );
            }
            at.key("images").within(DRAWN, *images);
        }
        DatasetSpec::Mixed(parts) => {
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
                    let shapes = parts.first().and_then(shape).zip(shape(part));
                    if let Some((first, own)) = shapes.filter(|(first, own)| first != own) {
                        let [channels, rows, columns] = own;
                        at.wrong(
                            format!("found images of {channels} x {rows} x {columns} (channels, rows, columns)"),
                            format!("images of one size and colour, as the first part's: {} x {} x {}", first[0], first[1], first[2]),
                        );
                    }
                }
            }
        }
        DatasetSpec::ImageFolder { path, .. } | DatasetSpec::Features { path, .. }
            if path.as_os_str().is_empty() =>
        {
            at.key("path").wrong(
                "found an empty path",
                "a path, under the data folder where relative",
            );
        }
        _ => {}
    }
    if let DatasetSpec::Celeba { side, .. } | DatasetSpec::ImageFolder { side, .. } = spec
        && !(8..=1024).contains(side)
    {
        at.key("side")
            .wrong(format!("found {side}"), "8 to 1024 pixels");
    }
    if limit(spec) == Some(0) {
        at.key("limit").within(Whole::new(1, usize::MAX), 0);
    }
}

/// Number of classes of a dataset, where it is known without reading it.
pub fn classes(spec: &DatasetSpec) -> Option<usize> {
    Some(match spec {
        DatasetSpec::Strokes { classes, .. } => classes.len(),
        DatasetSpec::Mnist { .. } | DatasetSpec::Notmnist { .. } | DatasetSpec::Cifar10 { .. } => {
            10
        }
        DatasetSpec::Emnist { split, .. } => match split {
            EmnistSplit::Letters => 26,
            EmnistSplit::Digits | EmnistSplit::Mnist => 10,
            EmnistSplit::Balanced | EmnistSplit::ByMerge => 47,
            EmnistSplit::ByClass => 62,
        },
        DatasetSpec::Cifar100 { coarse, .. } => {
            if *coarse {
                20
            } else {
                100
            }
        }
        DatasetSpec::Mixed(parts) => parts.iter().map(classes).sum::<Option<usize>>()?,
        _ => return None,
    })
}

/// Most images of a dataset, where that is known without reading it.
pub fn images(spec: &DatasetSpec) -> Option<usize> {
    let published = match spec {
        DatasetSpec::Strokes { images, .. } => *images,
        DatasetSpec::Mnist { part, .. } => match part {
            Part::Train => 60_000,
            Part::Test => 10_000,
            Part::All => 70_000,
        },
        DatasetSpec::Cifar10 { part, .. } | DatasetSpec::Cifar100 { part, .. } => match part {
            Part::Train => 50_000,
            Part::Test => 10_000,
            Part::All => 60_000,
        },
        _ => return None,
    };
    Some(limit(spec).map_or(published, |limit| limit.min(published)))
}

/// Channels, rows and columns of a dataset's images, where they are known without reading it.
pub fn shape(spec: &DatasetSpec) -> Option<[usize; 3]> {
    match spec {
        DatasetSpec::Strokes { .. }
        | DatasetSpec::Mnist { .. }
        | DatasetSpec::Emnist { .. }
        | DatasetSpec::Notmnist { .. }
        | DatasetSpec::Omniglot { .. } => Some([1, 32, 32]),
        DatasetSpec::Cifar10 { .. }
        | DatasetSpec::Cifar100 { .. }
        | DatasetSpec::TinyImagenet32 { .. } => Some([3, 32, 32]),
        DatasetSpec::Celeba { side, .. } => Some([3, *side, *side]),
        DatasetSpec::Mixed(parts) => parts.first().and_then(shape),
        DatasetSpec::ImageFolder { .. } | DatasetSpec::Features { .. } => None,
    }
}

/// Whether the pictures are of things, in colour.
pub fn natural(spec: &DatasetSpec) -> bool {
    match spec {
        DatasetSpec::Cifar10 { .. }
        | DatasetSpec::Cifar100 { .. }
        | DatasetSpec::TinyImagenet32 { .. }
        | DatasetSpec::Celeba { .. } => true,
        DatasetSpec::Mixed(parts) => parts.iter().any(natural),
        _ => false,
    }
}

/// Most examples that the smallest class of the head's task can have, where that is known
/// without reading the target.
pub fn examples_per_class(data: &Data) -> Option<usize> {
    let each = match &data.target {
        DatasetSpec::Strokes { classes, images } => images / classes.len(),
        // Of the fives there are fewest.
        DatasetSpec::Mnist { part, limit } => {
            let fives = match part {
                Part::Train => 5_421,
                Part::Test => 892,
                Part::All => 6_313,
            };
            limit.map_or(fives, |limit| fives.min(limit / 10))
        }
        DatasetSpec::Cifar10 { part, limit } => {
            let each = match part {
                Part::Train => 5_000,
                Part::Test => 1_000,
                Part::All => 6_000,
            };
            limit.map_or(each, |limit| each.min(limit / 10))
        }
        _ => return None,
    };
    Some(match &data.task {
        Task::Classes => each,
        Task::Binary { positive } => {
            let positive = positive.len();
            each * positive.min(classes(&data.target)?.saturating_sub(positive))
        }
    })
}

fn limit(spec: &DatasetSpec) -> Option<usize> {
    match spec {
        DatasetSpec::Mnist { limit, .. }
        | DatasetSpec::Emnist { limit, .. }
        | DatasetSpec::Notmnist { limit, .. }
        | DatasetSpec::Omniglot { limit }
        | DatasetSpec::Cifar10 { limit, .. }
        | DatasetSpec::Cifar100 { limit, .. }
        | DatasetSpec::TinyImagenet32 { limit, .. }
        | DatasetSpec::Celeba { limit, .. }
        | DatasetSpec::ImageFolder { limit, .. } => *limit,
        DatasetSpec::Strokes { .. } | DatasetSpec::Mixed(_) | DatasetSpec::Features { .. } => None,
    }
}
