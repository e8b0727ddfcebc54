//! What is known of a dataset with its settings. Everything that asks such a question asks here.

use super::catalogue;
use super::facts::{Description, Images};
use super::images::DatasetSpec;
use super::part::Part;

/// What a mixture is; none without parts, or where a part holds no images.
fn mixed(parts: &[DatasetSpec]) -> Option<Images> {
    let parts: Option<Vec<Images>> = parts.iter().map(|part| part.describe().images).collect();
    let (first, others) = parts?.split_first().map(|(a, b)| (*a, b.to_vec()))?;
    Some(others.into_iter().fold(first, |all, part| Images {
        content: all.content.mixed_with(part.content),
        // Where the files of one part decide, they follow the other's.
        channels: all.channels.or(part.channels),
        side: all.side,
        classes: all.classes.zip(part.classes).map(|(a, b)| a + b),
        examples: [0, 1].map(|at| all.examples[at] + part.examples[at]),
        smallest_class: None,
        tau: None,
    }))
}

impl DatasetSpec {
    /// What it is and where it comes from, with these settings.
    pub fn describe(&self) -> Description {
        let mut description = match self {
            Self::Strokes { .. } => catalogue::STROKES,
            Self::Mnist { .. } => catalogue::MNIST,
            Self::Emnist { .. } => catalogue::EMNIST,
            Self::Notmnist { .. } => catalogue::NOTMNIST,
            Self::Omniglot { .. } => catalogue::OMNIGLOT,
            Self::Cifar10 { .. } => catalogue::CIFAR10,
            Self::Cifar100 { .. } => catalogue::CIFAR100,
            Self::TinyImagenet32 { .. } => catalogue::TINY_IMAGENET,
            Self::Celeba { .. } => catalogue::CELEBA,
            Self::ImageFolder { .. } => catalogue::IMAGE_FOLDER,
            Self::Mixed(_) => catalogue::MIXED,
            Self::Features { .. } => catalogue::FEATURES,
            Self::Paired { .. } => catalogue::PAIRED,
        };
        if let Self::Mixed(parts) = self {
            description.images = mixed(parts);
        }
        if let Some(images) = &mut description.images {
            self.settle(images);
        }
        description
    }

    /// Puts in what the settings decide.
    fn settle(&self, images: &mut Images) {
        match self {
            Self::Strokes {
                classes,
                images: count,
            } => {
                images.classes = Some(classes.len());
                images.examples = [*count, 0];
                images.smallest_class = Some([count / classes.len(), 0]);
            }
            Self::Emnist { split, .. } => {
                let (examples, smallest_class) = split.sizes();
                images.classes = Some(split.options().classes);
                images.examples = examples;
                images.smallest_class = smallest_class;
            }
            Self::Cifar100 { coarse: true, .. } => {
                images.classes = Some(20);
                images.smallest_class = images.smallest_class.map(|each| each.map(|n| 5 * n));
            }
            Self::Celeba { side, label, .. } => {
                images.side = *side;
                images.classes = (!label.eq_ignore_ascii_case("identity")).then_some(2);
            }
            Self::ImageFolder { side, colour, .. } => {
                images.side = *side;
                images.channels = colour.map(|colour| colour.channels());
            }
            _ => {}
        }
    }

    /// Roughly how many images (or rows) it has, its limit and its part considered.
    pub fn examples(&self) -> usize {
        if let Self::Mixed(parts) = self {
            return parts.iter().map(Self::examples).sum();
        }
        let all = match self.describe().images {
            Some(images) => self.of_part(images.examples),
            // Rows of features are not counted before they are read.
            None => 10_000,
        };
        self.limit().map_or(all, |limit| all.min(limit))
    }

    /// Most examples that the smallest class can have, where that is known.
    pub fn smallest_class(&self) -> Option<usize> {
        let images = self.describe().images?;
        let each = self.of_part(images.smallest_class?);
        let even = self.limit().zip(images.classes);
        Some(even.map_or(each, |(limit, classes)| each.min(limit / classes)))
    }

    /// Whether the files decide its colour, so that it may take that of the data it is used with.
    pub fn colour_is_free(&self) -> bool {
        let images = self.describe().images;
        images.is_some_and(|images| images.channels.is_none())
    }

    /// The most images it was limited to.
    pub fn limit(&self) -> Option<usize> {
        match self {
            Self::Mnist { limit, .. }
            | Self::Emnist { limit, .. }
            | Self::Notmnist { limit, .. }
            | Self::Omniglot { limit }
            | Self::Cifar10 { limit, .. }
            | Self::Cifar100 { limit, .. }
            | Self::TinyImagenet32 { limit, .. }
            | Self::Celeba { limit, .. }
            | Self::ImageFolder { limit, .. } => *limit,
            Self::Strokes { .. } | Self::Mixed(_) | Self::Features { .. } | Self::Paired { .. } => {
                None
            }
        }
    }

    fn of_part(&self, [train, test]: [usize; 2]) -> usize {
        match self {
            Self::Mnist { part, .. }
            | Self::Emnist { part, .. }
            | Self::Notmnist { part, .. }
            | Self::Cifar10 { part, .. }
            | Self::Cifar100 { part, .. }
            | Self::TinyImagenet32 { part, .. } => match part {
                Part::Train => train,
                Part::Test => test,
                Part::All => train + test,
            },
            _ => train + test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    fn of(text: &str) -> DatasetSpec {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn a_mixture_has_one_answer() {
        let images = |text: &str| of(text).describe().images.unwrap();
        for order in ["mixed: [mnist, cifar10]", "mixed: [cifar10, mnist]"] {
            let mixed = images(order);
            assert_eq!(mixed.content, Content::Photographs, "{order}");
            assert_eq!((mixed.classes, mixed.tau), (Some(20), None), "{order}");
        }
        assert_eq!(images("mixed: [mnist, notmnist]").content, Content::Drawn);
        assert_eq!(
            images("mixed: [celeba, mnist]").content,
            Content::Photographs
        );
        assert_eq!(of("mixed: [mnist, cifar10]").examples(), 110_000);
        assert_eq!(of("mixed: []").describe().images, None);
    }

    #[test]
    fn settings_decide() {
        let images = |text: &str| of(text).describe().images.unwrap();
        assert_eq!(images("emnist: { split: balanced }").classes, Some(47));
        assert_eq!(images("cifar100: { coarse: true }").classes, Some(20));
        assert_eq!(images("celeba: { label: male }").classes, Some(2));
        assert_eq!(images("image_folder: { path: x }").channels, None);
        let told = images("image_folder: { path: x, colour: grey, side: 64 }");
        assert_eq!((told.channels, told.side), (Some(1), 64));
        assert_eq!(of("mnist: { part: all }").smallest_class(), Some(6_313));
        assert_eq!(of("mnist: { limit: 1000 }").smallest_class(), Some(100));
        assert_eq!(of("mnist: { part: test, limit: 50000 }").examples(), 10_000);
        assert_eq!(
            of("strokes: { classes: digits, images: 205 }").smallest_class(),
            Some(20)
        );
    }
}
