//! Attacks on released weights.

mod adapted;
mod aim;
mod encoder;
mod estimate;
mod informed;
pub(crate) mod inversion;
mod loss;
mod pyramid;
mod reconstructor;
pub(crate) mod ridge;
mod source;
mod units;
mod unmixing;

pub use aim::Aim;
pub use inversion::{
    GradientInversion, NetworkInversion, NetworkRelease, StepReleases, single_gradients,
};
pub use reconstructor::Reconstructor;
pub use unmixing::Unmixing;

use transfer::ShadowBatch;

use crate::{Cost, World};

/// An attack that turns weights into images.
pub trait WhiteBox: Send + Sync {
    /// Images from the weights of `heads`: heads × targets × pixels, in [-1, 1]. Only an adversary
    /// who knows all examples but the target looks at the heads' members, and never at the target.
    fn reconstruct(&self, world: &World<'_>, heads: &ShadowBatch) -> Vec<f32>;

    /// What the images of a head are meant to be.
    fn aim(&self) -> Aim;

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
