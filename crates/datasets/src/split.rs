//! Who owns which example: the adversary, the victims, or the measurement of accuracy.

use std::collections::HashMap;
use std::hash::Hash;

use rand::seq::SliceRandom;

use crate::images::row_hashes;
use crate::{ContentHash, DatasetError, FeatureSet, ImageSet, Pool, StreamKey};

/// The adversary's examples and the victims', which never meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// What the adversary may use.
    pub public: Pool,
    /// What victims are trained on.
    pub private: Pool,
    /// What accuracy is measured on; nobody trains on it.
    pub test: Pool,
}

impl Split {
    /// Shuffles each class with `key` and deals it out: the share `private` to the victims, the
    /// share `test` to the measurement of accuracy, the rest to the adversary. Every example counts
    /// as different from all others; where copies may occur use [`Split::of_images`].
    pub fn new(labels: &[u32], classes: usize, private: f64, test: f64, key: StreamKey) -> Self {
        let groups: Vec<u32> = (0..labels.len() as u32).collect();
        Self::of_groups(labels, classes, &groups, private, test, key)
    }

    /// As [`Split::new`], but exact copies of an image (whatever their labels) go to one owner.
    ///
    /// # Errors
    /// If a share is not in [0, 1] or both together exceed 1.
    ///
    /// # Panics
    /// If an image had two owners: that would be a fault of this function.
    pub fn of_images(
        images: &ImageSet,
        private: f64,
        test: f64,
        key: StreamKey,
    ) -> Result<Self, DatasetError> {
        let hashes = images.content_hashes();
        let labels = (images.labels(), images.classes());
        Self::of_hashes(labels, &hashes, &numbered(&hashes), (private, test), key)
    }

    /// As [`Split::of_images`], but all images of one of the `people` (a number for each image) go to
    /// one owner, so that nobody is known to both the adversary and a victim.
    ///
    /// # Errors
    /// If a share is not in [0, 1] or both together exceed 1.
    pub fn of_people(
        images: &ImageSet,
        people: &[u32],
        private: f64,
        test: f64,
        key: StreamKey,
    ) -> Result<Self, DatasetError> {
        let hashes = images.content_hashes();
        let groups = joined(&numbered(&hashes), &numbered(people));
        let labels = (images.labels(), images.classes());
        Self::of_hashes(labels, &hashes, &groups, (private, test), key)
    }

    /// As [`Split::of_images`], for features: rows with equal values go to one owner.
    ///
    /// # Errors
    /// If a share is not in [0, 1] or both together exceed 1.
    pub fn of_features(
        features: &FeatureSet,
        private: f64,
        test: f64,
        key: StreamKey,
    ) -> Result<Self, DatasetError> {
        let hashes = row_hashes(features.values(), features.width());
        let labels = (features.labels(), features.classes());
        Self::of_hashes(labels, &hashes, &numbered(&hashes), (private, test), key)
    }

    fn of_hashes(
        (labels, classes): (&[u32], usize),
        hashes: &[ContentHash],
        groups: &[u32],
        (private, test): (f64, f64),
        key: StreamKey,
    ) -> Result<Self, DatasetError> {
        for (setting, share) in [("shares.private", private), ("shares.test", test)] {
            if !(0.0..=1.0).contains(&share) {
                return Err(DatasetError::Setting {
                    setting: setting.into(),
                    reason: format!("{share} is not in [0, 1]"),
                });
            }
        }
        if private + test > 1.0 + 1e-9 {
            return Err(DatasetError::Setting {
                setting: "shares".into(),
                reason: format!("private {private} and test {test} exceed 1 together"),
            });
        }
        let split = Self::of_groups(labels, classes, groups, private, test, key);
        split.assert_no_shared_content(hashes);
        Ok(split)
    }

    /// Deals out whole groups: examples with the same number in `groups` go to one owner, who is
    /// found in the class of the group's first example. No share is exceeded.
    fn of_groups(
        labels: &[u32],
        classes: usize,
        groups: &[u32],
        private: f64,
        test: f64,
        key: StreamKey,
    ) -> Self {
        let mut members: Vec<Vec<u32>> = Vec::new();
        for (index, &group) in groups.iter().enumerate() {
            if group as usize == members.len() {
                members.push(Vec::new());
            }
            members[group as usize].push(index as u32);
        }
        let mut by_class: Vec<Vec<Vec<u32>>> = vec![Vec::new(); classes];
        for group in members {
            by_class[labels[group[0] as usize] as usize].push(group);
        }
        let mut shares = [Vec::new(), Vec::new(), Vec::new()];
        let mut rng = key.rng(0);
        for mut class in by_class {
            class.shuffle(&mut rng);
            let count: usize = class.iter().map(Vec::len).sum();
            let mut room = [private, test].map(|share| (count as f64 * share).round() as usize);
            for group in class {
                // Victims first, then the test; what finds no room there is the adversary's.
                let owner = room.iter().position(|&room| room >= group.len());
                if let Some(owner) = owner {
                    room[owner] -= group.len();
                }
                shares[owner.map_or(0, |owner| owner + 1)].extend(group);
            }
        }
        let [public, private, test] = shares.map(|share| Pool::new(labels, classes, share));
        let split = Self {
            public,
            private,
            test,
        };
        split.assert_disjoint();
        split
    }

    /// The same split, of which draws hold `each[class]` times as many examples of a class as there
    /// are shots.
    pub fn weighing(self, each: &[usize]) -> Self {
        Self {
            public: self.public.weighing(each),
            private: self.private.weighing(each),
            test: self.test.weighing(each),
        }
    }

    /// Checks that heads of `shots` examples a class can be trained, attacked and measured: the
    /// adversary has as many of every class, the victims one more (which a victim does not have, for
    /// membership and for nulls), and something is left to measure accuracy on.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, shots: usize) -> Result<(), DatasetError> {
        self.private.check_shots(shots.saturating_add(1))?;
        self.public.check_shots(shots)?;
        if self.test.is_empty() {
            return Err(DatasetError::Setting {
                setting: "shares.test".into(),
                reason: "no example is left to measure accuracy on\nhint: use more data, or a \
                         larger share"
                    .into(),
            });
        }
        Ok(())
    }

    /// # Panics
    /// If an example has two owners.
    pub fn assert_disjoint(&self) {
        let mut owned = std::collections::HashSet::new();
        for index in self.owners().flat_map(Pool::indices) {
            assert!(owned.insert(index), "example {index} has two owners");
        }
    }

    /// # Panics
    /// If examples of different owners have the same content.
    fn assert_no_shared_content(&self, hashes: &[ContentHash]) {
        let mut owner_of: HashMap<&ContentHash, usize> = HashMap::with_capacity(hashes.len());
        for (owner, pool) in self.owners().enumerate() {
            for index in pool.indices() {
                let first = *owner_of.entry(&hashes[index as usize]).or_insert(owner);
                assert!(
                    first == owner,
                    "a copy of example {index} has another owner"
                );
            }
        }
    }

    fn owners(&self) -> impl Iterator<Item = &Pool> {
        [&self.public, &self.private, &self.test].into_iter()
    }
}

/// Numbers of equal values, in the order in which they first appear.
fn numbered<T: Eq + Hash>(values: &[T]) -> Vec<u32> {
    let mut number = HashMap::with_capacity(values.len());
    let number_of = |value| {
        let next = number.len() as u32;
        *number.entry(value).or_insert(next)
    };
    values.iter().map(number_of).collect()
}

/// Groups of examples that are alike in `a` or in `b`, directly or by way of others.
fn joined(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut joined = a.to_vec();
    loop {
        let before = joined.clone();
        for other in [a, b] {
            // Everyone takes the least number of those who are alike.
            let mut least: HashMap<u32, u32> = HashMap::new();
            for (own, group) in joined.iter().zip(other) {
                let least = least.entry(*group).or_insert(*own);
                *least = (*least).min(*own);
            }
            for (own, group) in joined.iter_mut().zip(other) {
                *own = least[group];
            }
        }
        if joined == before {
            return numbered(&joined);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;
    use proptest::prelude::*;

    /// One image a content number, two pixels each.
    fn images(contents: &[(u8, u32)]) -> ImageSet {
        let shape = ImageShape {
            channels: 1,
            height: 1,
            width: 2,
        };
        let pixels = contents.iter().flat_map(|&(content, _)| {
            let value = f32::from(content);
            [value / 255.0, (value * 0.37).sin()]
        });
        let labels = contents.iter().map(|&(_, label)| label).collect();
        ImageSet::new(shape, pixels.collect(), labels, 3).unwrap()
    }

    proptest! {
        #[test]
        fn copies_have_one_owner(
            contents in prop::collection::vec((0_u8..40, 0_u32..3), 0..200),
            private in 0.0..0.6,
            test in 0.0..0.4,
            seed: u64,
        ) {
            let set = images(&contents);
            let key = StreamKey::from_seed(seed);
            let split = Split::of_images(&set, private, test, key).unwrap();
            let pools = [&split.public, &split.private, &split.test];
            let mut owner = vec![None; set.len()];
            for (number, pool) in pools.iter().enumerate() {
                for class in 0..3 {
                    for &index in pool.class(class) {
                        prop_assert_eq!(set.labels()[index as usize] as usize, class);
                        prop_assert!(owner[index as usize].replace(number).is_none());
                    }
                }
            }
            prop_assert!(owner.iter().all(Option::is_some));
            for a in 0..set.len() {
                for b in 0..a {
                    if set.image(a) == set.image(b) {
                        prop_assert_eq!(owner[a], owner[b]);
                    }
                }
            }
            prop_assert!(split.private.len() as f64 <= private * set.len() as f64 + 1.5);
            prop_assert_eq!(&split, &Split::of_images(&set, private, test, key).unwrap());
        }

        #[test]
        fn without_copies_the_shares_are_exact(
            labels in prop::collection::vec(0_u32..3, 1..255),
            private in 0.0..0.6,
            test in 0.0..0.4,
        ) {
            let contents: Vec<_> =
                labels.iter().enumerate().map(|(i, &label)| (i as u8, label)).collect();
            let set = images(&contents);
            let key = StreamKey::from_seed(5);
            let split = Split::of_images(&set, private, test, key).unwrap();
            prop_assert_eq!(&split, &Split::new(set.labels(), 3, private, test, key));
            for class in 0..3 {
                let count = labels.iter().filter(|&&l| l as usize == class).count() as f64;
                prop_assert_eq!(split.private.class(class).len(), (count * private).round() as usize);
            }
        }
    }

    #[test]
    fn people_have_one_owner_and_so_have_copies_of_their_images() {
        // Person 0's second image is a copy of person 2's.
        let contents = [
            (0, 0),
            (1, 0),
            (2, 1),
            (1, 1),
            (3, 1),
            (4, 0),
            (5, 1),
            (6, 0),
        ];
        let people = [0, 0, 1, 2, 2, 3, 4, 4];
        let set = images(&contents);
        for seed in 0..50 {
            let key = StreamKey::from_seed(seed);
            let split = Split::of_people(&set, &people, 0.5, 0.25, key).unwrap();
            let mut owner = [3; 8];
            for (number, pool) in split.owners().enumerate() {
                pool.indices().for_each(|it| owner[it as usize] = number);
            }
            assert!(owner.iter().all(|owner| *owner < 3));
            assert!(
                [1, 3, 4].iter().all(|&it| owner[it] == owner[0]),
                "{owner:?}"
            );
            assert_eq!(owner[6], owner[7]);
        }
    }

    #[test]
    fn impossible_shares_are_refused() {
        let set = images(&[(0, 0), (1, 1)]);
        let key = StreamKey::from_seed(1);
        for (private, test) in [(-0.1, 0.5), (0.5, f64::NAN), (0.7, 0.4)] {
            let error = Split::of_images(&set, private, test, key).unwrap_err();
            assert!(error.to_string().contains("shares"), "{error}");
        }
    }

    #[test]
    #[should_panic(expected = "two owners")]
    fn an_overlap_is_noticed() {
        let labels = [0, 0, 0];
        let pool = |indices: &[u32]| Pool::new(&labels, 1, indices.iter().copied());
        Split {
            public: pool(&[0, 1]),
            private: pool(&[1]),
            test: pool(&[2]),
        }
        .assert_disjoint();
    }

    #[test]
    #[should_panic(expected = "another owner")]
    fn a_shared_copy_is_noticed() {
        let labels = [0, 0];
        let pool = |indices: &[u32]| Pool::new(&labels, 1, indices.iter().copied());
        Split {
            public: pool(&[0]),
            private: pool(&[1]),
            test: pool(&[]),
        }
        .assert_no_shared_content(&[[7; 32], [7; 32]]);
    }
}
