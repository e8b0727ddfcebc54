//! From a head's weights to the inputs of a learned attack.

use rayon::prelude::*;
use transfer::{HeadKind, ShadowBatch};

use super::Aim;
use super::source::FeatureSource;
use super::units::UnitSums;
use crate::{AttackError, World};

/// Heads that the standardisation is measured on.
const HEADS: usize = 1000;

/// What a target's input is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// Linear heads: the target's estimated feature.
    Features(FeatureSource),
    /// Heads with a hidden layer: sums over its units.
    Units(UnitSums),
}

/// Standardised inputs, what is seen of the target beside its weights among them, with the target's
/// class as a one-hot vector behind, where there is more than one target.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Encoder {
    pub source: Source,
    pub aim: Aim,
    pub mean: Vec<f32>,
    pub scale: Vec<f32>,
}

impl Encoder {
    /// Fits the encoder to shadow heads. Heads with one logit have one target, the others one for
    /// each class; an informed adversary aims at each class's first example.
    pub fn fit(world: &World<'_>, options: &spec::Reconstructor) -> Result<Self, AttackError> {
        for recipe in &world.assumed {
            options.suits(world.shape.kind, recipe.optimiser)?;
        }
        let classes = world.shape.classes;
        let (source, aim) = match world.shape.kind {
            HeadKind::Linear | HeadKind::Adapter { .. } => {
                let source = if options.informed {
                    FeatureSource::informed(world, "the informed reconstructor")?
                } else {
                    FeatureSource::of_heads(world, super::estimate::HEADS)?
                };
                let aim = source.aim(classes);
                (Source::Features(source), aim)
            }
            HeadKind::Mlp { hidden, activation } => {
                let aim = match (world.shape.is_binary(), world.split.public.is_balanced()) {
                    (true, true) => Aim::Set,
                    (true, false) => Aim::Positive,
                    (false, _) => Aim::Classes(classes),
                };
                (Source::Units(UnitSums::new(world, hidden, activation)), aim)
            }
        };
        let width = source.width(classes) + world.beside();
        let mut encoder = Self {
            source,
            aim,
            mean: vec![0.0; width],
            scale: vec![1.0; width],
        };
        encoder.standardise(world)?;
        Ok(encoder)
    }

    fn standardise(&mut self, world: &World<'_>) -> Result<(), AttackError> {
        let shadows = world.shadows("standardise")?;
        let mut batch = shadows.batch(HEADS);
        shadows.fill(0, &mut batch)?;
        let inputs = self.inputs();
        let rows = self.encode_all(world, &batch);
        let n = (HEADS * self.aim.targets()) as f64;
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
        self.mean = moments.iter().map(|(mean, _)| *mean as f32).collect();
        // A coordinate that hardly ever moves must not be blown up to one that does.
        let scales = |moments: &[(f64, f64)]| -> Vec<f32> {
            let sum = moments.iter().map(|(_, deviation)| deviation).sum::<f64>();
            let floor = (0.1 * sum / moments.len() as f64).max(1e-12);
            let deviations = moments.iter().map(|(_, deviation)| deviation.max(floor));
            deviations
                .map(|deviation| (1.0 / deviation) as f32)
                .collect()
        };
        let (own, beside) = moments.split_at(moments.len() - world.beside());
        self.scale = [scales(own), scales(beside)].concat();
        Ok(())
    }

    /// Width of one input row.
    pub fn inputs(&self) -> usize {
        let targets = self.aim.targets();
        self.mean.len() + if targets > 1 { targets } else { 0 }
    }

    /// Inputs of every target of every head: heads × targets × inputs.
    pub fn encode_all(&self, world: &World<'_>, heads: &ShadowBatch) -> Vec<f32> {
        let width = self.aim.targets() * self.inputs();
        let mut inputs = vec![0.0; heads.len() * width];
        inputs
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(index, out)| {
                self.encode(world, heads.head(index), heads.members(index), out);
            });
        inputs
    }

    /// Writes the inputs of one head's targets (targets × inputs) to `out`.
    fn encode(&self, world: &World<'_>, head: &[f32], members: &[u32], out: &mut [f32]) {
        let width = self.mean.len();
        let inputs = self.inputs();
        let (head, beside) = world.parts(head);
        let own = width - world.beside();
        let mut rows = vec![0.0; self.aim.targets() * own];
        match &self.source {
            Source::Features(source) => source.apply(world, head, members, &mut rows),
            Source::Units(sums) => sums.apply(head, &mut rows),
        }
        for (out, row) in out.chunks_mut(inputs).zip(rows.chunks(own)) {
            out[..own].copy_from_slice(row);
        }
        if own < width {
            let others = beside.chunks(width - own);
            for (out, others) in out.chunks_mut(inputs).zip(others) {
                out[own..width].copy_from_slice(others);
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
    fn width(&self, classes: usize) -> usize {
        match self {
            Self::Features(source) => source.shape(classes).1,
            Self::Units(sums) => sums.width(),
        }
    }
}
