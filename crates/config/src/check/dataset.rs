//! What is known of a dataset before it is read.

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
                if part.has_features() || matches!(part, DatasetSpec::Mixed(_)) {
                    at.wrong(
                        "found features or a mixed dataset within a mixed one",
                        "a dataset of images",
                    );
                } else {
                    check_dataset(part, &at);
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
        DatasetSpec::Paired {
            images,
            list,
            side,
            colour,
            ..
        } => {
            let array = images.extension().is_some_and(|ending| ending == "npy");
            if list.is_none() && !array {
                at.key("list").wrong(
                    "the key is missing, and the images are no `.npy`",
                    "the list of the pictures in that folder, one a line, in the order of the features",
                );
            }
            for (key, told) in [("side", side.is_some()), ("colour", colour.is_some())] {
                at.key(key).unused(
                    told && list.is_none(),
                    "an `.npy` of images is taken as it is",
                );
            }
            if let Some(side) = side.filter(|side| !(8..=1024).contains(side)) {
                at.key("side")
                    .wrong(format!("found {side}"), "8 to 1024 pixels");
            }
        }
        _ => {}
    }
    if let DatasetSpec::Celeba { side, .. } | DatasetSpec::ImageFolder { side, .. } = spec
        && !(8..=1024).contains(side)
    {
        at.key("side")
            .wrong(format!("found {side}"), "8 to 1024 pixels");
    }
    if spec.limit() == Some(0) {
        at.key("limit").within(Whole::new(1, usize::MAX), 0);
    }
}

/// Number of classes of a dataset, where it is known without reading it.
pub fn classes(spec: &DatasetSpec) -> Option<usize> {
    spec.describe().images?.classes
}

/// Most images of a dataset, where that is known without reading it.
pub fn images(spec: &DatasetSpec) -> Option<usize> {
    match spec {
        DatasetSpec::ImageFolder { .. } | DatasetSpec::Mixed(_) => None,
        spec if spec.has_features() => None,
        _ => Some(spec.examples()),
    }
}

/// Channels, rows and columns of a dataset's images, where they are known without reading it.
pub fn shape(spec: &DatasetSpec) -> Option<[usize; 3]> {
    let images = spec.describe().images?;
    Some([images.channels?, images.side, images.side])
}

/// Whether the pictures are photographs.
pub fn natural(spec: &DatasetSpec) -> bool {
    let images = spec.describe().images;
    images.is_some_and(|images| images.content.is_natural())
}

/// Most examples that the smallest class of the head's task can have, where that is known
/// without reading the target.
pub fn examples_per_class(data: &Data) -> Option<usize> {
    let each = data.target.smallest_class()?;
    Some(match &data.task {
        Task::Classes => each,
        Task::Binary { positive } => {
            let positive = positive.len();
            each * positive.min(classes(&data.target)?.saturating_sub(positive))
        }
        Task::Person { .. } => {
            let others = images(&data.target)? as f64 * (1.0 - Task::TOLD);
            others as usize
        }
    })
}
