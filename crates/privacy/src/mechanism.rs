//! The mechanism: a Gaussian-noised sum over a Poisson sample.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::{NoiseMultiplier, SampleRate};

/// One step of the Poisson-subsampled Gaussian mechanism (Mironov, Talwar, Zhang 2019).
///
/// Each record enters the batch independently with probability q; the batch's vectors, each of
/// norm at most C, are summed and N(0, σ²C²) is added to every coordinate. An empty batch is a
/// step like any other and releases noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampledGaussian {
    /// σ, in units of the clipping norm C.
    pub noise_multiplier: NoiseMultiplier,
    /// q.
    pub sample_rate: SampleRate,
}

impl SampledGaussian {
    /// The mechanism with noise multiplier σ and sample rate q.
    pub fn new(noise_multiplier: NoiseMultiplier, sample_rate: SampleRate) -> Self {
        Self {
            noise_multiplier,
            sample_rate,
        }
    }

    /// Draws the batch: the indices below `records` that this step takes, ascending.
    pub fn draw_batch(&self, records: usize, rng: &mut impl Rng) -> Vec<usize> {
        let rate = self.sample_rate.get();
        (0..records)
            .filter(|_| rate >= 1.0 || rng.random::<f64>() < rate)
            .collect()
    }

    /// Adds N(0, σ²C²) to every coordinate of `sum`, where `clip` is C.
    pub fn add_noise(&self, sum: &mut [f64], clip: f64, rng: &mut impl Rng) {
        let scale = self.noise_multiplier.get() * clip;
        for value in sum {
            let z: f64 = StandardNormal.sample(rng);
            *value += scale * z;
        }
    }
}
