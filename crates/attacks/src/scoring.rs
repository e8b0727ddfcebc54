//! Scores of reconstructions: the smallest MSE to the images they could be of.

use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::{Aim, World};

/// For each head the scores of its targets: `reconstructions` (heads × targets × pixels) of head i
/// against the training set of victim `owners[i]`.
pub fn score(
    world: &World<'_>,
    reconstructions: &[f32],
    aim: Aim,
    victims: &ShadowBatch,
    owners: &[usize],
) -> Vec<Vec<f64>> {
    let pixels = world.pixels();
    owners
        .par_iter()
        .zip(reconstructions.par_chunks(aim.targets() * pixels))
        .map(|(&owner, images)| {
            let members = victims.members(owner);
            let score = |(target, image): (usize, &[f32])| {
                let candidates = aim.candidates(members, world.shots, target);
                min_mse(world, image, candidates)
            };
            images.chunks(pixels).enumerate().map(score).collect()
        })
        .collect()
}

/// The smallest mean squared error of `image` to one of the `candidates`.
pub(crate) fn min_mse(world: &World<'_>, image: &[f32], candidates: &[u32]) -> f64 {
    let candidates = candidates
        .iter()
        .map(|&index| world.images.image(index as usize));
    evaluation::min_mse(image, candidates)
}
