//! Shadow heads with and without examples, each of them for many examples.
//!
//! Heads without any candidate serve all of them. Heads with candidates hold one of each class (more, where
//! there are many shots), in another company each time, so that a law is over the rest of the training set
//! as well: were the company the same each time, that of one shot would be all the rest. With 32 heads an
//! example, 200 victims took 12 800 of their own where these are 656, and 96 with 64 shots.

use rand::seq::SliceRandom;
use rayon::prelude::*;
use transfer::Trainer;

use datasets::StreamKey;

use super::laws::Laws;
use super::{Candidate, Membership};
use crate::AttackError;
use crate::view::see_one;

/// Examples of a class in a training set for every candidate of it there: few enough that the rest is as
/// in a head that holds one.
const AMONG: usize = 8;

/// Candidates of a class from which on they stand for all examples of it: where there are fewer, heads with
/// many would know little of other company, and heads with one are few.
const MANY: usize = 16;

/// Which candidates stand in one training set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// Those of other heads: strangers to one another.
    Strangers,
    /// Each alone. Candidates of one training set never stand together: a head trained on all of it would
    /// be the head in question, and what is asked is what one record does.
    Alone,
}

/// A training set: candidates in places of a public draw.
struct Set {
    /// Number of the head.
    number: u64,
    /// Candidates, and the place of each.
    places: Vec<(usize, usize)>,
}

impl Membership<'_> {
    /// The laws of candidates, and how many heads were trained for them.
    pub(super) fn laws(
        &self,
        candidates: &[Candidate],
        company: Company,
        key: StreamKey,
        done: &(dyn Fn() + Sync),
    ) -> Result<(Vec<Laws>, u64), AttackError> {
        let world = self.world;
        let trainers = world.assumed.iter().map(|&recipe| world.trainer(recipe));
        let trainers: Vec<Trainer> = trainers.collect::<Result<_, _>>()?;
        let (inside, outside) = (key.child("with"), key.child("without"));
        let half = self.heads / 2;
        let mut laws = vec![Laws::default(); candidates.len()];

        let scratch = || trainers.clone();
        let without = (0..half as u64).into_par_iter();
        let without = without.map_init(scratch, |trainers, number| {
            let none = Set {
                number,
                places: Vec::new(),
            };
            let turn = number as usize % trainers.len();
            let weights = self.train(candidates, &none, &mut trainers[turn], outside)?;
            let seen = candidates.iter().map(|it| self.statistic(&weights, it));
            seen.collect::<Result<Vec<f64>, AttackError>>()
        });
        for seen in without.collect::<Result<Vec<_>, _>>()? {
            for (laws, seen) in laws.iter_mut().zip(seen) {
                laws.without.push(seen);
            }
        }

        let sets = self.sets(candidates, company, key.child("company"));
        let with = sets.par_iter().map_init(scratch, |trainers, set| {
            // Whatever the company, a candidate's heads are by all recipes in turn.
            let turn = set.number as usize % half % trainers.len();
            let weights = self.train(candidates, set, &mut trainers[turn], inside)?;
            let seen = set.places.iter().map(|&(candidate, _)| {
                let statistic = self.statistic(&weights, &candidates[candidate])?;
                Ok((candidate, statistic))
            });
            let seen = seen.collect::<Result<Vec<_>, AttackError>>()?;
            if company == Company::Alone && set.number as usize % half == half - 1 {
                done();
            }
            Ok(seen)
        });
        for seen in with.collect::<Result<Vec<_>, AttackError>>()? {
            for (candidate, seen) in seen {
                laws[candidate].with.push(seen);
            }
        }
        Ok((laws, (half + sets.len()) as u64))
    }

    /// The training sets with candidates: each candidate in half as many as there are heads to its laws, one
    /// set of every run of so many, or alone a run of them.
    fn sets(&self, candidates: &[Candidate], company: Company, key: StreamKey) -> Vec<Set> {
        let half = self.heads / 2;
        let pool = &self.world.split.public;
        let labels = self.world.features.labels();
        let class_of = |it: usize| labels[candidates[it].index as usize] as usize;
        let block = |class: usize| pool.drawn_of(class, self.world.shots);
        let mut sets = Vec::new();
        let mut add = |places| {
            let number = sets.len() as u64;
            sets.push(Set { number, places });
        };
        let mut of_class = vec![Vec::new(); pool.classes()];
        (0..candidates.len()).for_each(|it| of_class[class_of(it)].push(it));
        let many = of_class.iter().any(|them| them.len() >= MANY);
        if company == Company::Alone || !many {
            for it in 0..candidates.len() {
                let place = block(class_of(it)).start;
                (0..half).for_each(|_| add(vec![(it, place)]));
            }
            return sets;
        }
        let together = |class: usize| (block(class).len() / AMONG).max(1);
        let each = of_class.iter().enumerate();
        let rounds = each.map(|(class, them)| them.len().div_ceil(together(class)));
        let rounds = rounds.max().unwrap_or(0);
        let orders = (0..half as u64).map(|number| {
            let mut rng = key.rng(number);
            let mut order = of_class.clone();
            order.iter_mut().for_each(|them| them.shuffle(&mut rng));
            order
        });
        let orders: Vec<Vec<Vec<usize>>> = orders.collect();
        for round in 0..rounds {
            for order in &orders {
                let mut places = Vec::new();
                for (class, them) in order.iter().enumerate() {
                    let together = together(class);
                    let them = them.iter().skip(round * together).take(together);
                    places.extend(them.copied().zip(block(class)));
                }
                add(places);
            }
        }
        sets
    }

    /// What is released of a head that is trained on a public draw with candidates in it.
    fn train(
        &self,
        candidates: &[Candidate],
        set: &Set,
        trainer: &mut Trainer,
        key: StreamKey,
    ) -> Result<Vec<f32>, AttackError> {
        let world = self.world;
        let mut rng = key.rng(set.number);
        let (mut members, mut weights) = (Vec::new(), vec![0.0; world.shape.weight_len()]);
        world.split.public.draw(world.shots, &mut rng, &mut members);
        for &(candidate, place) in &set.places {
            members[place] = candidates[candidate].index;
        }
        trainer.train(world.features, &members, &mut rng, &mut weights)?;
        if let Some(view) = world.view {
            see_one(view, &mut weights, &mut rng)?;
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use spec::Release;

    use super::*;
    use crate::testing::{data, world};

    const HEADS: usize = 64;

    /// Candidates of every class, `each` of them.
    fn candidates(world: &crate::World<'_>, each: usize) -> Vec<Candidate> {
        let pool = &world.split.private;
        let indices = (0..pool.classes()).flat_map(|class| &pool.class(class)[..each]);
        let candidate = |&index| Candidate {
            index,
            walks: Vec::new(),
        };
        indices.map(candidate).collect()
    }

    #[test]
    fn every_candidate_has_as_many_heads_and_ever_other_company() {
        let data = data();
        let (few, many) = (MANY - 2, MANY + 2);
        for (shots, each, at_once) in [(1, many, 4), (16, many, 8), (16, few, 1)] {
            let world = world(&data, shots);
            let test = Membership::new(&world, HEADS, Release::Weights).unwrap();
            let candidates = candidates(&world, each);
            let labels = world.features.labels();
            let class_of = |it: usize| labels[candidates[it].index as usize] as usize;
            for (company, at_once) in [(Company::Strangers, at_once), (Company::Alone, 1)] {
                let sets = test.sets(&candidates, company, StreamKey::from_seed(1));
                assert_eq!(sets.len(), 4 * each / at_once * HEADS / 2);
                let mut count = vec![0; candidates.len()];
                let mut met = HashSet::new();
                for (number, set) in sets.iter().enumerate() {
                    assert_eq!((set.number, set.places.len()), (number as u64, at_once));
                    let mut taken = HashSet::new();
                    for &(candidate, place) in &set.places {
                        count[candidate] += 1;
                        let class = class_of(candidate);
                        assert!(world.split.public.drawn_of(class, shots).contains(&place));
                        assert!(taken.insert(place), "two candidates in one place");
                        let others = set.places.iter().map(|&(other, _)| other);
                        met.extend(
                            others
                                .filter(|it| *it != candidate)
                                .map(|it| (candidate, it)),
                        );
                    }
                }
                assert_eq!(count, vec![HEADS / 2; candidates.len()]);
                // In the same company each time they would meet `at_once` less one other.
                let usual = met.len() / candidates.len();
                assert_eq!(usual > 4 * at_once, at_once > 1, "{usual}");
            }
        }
    }

    /// What heads with many candidates say of each is what heads with it alone say.
    #[test]
    fn laws_are_those_of_heads_with_one_candidate() {
        let data = data();
        let each = 2 * MANY;
        for shots in [1, 16] {
            let world = world(&data, shots);
            let test = Membership::new(&world, 2 * HEADS, Release::Weights).unwrap();
            let candidates = candidates(&world, each);
            let laws = |company| {
                let key = StreamKey::from_seed(company as u64);
                test.laws(&candidates, company, key, &|| ()).unwrap()
            };
            let (shared, few) = laws(Company::Strangers);
            let (alone, many) = laws(Company::Alone);
            assert!(few * 3 < many, "{few} {many}");
            let mut sum = 0.0;
            for (shared, alone) in shared.iter().zip(&alone) {
                let samples = [
                    (&shared.with, &alone.with),
                    (&shared.without, &alone.without),
                ];
                for (one, other) in samples {
                    assert_eq!((one.len(), other.len()), (HEADS, HEADS));
                    let (one, other) = (moments(one), moments(other));
                    // Of the company there are so many in a class, of whom heads are made again and again.
                    let company = one.1 / each as f64;
                    let error = ((one.1 + other.1) / HEADS as f64 + company).sqrt();
                    let far = (one.0 - other.0) / error;
                    assert!(far.abs() < 5.0, "{shots} shots: {far} standard errors");
                    sum += far * far;
                }
            }
            // Squares of about standard normals, which candidates that share heads make alike.
            let mean = sum / (2 * candidates.len()) as f64;
            assert!(mean < 2.5, "{shots} shots: {mean}");
        }
    }

    /// Mean and variance.
    fn moments(sample: &[f64]) -> (f64, f64) {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        (
            mean,
            sample.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (n - 1.0),
        )
    }
}
