//! The extractions on a small world whose network is random.

mod labels;
mod law;
mod scores;

use rand_distr::{Distribution, StandardNormal};
use transfer::{Head, HeadShape};

use crate::World;
use crate::testing::{CLASSES, WIDTH};

/// A linear head that no training made.
fn arbitrary(seed: u64) -> Head {
    let rng = datasets::StreamKey::from_seed(seed).rng(0);
    let shape = HeadShape::linear(WIDTH, CLASSES);
    let weights = StandardNormal.sample_iter(rng).take(shape.weight_len());
    Head::new(shape, weights.collect()).unwrap()
}

/// One of the world's victims.
fn victim(world: &World<'_>, number: u64) -> Head {
    let (weights, _) = world.victims().unwrap().head(number).unwrap();
    Head::new(world.shape, weights).unwrap()
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |max, &z| max.max(z));
    let powers: Vec<f32> = logits.iter().map(|z| (z - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
