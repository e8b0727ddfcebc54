//! What of a head its images are a linear function of.

use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::World;
use crate::white_box::source::FeatureSource;

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
    pub fn fit(
        world: &World<'_>,
        source: &FeatureSource,
        batch: &ShadowBatch,
        count: usize,
    ) -> Self {
        let power = |values: &[f32]| {
            let squares = values.iter().map(|&x| f64::from(x).powi(2));
            squares.sum::<f64>() / values.len() as f64
        };
        let (classes, width) = source.shape(world.shape.classes);
        let mut features = vec![0.0; classes * width];
        let (mut own, mut others) = (0.0, 0.0);
        for at in 0..batch.len() {
            let (head, beside) = world.parts(batch.head(at));
            source.apply(world, head, batch.members(at), &mut features);
            own += power(&features);
            others += power(beside);
        }
        let scale = (own / others.max(f64::MIN_POSITIVE)).sqrt() as f32;
        Self { count, scale }
    }
}

/// Estimated features, what is seen beside them, and a constant, class-major: classes × heads ×
/// (width + beside + 1).
pub(super) fn inputs(
    source: &FeatureSource,
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
        .for_each(|(at, out)| {
            let (head, _) = world.parts(batch.head(at));
            source.apply(world, head, batch.members(at), out);
        });
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
