//! Null hypotheses: releases that say nothing (or nothing new) about a victim's images.
//!
//! A null unit is one head. It is scored against several victims' images, because reconstructing
//! is dear and comparing is not; the scores of one unit are therefore dependent, and intervals must
//! take units, not scores, as independent.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use spec::Null;
use transfer::ShadowBatch;

use crate::error::option;
use crate::scoring::{Nearest, nearest, score};
use crate::{Aim, AttackError, WhiteBox, World};

/// Shadow heads whose random combinations stand for the normal distribution.
const BASIS: usize = 2048;

/// Scores of `attack` on the victims: for each head the smallest MSE of each of its
/// reconstructions to the images it could be of.
pub fn victim_scores(world: &World<'_>, attack: &dyn WhiteBox, victims: &ShadowBatch) -> Units {
    let images = attack.reconstruct(world, victims);
    let owners: Vec<usize> = (0..victims.heads).collect();
    score(world, &images, attack.aim(), victims, &owners)
}

/// At least `count` scores under `null`, one list a null unit: score number i is of target i modulo
/// the number of targets. A null head that was trained on the image it would be compared with has
/// no score there: an error that is not a number. For [`Null::ReplaceOne`] the number
/// of scores is the number of victims times their classes, whatever `count`.
pub fn null_scores(
    world: &World<'_>,
    attack: &dyn WhiteBox,
    victims: &ShadowBatch,
    null: Null,
    count: usize,
) -> Result<Units, AttackError> {
    let units = victims.heads;
    let aim = attack.aim();
    let heads = match null {
        Null::Independent => {
            let stream = world.victims()?;
            let mut batch = stream.batch(units);
            // Far beyond the victims' own numbers in the same stream: other draws.
            stream.fill(1 << 40, &mut batch)?;
            world.release(&mut batch, "null")?;
            batch
        }
        Null::Gaussian => ShadowBatch {
            heads: units,
            weights: gaussian_heads(world, units)?,
            members: victims.members.clone(),
        },
        Null::ReplaceOne => return Ok(neighbour_scores(world, attack, victims)?.1),
    };
    let images = attack.reconstruct(world, &heads);
    let rounds = count.div_ceil(units * aim.targets()).clamp(1, units);
    let mut scores = vec![Vec::new(); units];
    for round in 0..rounds {
        let owners: Vec<usize> = (0..units).map(|unit| (unit + round) % units).collect();
        let more = score(world, &images, aim, victims, &owners);
        for (unit, (all, more)) in scores.iter_mut().zip(more).enumerate() {
            let members = victims.members(owners[unit]);
            let strange = |target: usize| {
                null == Null::Gaussian || {
                    let theirs = aim.candidates(members, world.shots, target);
                    let own = heads.members(unit);
                    theirs.iter().all(|index| !own.contains(index))
                }
            };
            let scores = more.into_iter().enumerate();
            all.extend(scores.map(|(target, score)| match strange(target) {
                true => score,
                false => Nearest {
                    error: f64::NAN,
                    ..score
                },
            }));
        }
    }
    Ok(scores)
}

/// Scores of heads, a list each.
pub type Units = Vec<Vec<Nearest>>;

/// Scores against one target example a class (its first shot), from the victims and from heads
/// trained with that example replaced: what [`Null::ReplaceOne`] compares.
pub fn neighbour_scores(
    world: &World<'_>,
    attack: &dyn WhiteBox,
    victims: &ShadowBatch,
) -> Result<(Units, Units), AttackError> {
    let classes = world.split.private.classes();
    if attack.aim().targets() != classes {
        return Err(option(
            "null",
            Null::ReplaceOne,
            "independent for an attack without classes",
        ));
    }
    // A class must hold an example that is not in the set already.
    world
        .split
        .private
        .check_shots(world.shots.saturating_add(1))?;
    let pixels = world.pixels();
    let key = world.key.child("replace_one");
    let trainer = world.trainer(world.recipe)?;
    let against_targets = |images: &[f32], unit: usize| -> Vec<Nearest> {
        let members = victims.members(unit);
        let score = |class: usize| {
            let target = Aim::Examples(classes).candidates(members, world.shots, class);
            nearest(world, &images[class * pixels..(class + 1) * pixels], target)
        };
        (0..classes).map(score).collect()
    };
    let own = attack.reconstruct(world, victims);
    let own = (0..victims.heads)
        .map(|unit| against_targets(&own[unit * classes * pixels..], unit))
        .collect();

    let units = (0..victims.heads).into_par_iter();
    let null = units.map(|unit| {
        let mut rng = key.rng(unit as u64);
        let mut trainer = trainer.clone();
        let mut weights = vec![0.0; classes * world.shape.weight_len()];
        for (class, head) in weights.chunks_mut(world.shape.weight_len()).enumerate() {
            let mut members = victims.members(unit).to_vec();
            let pool = world.split.private.class(class);
            let slot = class * world.shots;
            let class_members = slot..slot + world.shots;
            while members[class_members.clone()].contains(&victims.members(unit)[slot]) {
                let other = pool[rng.random_range(0..pool.len())];
                if !members[class_members.clone()].contains(&other) {
                    members[slot] = other;
                }
            }
            trainer.train(world.features, &members, &mut rng, head)?;
        }
        let mut heads = ShadowBatch {
            heads: classes,
            weights,
            members: victims.members(unit).repeat(classes),
        };
        world.release(&mut heads, &format!("replace_one {unit}"))?;
        let images = attack.reconstruct(world, &heads);
        // Head number k has class k's target replaced: take its class k alone.
        let diagonal: Vec<f32> = (0..classes)
            .flat_map(|class| &images[(class * classes + class) * pixels..][..pixels])
            .copied()
            .collect();
        Ok(against_targets(&diagonal, unit))
    });
    Ok((own, null.collect::<Result<_, AttackError>>()?))
}

/// `units` draws from the normal distribution with the shadow heads' mean and covariance, as
/// w = μ + Σ_m z_m (w_m − μ) / √(M − 1) with standard normal z: exact for the empirical covariance
/// of M shadow heads, without ever forming it.
pub fn gaussian_heads(world: &World<'_>, units: usize) -> Result<Vec<f32>, AttackError> {
    let shadows = world.shadows("gaussian")?;
    let mut basis = shadows.batch(BASIS);
    shadows.fill(0, &mut basis)?;
    let width = basis.weights.len() / BASIS;
    let mut mean = vec![0.0_f32; width];
    for head in basis.weights.chunks(width) {
        mean.iter_mut()
            .zip(head)
            .for_each(|(sum, w)| *sum += w / BASIS as f32);
    }
    basis.weights.par_chunks_mut(width).for_each(|head| {
        head.iter_mut().zip(&mean).for_each(|(w, mean)| *w -= mean);
    });
    let mut rng = world.key.child("gaussian").rng(0);
    let scale = 1.0 / ((BASIS - 1) as f32).sqrt();
    let draws: Vec<f32> = StandardNormal
        .sample_iter(&mut rng)
        .take(units * BASIS)
        .map(|z: f32| z * scale)
        .collect();
    let basis = MatRef::from_row_major_slice(&basis.weights, BASIS, width);
    let mut out = vec![0.0; units * width];
    // Blocks of fixed size: the same bits for any number of threads.
    out.par_chunks_mut(64 * width)
        .zip(draws.par_chunks(64 * BASIS))
        .for_each(|(out, draws)| {
            let rows = draws.len() / BASIS;
            for row in out.chunks_mut(width) {
                row.copy_from_slice(&mean);
            }
            matmul(
                MatMut::from_row_major_slice_mut(out, rows, width),
                Accum::Add,
                MatRef::from_row_major_slice(draws, rows, BASIS),
                basis,
                1.0,
                Par::Seq,
            );
        });
    Ok(out)
}
