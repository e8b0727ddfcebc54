//! Heads of the victims' neighbours under differential privacy: one example replaced.

use rand::RngExt;
use rayon::prelude::*;
use transfer::ShadowBatch;

use crate::{AttackError, World};

/// For each victim a head trained on its own set with one example replaced by another of the class:
/// the first example of class `victim mod K`. Its members are the victim's own, for scoring against
/// the example that was taken out. Costs one head a victim, where
/// [`neighbour_scores`](crate::neighbour_scores) takes one a class.
pub fn neighbour_heads(
    world: &World<'_>,
    victims: &ShadowBatch,
) -> Result<ShadowBatch, AttackError> {
    // A class must hold an example that is not in the set already.
    world
        .split
        .private
        .check_shots(world.shots.saturating_add(1))?;
    let key = world.key.child("neighbours");
    let trainer = world.trainer(world.recipe)?;
    let heads = (0..victims.len()).into_par_iter().map(|unit| {
        let mut rng = key.rng(unit as u64);
        let class = unit % world.shape.classes;
        let mut members = victims.members(unit).to_vec();
        let slots = class * world.shots..(class + 1) * world.shots;
        let pool = world.split.private.class(class);
        let other = loop {
            let other = pool[rng.random_range(0..pool.len())];
            if !members[slots.clone()].contains(&other) {
                break other;
            }
        };
        members[slots.start] = other;
        let mut weights = vec![0.0; world.shape.weight_len()];
        let mut trainer = trainer.clone();
        trainer.train(world.features, &members, &mut rng, &mut weights)?;
        Ok(weights)
    });
    let weights: Vec<Vec<f32>> = heads.collect::<Result<_, AttackError>>()?;
    let mut heads = ShadowBatch {
        heads: victims.len(),
        weights: weights.concat(),
        members: victims.members.clone(),
    };
    world.release(&mut heads, "neighbours")?;
    Ok(heads)
}
