//! Membership inference: was this example in the training set?
//!
//! LiRA (Carlini et al. 2022), per example: the statistic of the attacked head at the example is
//! compared with normal laws fitted to shadow heads trained with the example and without it.
//! Training is so cheap that each example gets shadow heads of its own.

mod laws;

use datasets::StreamKey;
use rand::RngExt;
use rayon::prelude::*;
use spec::Release;
use transfer::{Head, ShadowBatch};

use crate::error::option;
use crate::view::see_one;
use crate::{AttackError, World};
use laws::{Laws, margin};

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

/// The test, ready for any number of examples.
pub struct Membership<'a> {
    world: &'a World<'a>,
    /// Shadow heads an example, half of them trained on it.
    heads: usize,
    /// What the adversary sees of the attacked head.
    release: Release,
    key: StreamKey,
    /// Public images that walks lead to.
    directions: Vec<u32>,
}

impl<'a> Membership<'a> {
    /// The test by an adversary who trains so many shadow heads an example and sees of the attacked
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

    /// Shadow heads a candidate takes.
    pub fn heads(&self) -> u64 {
        self.heads as u64
    }

    /// For each (head, candidate) pair minus the log-likelihood ratio of "trained on it": smaller
    /// says member. Number `i` of the pairs keys the shadow draws.
    pub fn scores(
        &self,
        pairs: &[(&[f32], &Candidate)],
        purpose: &str,
    ) -> Result<Vec<f64>, AttackError> {
        let key = self.key.child(purpose);
        pairs
            .par_iter()
            .enumerate()
            .map(|(number, (weights, candidate))| {
                self.score(weights, candidate, key.child(&number.to_string()))
            })
            .collect()
    }

    /// Scores of one example a victim that it was trained on, and of one that it was not: of the
    /// class `victim mod K`, the latter drawn from the rest of the private part. The victims'
    /// weights are replaced by what is released of them.
    pub fn of_victims(
        &self,
        victims: &mut ShadowBatch,
        backbone: Option<&dyn backbones::Extractor>,
    ) -> Result<[Vec<Vec<f64>>; 2], AttackError> {
        let world = self.world;
        // A class must hold an example that the victim does not have.
        world
            .split
            .private
            .check_shots(world.shots.saturating_add(1))?;
        world.release(victims, "victims")?;
        let mut rng = self.key.child("examples").rng(0);
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for index in 0..victims.len() {
            let members = victims.members(index);
            let class = index % world.shape.classes;
            inside.push(members[class * world.shots]);
            let pool = world.split.private.class(class);
            outside.push(loop {
                let other = pool[rng.random_range(0..pool.len())];
                if !members.contains(&other) {
                    break other;
                }
            });
        }
        let side = |examples: &[u32], purpose| -> Result<Vec<Vec<f64>>, AttackError> {
            let candidates = self.candidates(examples, backbone)?;
            let pairs: Vec<_> = candidates
                .iter()
                .enumerate()
                .map(|(index, candidate)| (victims.head(index), candidate))
                .collect();
            let scores = self.scores(&pairs, purpose)?;
            Ok(scores.into_iter().map(|score| vec![score]).collect())
        };
        Ok([side(&inside, "inside")?, side(&outside, "outside")?])
    }

    /// The tests of examples, which need not be public: the shadow heads of each are trained once, for
    /// any number of heads whose weights or scores are seen. `done` is told of each that is ready.
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
        let laws = candidates.par_iter().map(|candidate| {
            let laws = self.laws(candidate, key.child(&candidate.index.to_string()));
            done();
            laws
        });
        let laws = laws.collect::<Result<_, _>>()?;
        Ok(Examples::new(self.world, indices, laws))
    }

    fn score(
        &self,
        weights: &[f32],
        candidate: &Candidate,
        key: StreamKey,
    ) -> Result<f64, AttackError> {
        let seen = self.statistic(weights, candidate)?;
        Ok(self.laws(candidate, key)?.ratio(seen))
    }

    /// The statistic of shadow heads of the candidate's own.
    fn laws(&self, candidate: &Candidate, key: StreamKey) -> Result<Laws, AttackError> {
        let world = self.world;
        let label = world.features.labels()[candidate.index as usize] as usize;
        let mut trainers = Vec::with_capacity(world.assumed.len());
        for &recipe in &world.assumed {
            trainers.push(world.trainer(recipe)?);
        }
        let length = world.shape.weight_len();
        let mut weights = vec![0.0; length];
        let mut members = Vec::new();
        let mut with = Vec::with_capacity(self.heads / 2);
        let mut without = Vec::with_capacity(self.heads / 2);
        for number in 0..self.heads {
            let mut rng = key.rng(number as u64);
            world.split.public.draw(world.shots, &mut rng, &mut members);
            let inside = number % 2 == 0;
            if inside {
                members[label * world.shots] = candidate.index;
            }
            let turn = number / 2 % trainers.len();
            weights.truncate(length);
            trainers[turn].train(world.features, &members, &mut rng, &mut weights)?;
            if let Some(view) = world.view {
                see_one(view, &mut weights, &mut rng)?;
            }
            let statistic = self.statistic(&weights, candidate)?;
            if inside { &mut with } else { &mut without }.push(statistic);
        }
        Ok(Laws { with, without })
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
        let [inside, outside] = test.of_victims(heads, Some(&data.backbone)).unwrap();
        auc(&inside.concat(), &outside.concat())
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
