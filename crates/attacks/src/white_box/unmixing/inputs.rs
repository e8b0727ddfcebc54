//! What of a head its images are a linear function of.

use rayon::prelude::*;
use transfer::{Recipe, ShadowBatch};

use crate::error::not_plain;
use crate::white_box::Aim;
use crate::white_box::estimate::{FeatureEstimate, HEADS};
use crate::white_box::informed::InformedEstimate;
use crate::{AttackError, World};

/// Where the features of the targets come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// Each class's mean feature, estimated from the head alone.
    Head(FeatureEstimate),
    /// That of each class's first example, all others being known.
    Informed(InformedEstimate),
}

impl Source {
    /// Fits the estimate to shadow heads.
    pub fn fit(world: &World<'_>, options: &spec::Unmixing) -> Result<Self, AttackError> {
        for recipe in &world.assumed {
            options.suits(world.shape.kind, recipe.optimiser)?;
        }
        if !options.informed {
            let heads = HEADS.min(options.samples / 2);
            return Ok(Self::Head(FeatureEstimate::fit(world, heads)?));
        }
        world.must_train("informed unmixing")?;
        if !world.assumed.iter().all(Recipe::is_plain_descent) {
            return Err(not_plain("informed unmixing"));
        }
        Ok(Self::Informed(InformedEstimate::fit(world)))
    }

    /// Classes, and numbers a feature has; of heads of so many classes.
    pub fn shape(&self, classes: usize) -> (usize, usize) {
        match self {
            Self::Head(estimate) => estimate.shape(),
            Self::Informed(estimate) => (classes, estimate.prior.len() / classes),
        }
    }

    /// What the targets are.
    pub fn aim(&self, classes: usize) -> Aim {
        match self {
            Self::Head(_) => Aim::Classes(classes),
            Self::Informed(_) => Aim::Examples(classes),
        }
    }

    /// Writes the features of one head's targets (classes × width) to `out`.
    fn apply(&self, world: &World<'_>, head: &[f32], members: &[u32], out: &mut [f32]) {
        match self {
            Self::Head(estimate) => estimate.apply(head, out),
            Self::Informed(estimate) => {
                estimate.apply(world, world.parts(head).0, members, out);
            }
        }
    }
}

/// What is seen of a class beside its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Beside {
    /// Numbers a class.
    pub count: usize,
    /// What they are multiplied with, so that the ridge takes them as it takes features.
    pub scale: f32,
}

impl Beside {
    pub const NOTHING: Self = Self {
        count: 0,
        scale: 1.0,
    };

    /// As `world` shows it: brought to the power of the features that are estimated from `batch`.
    pub fn fit(world: &World<'_>, source: &Source, batch: &ShadowBatch, count: usize) -> Self {
        let power = |values: &[f32]| {
            let squares = values.iter().map(|&x| f64::from(x).powi(2));
            squares.sum::<f64>() / values.len() as f64
        };
        let (classes, width) = source.shape(world.shape.classes);
        let mut features = vec![0.0; classes * width];
        let (mut own, mut others) = (0.0, 0.0);
        for at in 0..batch.len() {
            let head = batch.head(at);
            source.apply(world, head, batch.members(at), &mut features);
            own += power(&features);
            others += power(world.parts(head).1);
        }
        let scale = (own / others.max(f64::MIN_POSITIVE)).sqrt() as f32;
        Self { count, scale }
    }
}

/// Estimated features, what is seen beside them, and a constant, class-major: classes × heads ×
/// (width + beside + 1).
pub(super) fn inputs(
    source: &Source,
    world: &World<'_>,
    beside: Beside,
    batch: &ShadowBatch,
) -> Vec<f32> {
    let (heads, weights) = (batch.len(), &batch.weights);
    let (classes, width) = source.shape(world.shape.classes);
    let length = weights.len() / heads.max(1);
    let mut features = vec![0.0; heads * classes * width];
    features
        .par_chunks_mut(classes * width)
        .enumerate()
        .for_each(|(at, out)| source.apply(world, batch.head(at), batch.members(at), out));
    let row_len = width + beside.count + 1;
    let mut inputs = vec![1.0; classes * heads * row_len];
    inputs
        .par_chunks_mut(row_len)
        .enumerate()
        .for_each(|(row, input)| {
            let (class, head) = (row / heads, row % heads);
            let from = (head * classes + class) * width;
            input[..width].copy_from_slice(&features[from..from + width]);
            let others = (head + 1) * length - (classes - class) * beside.count;
            let others = &weights[others..others + beside.count];
            for (input, x) in input[width..].iter_mut().zip(others) {
                *input = x * beside.scale;
            }
        });
    inputs
}
