//! Scores of reconstructions: the smallest MSE to the images they could be of.

use evaluation::Subject;
use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::{Aim, World};

/// How near a reconstruction comes to the images that it could be of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearest {
    /// The smallest mean squared error; not a number where there is nothing to compare with.
    pub error: f64,
    /// The image that has it, with its class.
    pub subject: Subject,
}

/// For each head the scores of its targets: `reconstructions` (heads × targets × pixels) of head i
/// against the training set of victim `owners[i]`.
pub fn score(
    world: &World<'_>,
    reconstructions: &[f32],
    aim: Aim,
    victims: &ShadowBatch,
    owners: &[usize],
) -> Vec<Vec<Nearest>> {
    let pixels = world.pixels();
    owners
        .par_iter()
        .zip(reconstructions.par_chunks(aim.targets() * pixels))
        .map(|(&owner, images)| {
            let members = victims.members(owner);
            let score = |(target, image): (usize, &[f32])| {
                let candidates = aim.candidates(members, world.shots, target);
                nearest(world, image, candidates)
            };
            images.chunks(pixels).enumerate().map(score).collect()
        })
        .collect()
}

/// Scores of the reconstructions (heads × targets × pixels) of every victim against other victims'
/// images: what a head gives away of images that it never saw. At least `count` scores where there are
/// victims enough, a list a victim; pairs of victims that share a training image are left out, so that
/// a list may be empty.
pub fn others_scores(
    world: &World<'_>,
    reconstructions: &[f32],
    aim: Aim,
    victims: &ShadowBatch,
    count: usize,
) -> Vec<Vec<Nearest>> {
    let heads = victims.len();
    let rounds = count
        .div_ceil(heads * aim.targets())
        .clamp(1, heads.saturating_sub(1).max(1));
    let mut units = vec![Vec::new(); heads];
    for round in 1..=rounds {
        let owners: Vec<usize> = (0..heads).map(|head| (head + round) % heads).collect();
        let scores = score(world, reconstructions, aim, victims, &owners);
        for (head, scores) in scores.into_iter().enumerate() {
            let own = victims.members(head);
            let theirs = victims.members(owners[head]);
            if !theirs.iter().any(|index| own.contains(index)) {
                units[head].extend(scores);
            }
        }
    }
    units
}

/// The errors alone.
pub fn errors(scores: &[Vec<Nearest>]) -> Vec<Vec<f64>> {
    let of = |unit: &Vec<Nearest>| unit.iter().map(|it| it.error).collect();
    scores.iter().map(of).collect()
}

/// The image among the `candidates`, of which there is one at least, that `image` is nearest to.
pub(crate) fn nearest(world: &World<'_>, image: &[f32], candidates: &[u32]) -> Nearest {
    let all = candidates
        .iter()
        .map(|&index| world.images.image(index as usize));
    let (at, error) = evaluation::nearest(image, all).unwrap_or((0, f64::NAN));
    let index = candidates.get(at).copied().unwrap_or_default();
    Nearest {
        error,
        subject: subject(world, index),
    }
}

/// Image number `index` with its class.
pub(crate) fn subject(world: &World<'_>, index: u32) -> Subject {
    Subject {
        class: world.images.labels()[index as usize],
        image: index,
    }
}
