//! New image sets from old ones: selections, mixtures, other sizes and colours.

use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::{ImageSet, ImageShape};
use crate::picture::{Colour, resize};
use crate::{DatasetError, StreamKey};

impl ImageSet {
    /// The images `indices`, in that order; the classes stay.
    ///
    /// # Panics
    /// If an index is not below [`ImageSet::len`].
    pub fn select(&self, indices: &[u32]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        for &index in indices {
            pixels.extend_from_slice(self.image(index as usize));
        }
        Self {
            shape: self.shape,
            pixels,
            labels: indices.iter().map(|&i| self.labels[i as usize]).collect(),
            classes: self.classes,
        }
    }

    /// At most `limit` images, as even over the classes as they come, chosen by `key`, in the
    /// order they have here.
    pub fn limited(self, limit: usize, key: StreamKey) -> Self {
        if self.len() <= limit {
            return self;
        }
        let mut order: Vec<(usize, u32)> = Vec::with_capacity(self.len());
        for (class, mut members) in self.by_class().into_iter().enumerate() {
            members.shuffle(&mut key.rng(class as u64));
            order.extend(members.into_iter().enumerate());
        }
        // First one of every class, then a second one of every class, and so on.
        order.sort_by_key(|&(turn, _)| turn);
        let mut chosen: Vec<u32> = order.iter().take(limit).map(|&(_, index)| index).collect();
        chosen.sort_unstable();
        self.select(&chosen)
    }

    /// Only the classes with at least `count` images, numbered anew in their order.
    ///
    /// # Errors
    /// If no class has as many.
    pub fn with_classes_of(self, count: usize) -> Result<Self, DatasetError> {
        let by_class = self.by_class();
        let mut number = vec![None; self.classes];
        let mut classes = 0;
        for (class, members) in by_class.iter().enumerate() {
            if members.len() >= count && !members.is_empty() {
                number[class] = Some(classes);
                classes += 1;
            }
        }
        if classes == 0 {
            let most = by_class.iter().map(Vec::len).max().unwrap_or(0);
            return Err(DatasetError::Setting {
                setting: "images_per_class".into(),
                reason: format!("no class has {count} images; the largest has {most}"),
            });
        }
        let kept: Vec<u32> = (0..self.len() as u32)
            .filter(|&index| number[self.labels[index as usize] as usize].is_some())
            .collect();
        let mut set = self.select(&kept);
        for label in &mut set.labels {
            *label = number[*label as usize].unwrap_or(0);
        }
        set.classes = classes as usize;
        Ok(set)
    }

    /// The sets one after the other, their classes side by side: the labels of each set are moved
    /// past the classes of those before it.
    ///
    /// # Errors
    /// If there is no set, or if the shapes differ.
    pub fn concat(sets: Vec<Self>) -> Result<Self, DatasetError> {
        Self::join(sets, true)
    }

    /// The sets one after the other, class k of each being the same class: parts of one dataset.
    ///
    /// # Errors
    /// If there is no set, or if the shapes differ.
    pub fn append(sets: Vec<Self>) -> Result<Self, DatasetError> {
        Self::join(sets, false)
    }

    fn join(sets: Vec<Self>, side_by_side: bool) -> Result<Self, DatasetError> {
        let mut sets = sets.into_iter();
        let Some(mut all) = sets.next() else {
            return Err(DatasetError::Shape {
                what: "a mixture of image sets".into(),
                expected: "at least one set".into(),
                found: "none".into(),
            });
        };
        for set in sets {
            if set.shape != all.shape {
                return Err(DatasetError::Shape {
                    what: "a mixture of image sets".into(),
                    expected: format!("every image to be {}", all.shape),
                    found: format!(
                        "one of {}\nhint: mix sets of one size and colour",
                        set.shape
                    ),
                });
            }
            let offset = if side_by_side { all.classes } else { 0 };
            all.pixels.extend(set.pixels);
            all.labels
                .extend(set.labels.iter().map(|l| l + offset as u32));
            all.classes = all.classes.max(offset + set.classes);
        }
        Ok(all)
    }

    /// Every image resampled to `height` x `width` with a triangle filter (shrinking averages,
    /// enlarging interpolates).
    ///
    /// # Errors
    /// If `height` or `width` is 0.
    pub fn resized(self, height: usize, width: usize) -> Result<Self, DatasetError> {
        let shape = ImageShape {
            height,
            width,
            ..self.shape
        };
        if shape.is_empty() {
            return Err(DatasetError::Shape {
                what: "resized images".into(),
                expected: "at least one pixel".into(),
                found: shape.to_string(),
            });
        }
        if shape == self.shape {
            return Ok(self);
        }
        let mut pixels = vec![0.0; self.len() * shape.len()];
        let images = self.pixels.par_chunks_exact(self.shape.len());
        images
            .zip(pixels.par_chunks_exact_mut(shape.len()))
            .for_each(|(image, out)| resize(self.shape, image, height, width, out));
        Ok(Self {
            shape,
            pixels,
            ..self
        })
    }

    /// Every image with one channel (luminance) or three (grey repeated).
    pub fn coloured(self, colour: Colour) -> Self {
        let shape = ImageShape {
            channels: colour.channels(),
            ..self.shape
        };
        if shape == self.shape {
            return self;
        }
        let area = shape.height * shape.width;
        let mut pixels = Vec::with_capacity(self.len() * shape.len());
        for image in self.pixels.chunks_exact(self.shape.len()) {
            match colour {
                Colour::Rgb => (0..3).for_each(|_| pixels.extend_from_slice(&image[..area])),
                Colour::Grey => pixels.extend((0..area).map(|at| {
                    let [r, g, b] = [0, 1, 2].map(|channel| image[channel * area + at]);
                    (0.299 * r + 0.587 * g + 0.114 * b).clamp(-1.0, 1.0)
                })),
            }
        }
        Self {
            shape,
            pixels,
            ..self
        }
    }

    /// The indices of the images of each class.
    pub fn by_class(&self) -> Vec<Vec<u32>> {
        let mut by_class = vec![Vec::new(); self.classes];
        for (index, &label) in self.labels.iter().enumerate() {
            by_class[label as usize].push(index as u32);
        }
        by_class
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(shape: [usize; 3], labels: Vec<u32>, classes: usize) -> ImageSet {
        let [channels, height, width] = shape;
        let shape = ImageShape {
            channels,
            height,
            width,
        };
        let count = labels.len() * shape.len();
        let pixels = (0..count).map(|i| (i as f32 * 0.7).sin()).collect();
        ImageSet::new(shape, pixels, labels, classes).unwrap()
    }

    #[test]
    fn shrinking_averages_and_keeps_flat_images_flat() {
        let shape = ImageShape {
            channels: 3,
            height: 12,
            width: 20,
        };
        let flat = ImageSet::new(shape, vec![0.25; shape.len()], vec![0], 1).unwrap();
        for (height, width) in [(5, 7), (12, 20), (30, 33), (1, 1)] {
            let out = flat.clone().resized(height, width).unwrap();
            assert_eq!(out.shape().to_string(), format!("3x{height}x{width}"));
            assert!(out.pixels().iter().all(|p| (p - 0.25).abs() < 1e-6));
        }
        let varied = set([1, 64, 64], vec![0], 1);
        let mean = |s: &ImageSet| s.pixels().iter().sum::<f32>() / s.pixels().len() as f32;
        let small = varied.clone().resized(32, 32).unwrap();
        assert!((mean(&varied) - mean(&small)).abs() < 0.01);
    }

    #[test]
    fn a_ramp_stays_a_ramp() {
        let shape = ImageShape {
            channels: 1,
            height: 1,
            width: 8,
        };
        let ramp: Vec<f32> = (0..8).map(|i| -0.7 + 0.2 * i as f32).collect();
        let ramp = ImageSet::new(shape, ramp, vec![0], 1).unwrap();
        let out = ramp.resized(1, 16).unwrap();
        for (i, pixel) in out.pixels().iter().enumerate().take(15).skip(1) {
            let at = (i as f32 + 0.5) / 2.0 - 0.5;
            assert!((pixel - (-0.7 + 0.2 * at)).abs() < 1e-6, "{i}: {pixel}");
        }
    }

    #[test]
    fn grey_to_colour_and_back() {
        let grey = set([1, 4, 5], vec![0, 1], 2);
        let colour = grey.clone().coloured(Colour::Rgb);
        assert_eq!(colour.shape().to_string(), "3x4x5");
        let back = colour.coloured(Colour::Grey);
        for (a, b) in grey.pixels().iter().zip(back.pixels()) {
            assert!((a - b).abs() < 1e-6);
        }
    }

    #[test]
    fn mixtures_put_classes_side_by_side() {
        let mixed = ImageSet::concat(vec![
            set([1, 2, 2], vec![0, 1], 2),
            set([1, 2, 2], vec![2, 0], 3),
        ])
        .unwrap();
        assert_eq!(mixed.labels(), [0, 1, 4, 2]);
        assert_eq!((mixed.len(), mixed.classes()), (4, 5));
        let error = ImageSet::concat(vec![set([1, 2, 2], vec![0], 1), set([3, 2, 2], vec![0], 1)])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("1x2x2") && error.contains("3x2x2"),
            "{error}"
        );
        assert!(ImageSet::concat(Vec::new()).is_err());
    }

    #[test]
    fn small_classes_are_dropped() {
        let kept = set([1, 1, 1], vec![0, 2, 2, 3, 3, 3], 5)
            .with_classes_of(2)
            .unwrap();
        assert_eq!((kept.labels(), kept.classes()), (&[0, 0, 1, 1, 1][..], 2));
        let none = set([1, 1, 1], vec![0, 2], 3).with_classes_of(2);
        assert!(none.unwrap_err().to_string().contains("largest has 1"));
    }

    proptest! {
        #[test]
        fn a_limit_is_even_and_repeatable(
            labels in prop::collection::vec(0_u32..4, 1..60),
            limit in 1_usize..70,
        ) {
            let all = set([1, 1, 1], labels, 4);
            let key = StreamKey::from_seed(3);
            let some = all.clone().limited(limit, key);
            prop_assert_eq!(some.len(), limit.min(all.len()));
            prop_assert_eq!(&some, &all.clone().limited(limit, key));
            let (before, after) = (all.by_class(), some.by_class());
            let most = after.iter().map(Vec::len).max().unwrap_or(0);
            for (before, after) in before.iter().zip(&after) {
                // A class gives as many as the largest share, to within one, or all it has.
                prop_assert!(after.len() + 1 >= most || after.len() == before.len());
            }
        }
    }
}
