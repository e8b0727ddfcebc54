//! Which examples each step looks at.

use crate::Recipe;
use crate::draws::Draws;

/// The batches of one run of training.
pub(crate) struct Batches<'r> {
    recipe: &'r Recipe,
    /// The examples in the order of this pass.
    order: Vec<usize>,
    /// Examples of this pass that are done.
    done: usize,
}

impl<'r> Batches<'r> {
    /// For training on `n` examples.
    pub fn new(recipe: &'r Recipe, n: usize) -> Self {
        Self {
            recipe,
            order: (0..n).collect(),
            done: n,
        }
    }

    /// Marks the examples of the next batch (1 in it, 0 not) and returns what the sum of their
    /// gradients is divided by. `marks` is left alone where all are in every batch.
    pub fn next(&mut self, draws: &mut impl Draws, marks: &mut [f32]) -> usize {
        let n = self.order.len();
        if let Some(dp) = self.recipe.dp {
            draws.batch(marks);
            return dp.sampling.divisor(n);
        }
        let Some(size) = self.recipe.batch else {
            return n;
        };
        if self.done >= n {
            draws.order(&mut self.order);
            self.done = 0;
        }
        let batch = &self.order[self.done..(self.done + size).min(n)];
        marks.fill(0.0);
        batch.iter().for_each(|&example| marks[example] = 1.0);
        self.done += batch.len();
        batch.len()
    }
}
