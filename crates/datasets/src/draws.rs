//! Pools of examples by class and balanced few-shot draws from them.

use rand::RngExt;

use crate::DatasetError;

/// The examples of one owner, grouped by class: indices into an image or feature set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    by_class: Vec<Vec<u32>>,
    /// Examples of each class in a draw of one shot.
    each: Vec<usize>,
}

impl Pool {
    /// Groups `indices` by their label.
    pub fn new(labels: &[u32], classes: usize, indices: impl IntoIterator<Item = u32>) -> Self {
        let mut by_class = vec![Vec::new(); classes];
        for index in indices {
            by_class[labels[index as usize] as usize].push(index);
        }
        let each = vec![1; classes];
        Self { by_class, each }
    }

    /// The same examples, of which draws hold `each[class]` times as many as there are shots.
    ///
    /// # Panics
    /// If there is not one number a class.
    pub fn weighing(self, each: &[usize]) -> Self {
        assert_eq!(each.len(), self.classes(), "a number for each class");
        let each = each.to_vec();
        Self { each, ..self }
    }

    /// Whether draws hold as many examples of each class.
    pub fn is_balanced(&self) -> bool {
        self.each.iter().all(|&each| each == self.each[0])
    }

    /// Number of examples in a draw of `shots`.
    pub fn drawn(&self, shots: usize) -> usize {
        self.each.iter().sum::<usize>() * shots
    }

    /// Where in a draw of `shots` the examples of `class` are.
    pub fn drawn_of(&self, class: usize, shots: usize) -> std::ops::Range<usize> {
        let start = self.each[..class].iter().sum::<usize>() * shots;
        start..start + self.each[class] * shots
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

    /// Errors unless every class has the examples that a draw of `shots` takes of it.
    pub fn check_shots(&self, shots: usize) -> Result<(), DatasetError> {
        for (class, (members, each)) in self.by_class.iter().zip(&self.each).enumerate() {
            let needed = shots.saturating_mul(*each);
            if members.len() < needed {
                return Err(DatasetError::TooFew {
                    class,
                    available: members.len(),
                    needed,
                });
            }
        }
        Ok(())
    }

    /// Draws `shots` distinct examples of every class into `out`, or as many times `shots` as the
    /// class weighs: class 0's first, then class 1's, and so on ([`Pool::drawn`] indices).
    ///
    /// # Panics
    /// If a class has fewer than `shots` examples; see [`Pool::check_shots`].
    pub fn draw(&self, shots: usize, rng: &mut impl rand::Rng, out: &mut Vec<u32>) {
        out.clear();
        for (members, each) in self.by_class.iter().zip(&self.each) {
            let count = shots * each;
            assert!(members.len() >= count, "class smaller than the shots");
            let start = out.len();
            while out.len() < start + count {
                let index = members[rng.random_range(0..members.len())];
                if !out[start..].contains(&index) {
                    out.push(index);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_class_stands_where_it_is_said_to_whatever_classes_weigh() {
        let labels: Vec<u32> = (0..60).map(|index| index % 3).collect();
        let pool = Pool::new(&labels, 3, 0..60).weighing(&[3, 1, 2]);
        let mut drawn = Vec::new();
        pool.draw(
            2,
            &mut rand_chacha::ChaCha8Rng::seed_from_u64(1),
            &mut drawn,
        );
        assert_eq!(drawn.len(), pool.drawn(2));
        for class in 0..3 {
            let of = &drawn[pool.drawn_of(class, 2)];
            assert_eq!(of.len(), 2 * [3, 1, 2][class]);
            assert!(of.iter().all(|it| labels[*it as usize] as usize == class));
        }
    }
}
