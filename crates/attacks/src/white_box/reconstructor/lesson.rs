//! The rows of one step of training.

use datasets::ImageSet;

/// Sharpness α of the soft minimum over the images of a class.
pub(super) const ALPHA: f64 = 100.0;

/// The rows of one step.
pub(super) struct Lesson<'a, C> {
    /// How many there are.
    pub rows: usize,
    /// What each is made of, row-major.
    pub encoded: &'a [f32],
    /// What stands behind that in every row.
    pub told: &'a [f32],
    /// All images.
    pub images: &'a ImageSet,
    /// Those that a row may be of, as many in every row.
    pub candidates: C,
}

impl<'a, C: Fn(usize) -> &'a [u32] + Sync> Lesson<'a, C> {
    /// Numbers of a row before what it is told.
    fn own(&self) -> usize {
        self.encoded.len() / self.rows
    }

    /// Writes a row of the network's input.
    pub fn fill(&self, row: usize, input: &mut [f32]) {
        let own = self.own();
        let (values, told) = input.split_at_mut(own);
        values.copy_from_slice(&self.encoded[row * own..(row + 1) * own]);
        told.copy_from_slice(self.told);
    }

    /// The images that a row may be of.
    pub fn images(&self, row: usize) -> impl Iterator<Item = &'a [f32]> + Clone {
        let images = self.images;
        let candidates = (self.candidates)(row).iter();
        candidates.map(move |&it| images.image(it as usize))
    }
}
