//! What scores are about, and which images are drawn again beside the units.
//!
//! Victims that share a training image are not independent: an image that is easily read back is so
//! from every head that saw it. Scores are then crossed, victims by images, and both are a sample.

use serde::{Deserialize, Serialize};

/// The image that a score is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Its class; images are drawn again within it, so that classes keep their shares.
    pub class: u32,
    /// Which image it is, among all.
    pub image: u32,
}

/// The images that are drawn again, in order, class by class.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawn {
    images: Vec<Subject>,
}

/// The images of one side that several of its units name, in order.
///
/// Where one unit alone names an image, drawing the unit draws the image too: a count of its own would
/// be counted twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Vec<Subject>);

impl Shared {
    /// Of the scores of a side: each its unit and what it is about.
    pub fn of(scores: impl Iterator<Item = (u32, Subject)>) -> Self {
        let mut named: Vec<(Subject, u32)> = scores.map(|(unit, it)| (it, unit)).collect();
        named.sort_unstable();
        named.dedup();
        let by_image = named.chunk_by(|a, b| a.0 == b.0);
        Self(
            by_image
                .filter(|units| units.len() > 1)
                .map(|units| units[0].0)
                .collect(),
        )
    }
}

impl Drawn {
    /// The images that are shared on any side.
    pub fn new<'a>(sides: impl Iterator<Item = &'a Shared>) -> Self {
        let mut images: Vec<Subject> = sides.flat_map(|side| &side.0).copied().collect();
        images.sort_unstable();
        images.dedup();
        Self { images }
    }

    /// Where the count of a score's image stands: behind all others where it is not drawn.
    pub fn slot(&self, side: &Shared, about: Option<&Subject>) -> u32 {
        let shared = about.filter(|it| side.0.binary_search(it).is_ok());
        let at = shared.and_then(|it| self.images.binary_search(it).ok());
        at.unwrap_or(self.images.len()) as u32
    }

    /// How many images of each class are drawn.
    pub fn classes(&self) -> impl Iterator<Item = usize> {
        self.images
            .chunk_by(|a, b| a.class == b.class)
            .map(<[Subject]>::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(class: u32, image: u32) -> Subject {
        Subject { class, image }
    }

    #[test]
    fn images_of_one_unit_are_drawn_with_it() {
        let victims = [
            (0, subject(0, 7)),
            (0, subject(0, 7)),
            (1, subject(0, 3)),
            (2, subject(0, 3)),
            (2, subject(1, 9)),
        ];
        let null = [(0, subject(0, 7)), (1, subject(0, 7))];
        let victims = Shared::of(victims.into_iter());
        let null = Shared::of(null.into_iter());
        let drawn = Drawn::new([&victims, &null].into_iter());
        assert_eq!(drawn.classes().collect::<Vec<_>>(), [2]);
        // 3 is shared by two victims, 7 by two null units alone.
        assert_eq!(drawn.slot(&victims, Some(&subject(0, 3))), 0);
        assert_eq!(drawn.slot(&null, Some(&subject(0, 7))), 1);
        assert_eq!(drawn.slot(&victims, Some(&subject(0, 7))), 2);
        assert_eq!(drawn.slot(&victims, Some(&subject(1, 9))), 2);
        assert_eq!(drawn.slot(&null, None), 2);
    }
}
