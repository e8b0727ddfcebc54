//! Property inference: does the training set contain an example of this group?
//!
//! The head's logits on public probe images are the adversary's view (they do not depend on the
//! order of hidden units); a ridge classifier on them, fitted to shadow heads with and without the
//! group, is the test.

use datasets::{Pool, StreamKey};
use rand::RngExt;
use rayon::prelude::*;
use spec::Options;
use transfer::Head;

use crate::error::option;
use crate::view::see_one;
use crate::white_box::ridge::{Linear, Moments};
use crate::{AttackError, World};

/// Heads made at once.
const CHUNK: usize = spec::Property::CHUNK;
/// Ridge strength.
const STRENGTH: f32 = 1e-3;

/// The fitted test.
pub struct Property<'a> {
    world: &'a World<'a>,
    group: &'a [bool],
    /// Features of the probes.
    probes: Vec<f32>,
    linear: Linear,
    heads: u64,
}

impl<'a> Property<'a> {
    /// Fits the test to shadow heads by their logits on so many public images; `group` says of every
    /// example whether it is in the group.
    ///
    /// # Errors
    /// If an option is out of its bounds, nobody is in the group, or the public part has too few
    /// images to look at.
    pub fn fit(
        world: &'a World<'a>,
        group: &'a [bool],
        options: &spec::Property,
        probes: usize,
    ) -> Result<Self, AttackError> {
        options.check()?;
        world.must_train("property inference")?;
        let key = world.key.child("property");
        let mut drawn = Vec::new();
        let shots = probes.div_ceil(world.split.public.classes());
        world.split.public.check_shots(shots)?;
        world.split.public.draw(shots, &mut key.rng(0), &mut drawn);
        let probes: Vec<f32> = drawn
            .iter()
            .flat_map(|&index| world.features.row(index as usize))
            .copied()
            .collect();
        let inputs = drawn.len() * world.shape.outputs();
        let mut test = Self {
            world,
            group,
            probes,
            linear: Linear::new(inputs, vec![0.0; inputs + 1]),
            heads: options.samples as u64,
        };
        let mut moments = Moments::new(inputs, 1);
        let shadow = key.child("shadows");
        for chunk in 0..options.samples / CHUNK {
            let rows: Vec<(Vec<f32>, f32)> = (0..CHUNK)
                .into_par_iter()
                .map(|at| {
                    let number = chunk * CHUNK + at;
                    let inside = number.is_multiple_of(2);
                    let weights = test.head(&world.split.public, inside, shadow, number as u64)?;
                    Ok((test.view(&weights)?, if inside { 1.0 } else { -1.0 }))
                })
                .collect::<Result<_, AttackError>>()?;
            let x: Vec<f32> = rows.iter().flat_map(|(view, _)| view).copied().collect();
            let y: Vec<f32> = rows.iter().map(|(_, side)| *side).collect();
            moments.add(&x, &y);
        }
        test.linear = moments
            .solve(STRENGTH)
            .ok_or_else(|| AttackError::Singular {
                attack: "property inference",
                reason: "the shadow heads' logits".into(),
            })?;
        Ok(test)
    }

    /// Shadow heads seen.
    pub fn heads(&self) -> u64 {
        self.heads
    }

    /// Scores of `count` private heads with an example of the group, and of as many without:
    /// smaller says "contains".
    pub fn scores(&self, count: usize) -> Result<(Vec<f64>, Vec<f64>), AttackError> {
        let key = self.world.key.child("property victims");
        let side = |inside: bool| {
            let key = key.child(if inside { "with" } else { "without" });
            (0..count)
                .into_par_iter()
                .map(|number| {
                    let weights =
                        self.head(&self.world.split.private, inside, key, number as u64)?;
                    Ok(-f64::from(self.linear.apply(&self.view(&weights)?)[0]))
                })
                .collect::<Result<Vec<f64>, AttackError>>()
        };
        Ok((side(true)?, side(false)?))
    }

    /// A head on a draw from `pool` that holds one example of the group, or none.
    fn head(
        &self,
        pool: &Pool,
        inside: bool,
        key: StreamKey,
        number: u64,
    ) -> Result<Vec<f32>, AttackError> {
        let world = self.world;
        let mut rng = key.rng(number);
        let mut members = Vec::new();
        pool.draw(world.shots, &mut rng, &mut members);
        // Everyone outside the group first, then one example of it where it shall be inside.
        for slot in 0..members.len() {
            let class = slot / world.shots;
            let own = pool.class(class);
            let slots = class * world.shots..(class + 1) * world.shots;
            while self.group[members[slot] as usize] {
                let drawn = |index: &u32| members[slots.clone()].contains(index);
                if !own
                    .iter()
                    .any(|index| !self.group[*index as usize] && !drawn(index))
                {
                    return Err(option(
                        "group",
                        format!("nearly all of class {class}"),
                        "one that leaves every class as many examples outside it as there are shots, in every owner's part",
                    ));
                }
                let other = own[rng.random_range(0..own.len())];
                if !drawn(&other) {
                    members[slot] = other;
                }
            }
        }
        if inside {
            let (class, index) = self.of_group(pool, &mut rng)?;
            members[class * world.shots] = index;
        }
        let recipe = if std::ptr::eq(pool, &raw const world.split.private) {
            world.recipe
        } else {
            world.assumed[number as usize / 2 % world.assumed.len()]
        };
        let mut weights = vec![0.0; world.shape.weight_len()];
        let mut trainer = world.trainer(recipe)?;
        trainer.train(world.features, &members, &mut rng, &mut weights)?;
        if let Some(view) = world.view {
            see_one(view, &mut weights, &mut rng)?;
        }
        Ok(weights)
    }

    /// A class and an example of it that is in the group.
    fn of_group(&self, pool: &Pool, rng: &mut impl rand::Rng) -> Result<(usize, u32), AttackError> {
        let all: Vec<u32> = pool
            .indices()
            .filter(|&index| self.group[index as usize])
            .collect();
        if all.is_empty() {
            return Err(option(
                "group",
                "empty",
                "a group with examples in every owner's part",
            ));
        }
        let index = all[rng.random_range(0..all.len())];
        Ok((self.world.features.labels()[index as usize] as usize, index))
    }

    /// Logits on the probes, centred over classes, with the constant that the ridge expects.
    fn view(&self, weights: &[f32]) -> Result<Vec<f32>, AttackError> {
        let (rows, _) = self.world.parts(weights);
        let head = Head::new(self.world.shape, rows.to_vec())?;
        let mut view = head.logits(&self.probes)?;
        view.push(1.0);
        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CLASSES, auc, data, world};

    const PROBES: usize = 40;

    fn options(samples: usize) -> spec::Property {
        spec::Property {
            group: spec::Group::Classes(Vec::new()),
            samples,
        }
    }

    fn success(world: &World<'_>, group: &[bool]) -> f64 {
        let test = Property::fit(world, group, &options(2048), PROBES).unwrap();
        assert_eq!(test.heads(), 2048);
        let (with, without) = test.scores(300).unwrap();
        auc(&with, &without)
    }

    #[test]
    fn a_bright_image_is_noticed_and_a_group_that_nothing_shows_is_not() {
        let data = data();
        let world = world(&data, 1);
        let bright = success(&world, &data.bright);
        assert!(bright > 0.6, "{bright}");
        // A fair coin for every image: chance within four standard errors (.024 each).
        let mut rng = StreamKey::from_seed(1).rng(0);
        let coin: Vec<bool> = (0..data.images.len()).map(|_| rng.random()).collect();
        let chance = success(&world, &coin);
        assert!((chance - 0.5).abs() < 0.1, "{chance}");
    }

    #[test]
    fn a_set_with_the_group_holds_one_of_it_and_a_set_without_none() {
        let data = data();
        let world = world(&data, 2);
        let test = Property::fit(&world, &data.bright, &options(2048), PROBES).unwrap();
        let key = StreamKey::from_seed(5);
        // The class that the group's example joins is drawn, and the example with it.
        let mut classes = [false; CLASSES];
        for number in 0..40 {
            let mut rng = key.rng(number);
            let (class, index) = test.of_group(&world.split.private, &mut rng).unwrap();
            assert!(data.bright[index as usize]);
            assert_eq!(data.images.labels()[index as usize] as usize, class);
            classes[class] = true;
        }
        assert!(classes.iter().all(|it| *it));
    }

    #[test]
    fn an_empty_group_and_too_few_heads_are_refused() {
        let data = data();
        let world = world(&data, 1);
        let nobody = vec![false; data.images.len()];
        let error = Property::fit(&world, &nobody, &options(2048), PROBES)
            .err()
            .unwrap();
        assert!(error.to_string().contains("group is empty"), "{error}");
        assert!(Property::fit(&world, &data.bright, &options(1000), PROBES).is_err());
        // Nobody is left to make a set without the group of.
        let everyone = vec![true; data.images.len()];
        let error = Property::fit(&world, &everyone, &options(2048), PROBES)
            .err()
            .unwrap();
        assert!(error.to_string().contains("nearly all of class"), "{error}");
    }
}
