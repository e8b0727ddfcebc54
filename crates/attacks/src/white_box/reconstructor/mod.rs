//! `reconstructor`: a network that turns a head into images, trained on shadow heads.
//!
//! Every batch is made of fresh shadow heads, so the network never sees a head twice and memory
//! does not grow with the number of heads (arXiv:2505.14323 trains on a stored set of 2.56 million).

mod files;
mod lesson;
mod on_device;
mod trainer;
mod training;

use transfer::ShadowBatch;

use super::encoder::Encoder;
use super::{Aim, AttackProgress, WhiteBox};
use crate::network::Network;
use crate::{AttackError, Cost, World};

/// The trained attack.
#[derive(Clone, Debug)]
pub struct Reconstructor {
    encoder: Encoder,
    network: Network,
    samples: u64,
    steps: u64,
}

impl Reconstructor {
    /// Trains the attack on shadow heads of `world`, on the card where the process has taken one. On the
    /// CPU the same world and options give the same bits whatever the number of threads.
    ///
    /// # Errors
    /// If an option is out of range, the heads do not suit, or training diverges.
    pub fn fit(
        world: &World<'_>,
        options: &spec::Reconstructor,
        progress: impl FnMut(AttackProgress),
    ) -> Result<Self, AttackError> {
        let mut all = Self::fit_shared(&[world], options, progress)?;
        Ok(all.remove(0))
    }

    /// Trains one network for several worlds in turn, told which world a head is of, and gives
    /// every world its own attack. Worlds may differ in recipe, privacy and shots; images and the
    /// shape of heads are the same.
    ///
    /// # Errors
    /// As [`Reconstructor::fit`], and if the worlds' heads or images differ in shape.
    pub fn fit_shared(
        worlds: &[&World<'_>],
        options: &spec::Reconstructor,
        progress: impl FnMut(AttackProgress),
    ) -> Result<Vec<Self>, AttackError> {
        training::fit(worlds, options, progress)
    }
}

impl WhiteBox for Reconstructor {
    fn reconstruct(&self, world: &World<'_>, heads: &ShadowBatch) -> Vec<f32> {
        self.network.forward(&self.encoder.encode_all(world, heads))
    }

    fn aim(&self) -> Aim {
        self.encoder.aim
    }

    fn cost(&self) -> Cost {
        Cost {
            samples: self.samples,
            steps: self.steps,
            queries: 0,
        }
    }
}
