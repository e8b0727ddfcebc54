//! Pools of examples by class and balanced few-shot draws from them.

use rand::RngExt;

use crate::DatasetError;

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
