//! Who owns which example, and balanced few-shot draws.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::{DatasetError, StreamKey};

/// The examples of one owner, grouped by class: indices into an image or feature set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    by_class: Vec<Vec<u32>>,
}

impl Pool {
    /// Groups `indices` by their label.
    pub fn new(labels: &[u32], classes: usize, indices: impl IntoIterator<Item = u32>) -> Self {
        let mut by_class = vec![Vec::new(); classes];
        for index in indices {
            by_class[labels[index as usize] as usize].push(index);
        }
        Self { by_class }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.by_class.len()
    }

    /// The examples of `class`.
    pub fn class(&self, class: usize) -> &[u32] {
        &self.by_class[class]
    }

    /// All examples, class by class.
    pub fn indices(&self) -> impl Iterator<Item = u32> + '_ {
        self.by_class.iter().flatten().copied()
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.by_class.iter().map(Vec::len).sum()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Errors unless every class has `shots` examples.
    pub fn check_shots(&self, shots: usize) -> Result<(), DatasetError> {
        for (class, members) in self.by_class.iter().enumerate() {
            if members.len() < shots {
                return Err(DatasetError::TooFew {
                    class,
                    available: members.len(),
                    needed: shots,
                });
            }
        }
        Ok(())
    }

    /// Draws `shots` distinct examples of every class into `out`: class 0's first, then class 1's,
    /// and so on (`classes * shots` indices).
    ///
    /// # Panics
    /// If a class has fewer than `shots` examples; see [`Pool::check_shots`].
    pub fn draw(&self, shots: usize, rng: &mut impl rand::Rng, out: &mut Vec<u32>) {
        out.clear();
        for members in &self.by_class {
            assert!(members.len() >= shots, "class smaller than the shots");
            let start = out.len();
            while out.len() < start + shots {
                let index = members[rng.random_range(0..members.len())];
                if !out[start..].contains(&index) {
                    out.push(index);
                }
            }
        }
    }
}

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
    /// share `test` to the measurement of accuracy, the rest to the adversary.
    ///
    /// Examples in `groups` that bear the same group number (copies of one picture) go to one
    /// owner; pass an empty slice where every example is its own group.
    pub fn new(labels: &[u32], classes: usize, private: f64, test: f64, key: StreamKey) -> Self {
        let mut shares = [Vec::new(), Vec::new(), Vec::new()];
        let mut rng = key.rng(0);
        for class in 0..classes {
            let mut members: Vec<u32> = (0..labels.len() as u32)
                .filter(|&index| labels[index as usize] as usize == class)
                .collect();
            members.shuffle(&mut rng);
            let n_private = (members.len() as f64 * private).round() as usize;
            let n_test = (members.len() as f64 * test).round() as usize;
            let (head, rest) = members.split_at(n_private.min(members.len()));
            let (middle, tail) = rest.split_at(n_test.min(rest.len()));
            shares[0].extend_from_slice(tail);
            shares[1].extend_from_slice(head);
            shares[2].extend_from_slice(middle);
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

    /// # Panics
    /// If an example has two owners.
    pub fn assert_disjoint(&self) {
        let mut owned = std::collections::HashSet::new();
        for index in self
            .public
            .indices()
            .chain(self.private.indices())
            .chain(self.test.indices())
        {
            assert!(owned.insert(index), "example {index} has two owners");
        }
    }
}
