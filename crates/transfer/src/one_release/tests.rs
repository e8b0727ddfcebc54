//! The releases against their definitions: what they keep, how far a record moves them, what an
//! attack on them shows.

use std::sync::Arc;

use datasets::{FeatureSet, Pool, StreamKey};
use privacy::{Delta, GaussianRelease, Neighbour, NoiseMultiplier, ScoreAudit};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::{HeadShape, Recipe, ShadowStream, Subspace, Trainer, TransferError};

const WIDTH: usize = 24;
const CLASSES: usize = 4;

/// Classes that differ along their own direction each, whose spread is large, among 24 of which
/// the rest are small noise.
fn features(rows: usize, seed: u64) -> FeatureSet {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::with_capacity(rows * WIDTH);
    let labels: Vec<u32> = (0..rows).map(|i| (i % CLASSES) as u32).collect();
    for &label in &labels {
        for at in 0..WIDTH {
            let z: f32 = StandardNormal.sample(&mut rng);
            let centre = if at == label as usize { 4.0 } else { 0.0 };
            values.push(2.0 + centre + if at < CLASSES { z } else { 0.3 * z });
        }
    }
    FeatureSet::new(WIDTH, values, labels, CLASSES).unwrap()
}

fn space(rank: usize) -> PublicSpace {
    let public = features(800, 1);
    PublicSpace::leading(&public, &(0..800).collect::<Vec<_>>(), rank).unwrap()
}

fn method(method: Method, noise: f64) -> OneRelease {
    OneRelease {
        method,
        release: GaussianRelease::new(NoiseMultiplier::new(noise).unwrap()),
    }
}

const METHODS: [Method; 4] = [
    Method::Prototypes { whitened: false },
    Method::Prototypes { whitened: true },
    Method::LeastSquares {
        clip: 1.0,
        ridge: 0.01,
    },
    Method::OutputPerturbation {
        regularisation: 0.01,
    },
];

#[test]
fn without_noise_every_method_tells_the_classes_apart_and_noise_takes_it_away() {
    let (space, private, test) = (space(6), features(16, 2), features(800, 3));
    let members: Vec<usize> = (0..16).collect();
    for of in METHODS {
        let accuracy = |noise: f64| {
            let mut rng = ChaCha8Rng::seed_from_u64(7);
            let head = method(of, noise)
                .train(&space, &private, &members, &mut rng)
                .unwrap();
            head.accuracy(&test, 0..test.len() as u32).unwrap()
        };
        let (clean, drowned) = (accuracy(0.0), accuracy(1e4));
        assert!(clean > 0.85, "{of:?}: {clean}");
        assert!(drowned < 0.6, "{of:?}: {drowned}");
    }
}

#[test]
fn spaces_cut_from_the_whole_are_those_found_alone() {
    let public = features(800, 1);
    let rows: Vec<usize> = (0..800).collect();
    let whole = PublicSpace::whole(&public, &rows).unwrap();
    for rank in [1, 3, public.width()] {
        assert_eq!(whole.truncated(rank).unwrap(), space(rank));
    }
    assert_eq!(whole.rank(), public.width());
    assert!(whole.truncated(0).is_err() && whole.truncated(whole.rank() + 1).is_err());
    assert!(PublicSpace::whole(&public, &rows[..1]).is_err());
}

#[test]
fn the_public_space_finds_the_directions_of_large_variance() {
    let space = space(CLASSES);
    assert_eq!(space.rank(), CLASSES);
    assert!(space.variance().is_sorted_by(|a, b| a >= b));
    // A direction that is not among the four: its coordinates hardly move.
    let (mut at, mut moved) = (vec![2.0; WIDTH], vec![2.0; WIDTH]);
    at[WIDTH - 1] += 10.0;
    moved[0] += 10.0;
    let origin = space.coordinates(&[2.0; WIDTH]);
    let length = |row: &[f32]| -> f64 {
        space
            .coordinates(row)
            .iter()
            .zip(&origin)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    assert!(length(&at) < 1.0, "{}", length(&at));
    assert!(length(&moved) > 9.5, "{}", length(&moved));
}

/// Eight directions of large spread that tell nothing hide two small ones that tell all.
#[test]
fn discriminants_find_what_tells_classes_apart_however_small_it_is() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    let labels: Vec<u32> = (0..900).map(|i| i % 3).collect();
    let mut values = Vec::new();
    for &label in &labels {
        for at in 0..10 {
            let z: f32 = StandardNormal.sample(&mut rng);
            values.push(match at {
                8 => 0.1 * z + if label == 1 { 0.6 } else { 0.0 },
                9 => 0.1 * z + if label == 2 { 0.6 } else { 0.0 },
                _ => 5.0 * z,
            });
        }
    }
    let features = FeatureSet::new(10, values, labels, 3).unwrap();
    let rows: Vec<usize> = (0..900).collect();
    let discriminants = Discriminants::fit(&features, &rows).unwrap();
    assert_eq!(discriminants.count(), 2);
    let space = PublicSpace::of_discriminants(&features, &rows, &discriminants, 2).unwrap();
    let mut moved = vec![0.0; 10];
    let origin = space.coordinates(&moved);
    let mut length = |at: usize| {
        moved[at] = 1.0;
        let there = space.coordinates(&moved);
        moved[at] = 0.0;
        there
            .iter()
            .zip(&origin)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    for at in 0..8 {
        assert!(length(at) < 0.1, "{at}: {}", length(at));
    }
    assert!(
        length(8) > 0.95 && length(9) > 0.95,
        "{} {}",
        length(8),
        length(9)
    );
    // Uncorrelated along its directions, with the variance that it says.
    let along: Vec<Vec<f64>> = rows
        .iter()
        .map(|&row| space.coordinates(features.row(row)))
        .collect();
    let moment = |a: usize, b: usize| along.iter().map(|x| x[a] * x[b]).sum::<f64>() / 900.0;
    assert!(moment(0, 1).abs() < 1e-3 * moment(0, 0), "{}", moment(0, 1));
    assert!((moment(1, 1) / space.variance()[1] - 1.0).abs() < 1e-3);
    let principal = PublicSpace::leading(&features, &rows, 2).unwrap();
    let train: Vec<usize> = (0..30).collect();
    let mut accuracy = |space: &PublicSpace| {
        let head = method(METHODS[0], 0.0)
            .train(space, &features, &train, &mut rng)
            .unwrap();
        head.accuracy(&features, 30..900).unwrap()
    };
    let (told, untold) = (accuracy(&space), accuracy(&principal));
    assert!(told > 0.95 && untold < 0.5, "{told} {untold}");
    assert!(PublicSpace::of_discriminants(&features, &rows, &discriminants, 3).is_err());
    assert!(Discriminants::fit(&features, &[0, 3, 6]).is_err());
    assert!(Discriminants::fit(&features, &[900]).is_err());
}

/// One record replaced by another moves the noiseless release by at most twice the unit; removing it
/// by at most once.
#[test]
fn no_record_moves_a_release_by_more_than_its_noise_is_scaled_to() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut random = || -> Vec<f64> {
        let raw = (0..5).map(|_| StandardNormal.sample(&mut rng)).collect();
        vectors::unit(raw)
    };
    let labels = [0, 1, 2, 0, 1, 2];
    let mut worst: f64 = 0.0;
    for regularisation in [1e-3, 0.1] {
        for _ in 0..20 {
            let mut examples: Vec<Vec<f64>> = (0..6).map(|_| random()).collect();
            let fit = |examples: &[Vec<f64>], labels: &[usize]| {
                logistic::Logistic::fit(examples, labels, 3, regularisation).unwrap()
            };
            let before = fit(&examples, &labels);
            // The same features under another label is the worst a replacement does here.
            for label in [0, 1] {
                let mut other = labels;
                other[5] = label;
                let after = fit(&examples, &other);
                let moved: Vec<f64> = before
                    .weights
                    .iter()
                    .zip(&after.weights)
                    .map(|(a, b)| a - b)
                    .collect();
                let share = vectors::norm(&moved) / (2.0 * before.unit);
                worst = worst.max(share);
                assert!(share <= 1.0, "{share}");
            }
            examples[5] = random();
        }
    }
    // A bound a hundred times too large would pass.
    assert!(worst > 0.2, "{worst}");
}

/// An attack that knows all other records and is told the best direction shows an ε near what is
/// spent, and none above it.
#[test]
fn an_audit_of_prototypes_comes_near_what_is_spent_and_not_above() {
    let (space, private) = (space(6), features(4, 5));
    let delta = Delta::new(0.05).unwrap();
    let release = method(METHODS[0], 0.8);
    let spent = release.release.epsilon(delta, Neighbour::AddRemove);
    let target = vectors::unit(space.coordinates(private.row(0)));
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let mut scores = |members: &[usize]| -> Vec<f64> {
        (0..4_000)
            .map(|_| {
                let sums = sums::noisy(
                    &space,
                    &private,
                    members,
                    1.0,
                    vectors::unit,
                    release.release,
                    &mut rng,
                );
                sums.iter().zip(&target).map(|(a, b)| a * b).sum()
            })
            .collect()
    };
    let audit = ScoreAudit {
        inside: scores(&[0, 1, 2, 3]),
        outside: scores(&[1, 2, 3]),
        delta: Some(delta),
        confidence: 0.99,
        one_run: false,
        seed: 0,
    };
    let shown = audit.solve().unwrap();
    assert!(shown.epsilon_lower_bound <= spent, "{shown}, {spent}");
    assert!(shown.epsilon_lower_bound > 0.5 * spent, "{shown}, {spent}");
    assert!(shown.gaussian_mu_lower_bound <= 1.0 / 0.8, "{shown}");
    assert!(shown.gaussian_mu_lower_bound > 0.8 / 0.8, "{shown}");
}

#[test]
fn noise_is_as_large_as_it_says() {
    let (space, private) = (space(6), features(8, 5));
    let members: Vec<usize> = (0..8).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let mut draw = |noise: f64| {
        let release = GaussianRelease::new(NoiseMultiplier::new(noise).unwrap());
        sums::noisy(
            &space,
            &private,
            &members,
            2.5,
            vectors::unit,
            release,
            &mut rng,
        )
    };
    let quiet = draw(0.0);
    let squares: f64 = (0..500)
        .flat_map(|_| draw(3.0))
        .zip(quiet.iter().cycle())
        .map(|(noisy, quiet)| (noisy - quiet).powi(2))
        .sum();
    // 12 000 draws: the variance within 4 standard errors of (3·2.5)², a share of √(2/12000) each.
    let count = 500.0 * quiet.len() as f64;
    let ratio = squares / count / 7.5f64.powi(2);
    assert!((ratio - 1.0).abs() < 4.0 * (2.0 / count).sqrt(), "{ratio}");
}

#[test]
fn what_cannot_be_is_an_error() {
    let (space, private) = (space(6), features(8, 5));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut train =
        |of: Method, members: &[usize]| method(of, 1.0).train(&space, &private, members, &mut rng);
    for (of, members) in [
        (METHODS[0], &[][..]),
        (METHODS[0], &[8][..]),
        (
            Method::LeastSquares {
                clip: 0.0,
                ridge: 1.0,
            },
            &[0][..],
        ),
        (
            Method::OutputPerturbation {
                regularisation: 0.0,
            },
            &[0][..],
        ),
        (
            Method::OutputPerturbation {
                regularisation: f64::NAN,
            },
            &[0][..],
        ),
    ] {
        assert!(train(of, members).is_err(), "{of:?}, {members:?}");
    }
    let rows: Vec<usize> = (0..8).collect();
    for rank in [0, 8, WIDTH + 1] {
        assert!(matches!(
            PublicSpace::leading(&private, &rows, rank),
            Err(TransferError::Setting { .. })
        ));
    }
    let other = FeatureSet::new(3, vec![0.0; 6], vec![0, 1], CLASSES).unwrap();
    assert!(matches!(
        method(METHODS[0], 1.0).train(&space, &other, &[0], &mut ChaCha8Rng::from_seed([0; 32])),
        Err(TransferError::Width { .. })
    ));
}

/// A stream of such heads: any of them, in any order, and none without the public coordinates.
#[test]
fn the_stream_makes_what_the_method_makes() {
    let data = features(40, 2);
    let pool = Pool::new(data.labels(), CLASSES, 0..40);
    let shape = HeadShape::linear(WIDTH, CLASSES);
    let key = StreamKey::from_seed(5);
    for of in METHODS {
        let released = method(of, 0.3);
        let recipe = Recipe::one_release(Subspace {
            rank: 6,
            of: released,
        });
        let trainer = Trainer::new(shape, recipe).unwrap();
        let without = ShadowStream::by(&data, &pool, trainer.clone(), 2, key);
        assert!(matches!(without, Err(TransferError::Setting { .. })));
        let space = space(6);
        let trainer = trainer.in_space(Some(Arc::new(space.clone())));
        let stream = ShadowStream::by(&data, &pool, trainer, 2, key).unwrap();
        let (weights, members) = stream.head(3).unwrap();
        let mut rng = key.rng(3);
        let mut drawn = Vec::new();
        pool.draw(2, &mut rng, &mut drawn);
        assert_eq!(drawn, members);
        let members: Vec<usize> = members.iter().map(|&it| it as usize).collect();
        let head = released.train(&space, &data, &members, &mut rng).unwrap();
        assert_eq!(head.weights, weights);
        assert_ne!(stream.head(4).unwrap().0, weights);
    }
    let hidden = HeadShape::mlp(WIDTH, 3, crate::Activation::Relu, CLASSES);
    let recipe = Recipe::one_release(Subspace {
        rank: 6,
        of: method(METHODS[0], 1.0),
    });
    assert!(Trainer::new(hidden, recipe).is_err());
}

/// Without noise the feature that is left is the unknown one as the method bounds it, up to a length
/// that prototypes do not release; under noise a thousand times as large it is another.
#[test]
fn who_knows_all_other_records_is_left_with_the_last_one() {
    let (space, private) = (space(6), features(16, 2));
    let members: Vec<usize> = (0..16).collect();
    let public = features(800, 1);
    for of in METHODS {
        for unknown in [0, 5, 10] {
            let class = private.labels()[unknown] as usize;
            let known: Vec<u32> = (0..16).filter(|&it| it != unknown as u32).collect();
            let mut guess = vec![0.0; WIDTH];
            let own = (0..public.len()).filter(|&row| public.labels()[row] as usize == class);
            for row in own {
                for (sum, x) in guess.iter_mut().zip(public.row(row)) {
                    *sum += x / 200.0;
                }
            }
            let informed = Informed {
                space: &space,
                features: &private,
                known: &known,
                class,
                guess: &guess,
            };
            let alignment = |noise: f64| {
                let mut rng = ChaCha8Rng::seed_from_u64(19);
                let released = method(of, noise);
                let head = released
                    .train(&space, &private, &members, &mut rng)
                    .unwrap();
                let left = released.left_by_the_known(&informed, &head.weights);
                let (left, truth) = (
                    space.coordinates(&left),
                    space.coordinates(private.row(unknown)),
                );
                let product: f64 = left.iter().zip(&truth).map(|(a, b)| a * b).sum();
                product / (vectors::norm(&left) * vectors::norm(&truth))
            };
            // Prototypes and their noise hold the sum's direction alone, so that a length is guessed.
            let exact = match of {
                Method::Prototypes { .. } => 0.95,
                Method::LeastSquares { .. } | Method::OutputPerturbation { .. } => 0.999,
            };
            assert!(
                alignment(0.0) > exact,
                "{of:?}, {unknown}: {}",
                alignment(0.0)
            );
            assert!(
                alignment(1e3).abs() < 0.9,
                "{of:?}, {unknown}: {}",
                alignment(1e3)
            );
        }
    }
}
