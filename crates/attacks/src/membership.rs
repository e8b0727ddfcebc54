//! Membership inference: was this example in the training set?
//!
//! LiRA (Carlini et al. 2022), per example: the statistic of the attacked head at the example is
//! compared with normal laws fitted to shadow heads trained with the example and without it. As in the
//! paper one shadow head serves many examples.

mod laws;
mod shadows;

use rand::RngExt;
use spec::Release;
use transfer::{Head, ShadowBatch};

use crate::error::option;
use crate::{AttackError, World};
use laws::margin;
use shadows::Company;

pub use laws::Examples;

/// Public images that the label-only statistic walks towards.
const DIRECTIONS: usize = 8;
/// Steps of such a walk.
const STEPS: usize = 8;

/// An example that membership is tested of.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Index of the example.
    pub index: u32,
    /// Features of the walks from it, for the label-only view; else empty.
    walks: Vec<f32>,
}

/// What the test says of victims: a score each, smaller for members.
#[derive(Clone, Debug, PartialEq)]
pub struct OfVictims {
    /// Of an example that each was trained on.
    pub inside: Vec<Vec<f64>>,
    /// Of one that it was not.
    pub outside: Vec<Vec<f64>>,
    /// Shadow heads that were trained for it.
    pub heads: u64,
}

/// The test, ready for any number of examples.
pub struct Membership<'a> {
    world: &'a World<'a>,
    /// Shadow heads whose statistic makes an example's laws, half of them trained on it.
    heads: usize,
    /// What the adversary sees of the attacked head.
    release: Release,
    key: datasets::StreamKey,
    /// Public images that walks lead to.
    directions: Vec<u32>,
}

impl<'a> Membership<'a> {
    /// The test by an adversary who compares so many shadow heads an example and sees of the attacked
    /// head its labels (the statistic is how far towards public images the example keeps its class)
    /// or more (the logit margin of the example's class).
    ///
    /// # Errors
    /// If so few heads have no law, or the public part has too few images to walk to.
    pub fn new(world: &'a World<'a>, heads: usize, release: Release) -> Result<Self, AttackError> {
        let least = spec::Membership::LEAST_HEADS;
        if heads < least {
            let expected = format!("{least} or more an example");
            return Err(spec::OutOfBounds::new("heads", heads, expected).into());
        }
        world.must_train("membership inference")?;
        let key = world.key.child("membership");
        let mut directions = Vec::new();
        let shots = DIRECTIONS.div_ceil(world.split.public.classes());
        world.split.public.check_shots(shots)?;
        world
            .split
            .public
            .draw(shots, &mut key.rng(0), &mut directions);
        directions.truncate(DIRECTIONS);
        Ok(Self {
            world,
            heads,
            release,
            key,
            directions,
        })
    }

    /// Prepares candidates; the label-only view needs the backbone for the walks.
    pub fn candidates(
        &self,
        indices: &[u32],
        backbone: Option<&dyn backbones::Extractor>,
    ) -> Result<Vec<Candidate>, AttackError> {
        indices
            .iter()
            .map(|&index| {
                let walks = match (self.release, backbone) {
                    (Release::Labels, Some(backbone)) => self.walks(index, backbone)?,
                    (Release::Labels, None) => {
                        return Err(option(
                            "release",
                            Release::Labels,
                            "weights or scores where there is no backbone",
                        ));
                    }
                    _ => Vec::new(),
                };
                Ok(Candidate { index, walks })
            })
            .collect()
    }

    fn walks(
        &self,
        index: u32,
        backbone: &dyn backbones::Extractor,
    ) -> Result<Vec<f32>, AttackError> {
        let images = self.world.images;
        let from = images.image(index as usize);
        let mut pixels = Vec::with_capacity(self.directions.len() * STEPS * from.len());
        for &to in &self.directions {
            for step in 1..=STEPS {
                let t = step as f32 / STEPS as f32;
                let to = images.image(to as usize);
                pixels.extend(from.iter().zip(to).map(|(a, b)| a + t * (b - a)));
            }
        }
        let count = self.directions.len() * STEPS;
        let set = datasets::ImageSet::new(images.shape(), pixels, vec![0; count], 1)?;
        Ok(backbone.features(&set)?.values().to_vec())
    }

    /// Queries a candidate takes in the label-only view: its own, and one a step of every walk.
    pub fn queries(&self) -> u64 {
        match self.release {
            Release::Labels => 1 + (self.directions.len() * STEPS) as u64,
            _ => 1,
        }
    }

    /// For one example a victim that it was trained on, and for one that it was not, minus the
    /// log-likelihood ratio of "trained on it": smaller says member. Both are of the class `victim mod K`,
    /// the latter drawn from the rest of the private part. The victims' weights are replaced by what is
    /// released of them.
    ///
    /// # Errors
    /// If a class has no example that a victim was not trained on, or shadow heads cannot be trained.
    pub fn of_victims(
        &self,
        victims: &mut ShadowBatch,
        backbone: Option<&dyn backbones::Extractor>,
    ) -> Result<OfVictims, AttackError> {
        let world = self.world;
        // A class must hold an example that the victim does not have.
        world
            .split
            .private
            .check_shots(world.shots.saturating_add(1))?;
        world.release(victims, "victims")?;
        let mut rng = self.key.child("examples").rng(0);
        let mut indices = Vec::with_capacity(2 * victims.len());
        for index in 0..victims.len() {
            let members = victims.members(index);
            let class = index % world.split.private.classes();
            let own = world.split.private.drawn_of(class, world.shots);
            let pool = world.split.private.class(class);
            let other = loop {
                let other = pool[rng.random_range(0..pool.len())];
                if !members.contains(&other) {
                    break other;
                }
            };
            indices.extend([members[own.start], other]);
        }
        let candidates = self.candidates(&indices, backbone)?;
        let key = self.key.child("victims");
        let (laws, heads) = self.laws(&candidates, Company::Strangers, key, &|| ())?;
        let scores = candidates.iter().zip(&laws).enumerate();
        let scores = scores.map(|(number, (candidate, laws))| {
            let seen = self.statistic(victims.head(number / 2), candidate)?;
            Ok(vec![laws.ratio(seen)])
        });
        let scores: Vec<Vec<f64>> = scores.collect::<Result<_, AttackError>>()?;
        let side = |first| scores.iter().skip(first).step_by(2).cloned().collect();
        Ok(OfVictims {
            inside: side(0),
            outside: side(1),
            heads,
        })
    }

    /// The tests of examples, which need not be public and may all be of one training set: the shadow
    /// heads of each are trained once, for any number of heads whose weights or scores are seen. `done` is
    /// told of each that is ready.
    ///
    /// # Errors
    /// If a shadow head cannot be trained.
    pub fn examples(
        &self,
        indices: &[u32],
        purpose: &str,
        done: &(dyn Fn() + Sync),
    ) -> Result<Examples, AttackError> {
        let key = self.key.child(purpose);
        let candidates = self.candidates(indices, None)?;
        let (laws, _) = self.laws(&candidates, Company::Alone, key, done)?;
        Ok(Examples::new(self.world, indices, laws))
    }

    /// What the head says of the candidate: larger for members.
    fn statistic(&self, weights: &[f32], candidate: &Candidate) -> Result<f64, AttackError> {
        let world = self.world;
        let (rows, _) = world.parts(weights);
        let head = Head::new(world.shape, rows.to_vec())?;
        let row = world.features.row(candidate.index as usize);
        let label = world.features.labels()[candidate.index as usize];
        Ok(match self.release {
            Release::Labels => {
                let own = head.predict(row)?[0] == label;
                let along = head.predict(&candidate.walks)?;
                let kept: usize = along
                    .chunks(STEPS)
                    .map(|walk| walk.iter().take_while(|&&it| own && it == label).count())
                    .sum();
                (kept + usize::from(own)) as f64 / (self.directions.len() * STEPS) as f64
            }
            _ => margin(&head.logits(row)?, label as usize),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{auc, data, victims, world};

    const HEADS: usize = 32;

    /// AUC of examples inside against outside the training sets of `heads`.
    fn success(
        data: &crate::testing::Data,
        world: &World<'_>,
        heads: &mut ShadowBatch,
        release: Release,
    ) -> f64 {
        let test = Membership::new(world, HEADS, release).unwrap();
        let told = test.of_victims(heads, Some(&data.backbone)).unwrap();
        auc(&told.inside.concat(), &told.outside.concat())
    }

    #[test]
    fn members_of_an_undefended_head_are_told_and_those_of_another_are_not() {
        let data = data();
        let world = world(&data, 1);
        let mut heads = victims(&world, 80);
        let scores = success(&data, &world, &mut heads, Release::Scores);
        assert!(scores > 0.7, "{scores}");
        let labels = success(&data, &world, &mut heads, Release::Labels);
        assert!(
            labels > 0.55 && labels <= scores + 0.02,
            "{labels} {scores}"
        );
        // The same heads with the training sets of others: chance, within four standard errors
        // (an AUC of 80 against 80 has one of about .046).
        heads.members.rotate_left(3 * world.members());
        let chance = success(&data, &world, &mut heads, Release::Scores);
        assert!((chance - 0.5).abs() < 0.19, "{chance}");
    }

    #[test]
    fn queries_are_counted_and_too_few_heads_refused() {
        let data = data();
        let world = world(&data, 1);
        let test = |release| Membership::new(&world, HEADS, release).unwrap();
        assert_eq!(test(Release::Scores).queries(), 1);
        assert_eq!(test(Release::Labels).queries(), 1 + 8 * 8);
        assert!(test(Release::Labels).candidates(&[0], None).is_err());
        assert!(Membership::new(&world, HEADS - 1, Release::Scores).is_err());
    }
}
