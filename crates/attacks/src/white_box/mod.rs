//! Attacks on released weights.

mod encoder;
mod estimate;
mod loss;
mod reconstructor;
pub(crate) mod ridge;
mod unmixing;

pub use reconstructor::{Reconstructor, ReconstructorOptions};
pub use unmixing::{Unmixing, UnmixingOptions};

use crate::Cost;

/// An attack that turns weights into images.
pub trait WhiteBox: Send + Sync {
    /// Images from `heads` heads (heads × weight length): heads × targets × pixels, in [-1, 1].
    fn reconstruct(&self, weights: &[f32], heads: usize) -> Vec<f32>;

    /// Images a head gives: one for each class, or a single one where the attack does not
    /// distinguish classes.
    fn targets(&self) -> usize;

    /// What preparing the attack took.
    fn cost(&self) -> Cost;
}

/// Where an attack's preparation stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttackProgress {
    /// Shadow heads seen.
    pub done: u64,
    /// Shadow heads there will be.
    pub total: u64,
    /// Mean loss lately; not a number where there is none yet.
    pub loss: f64,
}

#[cfg(test)]
mod tests;
