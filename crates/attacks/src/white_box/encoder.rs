//! From a head's weights to the inputs of a learned attack.

use rayon::prelude::*;
use transfer::HeadKind;

use super::estimate::FeatureEstimate;
use crate::{AttackError, World};

/// Heads that the standardisation is measured on.
const HEADS: usize = 1000;

/// What a target's input is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// Linear heads: the estimated mean feature of the target's class.
    Estimate(FeatureEstimate),
    /// Other heads: all weights as they are.
    Weights {
        /// Their number.
        len: usize,
    },
}

/// Standardised inputs with the target's class as a one-hot vector behind, where there is more than
/// one target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoder {
    pub source: Source,
    pub targets: usize,
    pub mean: Vec<f32>,
    pub scale: Vec<f32>,
}

impl Encoder {
    /// Fits the encoder to shadow heads. Heads with one logit have one target, the others one for
    /// each class.
    pub fn fit(world: &World<'_>) -> Result<Self, AttackError> {
        let (source, targets) = match world.shape.kind {
            HeadKind::Linear => {
                let estimate = FeatureEstimate::fit(world)?;
                (Source::Estimate(estimate), world.shape.classes)
            }
            HeadKind::Mlp { .. } => {
                let len = world.shape.weight_len();
                let targets = if world.shape.is_binary() {
                    1
                } else {
                    world.shape.classes
                };
                (Source::Weights { len }, targets)
            }
        };
        let width = source.width();
        let mut encoder = Self {
            source,
            targets,
            mean: vec![0.0; width],
            scale: vec![1.0; width],
        };
        encoder.standardise(world)?;
        Ok(encoder)
    }

    fn standardise(&mut self, world: &World<'_>) -> Result<(), AttackError> {
        let shadows = world.shadows("standardise")?;
        let mut batch = shadows.batch(HEADS);
        shadows.fill(0, &mut batch);
        let inputs = self.inputs();
        let mut rows = vec![0.0; HEADS * self.targets * inputs];
        rows.par_chunks_mut(self.targets * inputs)
            .enumerate()
            .for_each(|(head, out)| self.encode(batch.head(head), out));
        let n = (HEADS * self.targets) as f64;
        let moments: Vec<(f64, f64)> = (0..self.mean.len())
            .into_par_iter()
            .map(|i| {
                let values = rows
                    .iter()
                    .skip(i)
                    .step_by(inputs)
                    .map(|&value| f64::from(value));
                let mean = values.clone().sum::<f64>() / n;
                let square = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n;
                (mean, square.sqrt())
            })
            .collect();
        let typical =
            moments.iter().map(|(_, deviation)| deviation).sum::<f64>() / moments.len() as f64;
        self.mean = moments.iter().map(|(mean, _)| *mean as f32).collect();
        // A coordinate that hardly ever moves must not be blown up to one that does.
        let floor = (0.1 * typical).max(1e-12);
        self.scale = moments
            .iter()
            .map(|(_, deviation)| (1.0 / deviation.max(floor)) as f32)
            .collect();
        Ok(())
    }

    /// Width of one input row.
    pub fn inputs(&self) -> usize {
        self.mean.len() + if self.targets > 1 { self.targets } else { 0 }
    }

    /// Weights of one head.
    pub fn weight_len(&self) -> usize {
        match &self.source {
            Source::Estimate(estimate) => {
                let (classes, width) = estimate.shape();
                classes * (width + 1)
            }
            Source::Weights { len } => *len,
        }
    }

    /// Writes the inputs of one head's targets (targets × inputs) to `out`.
    pub fn encode(&self, head: &[f32], out: &mut [f32]) {
        let width = self.mean.len();
        let inputs = self.inputs();
        match &self.source {
            Source::Estimate(estimate) => {
                let mut features = vec![0.0; self.targets * width];
                estimate.apply(head, &mut features);
                for (out, row) in out.chunks_mut(inputs).zip(features.chunks(width)) {
                    out[..width].copy_from_slice(row);
                }
            }
            Source::Weights { .. } => {
                for out in out.chunks_mut(inputs) {
                    out[..width].copy_from_slice(head);
                }
            }
        }
        for (target, out) in out.chunks_mut(inputs).enumerate() {
            let (values, class) = out.split_at_mut(width);
            for ((value, mean), scale) in values.iter_mut().zip(&self.mean).zip(&self.scale) {
                *value = (*value - mean) * scale;
            }
            class.fill(0.0);
            if let Some(slot) = class.get_mut(target) {
                *slot = 1.0;
            }
        }
    }
}

impl Source {
    /// Width of a target's input without its class.
    fn width(&self) -> usize {
        match self {
            Self::Estimate(estimate) => estimate.shape().1,
            Self::Weights { len } => *len,
        }
    }
}
