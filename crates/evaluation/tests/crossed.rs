//! Do intervals cover where victims share images, and where two attacks share victims?
//!
//! Score of victim u about image i: `√ρ_u a_u + √ρ_i b_i + √(1 − ρ_u − ρ_i) e − shift`, all standard
//! normal. Images of a class are a small pool, from which each victim draws one; null units are other
//! heads compared with images of the same pools. TPR at FPR f is Φ(Φ⁻¹(f) + shift) over victims and
//! images alike.

use evaluation::{Bootstrap, Scores, Subject, paired, roc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

const CLASSES: usize = 3;
const VICTIMS: usize = 120;
const NULL: usize = 500;

#[derive(Clone, Copy)]
struct Setting {
    /// Images of a class.
    pool: usize,
    /// Share of the variance that is the victim's, and the image's.
    shares: [f64; 2],
    shift: f64,
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn key(run: u64) -> Bootstrap {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&run.to_le_bytes());
    Bootstrap {
        resamples: 200,
        ..Bootstrap::new(key)
    }
}

type Named = (Vec<Vec<f64>>, Vec<Vec<Subject>>);

impl Setting {
    fn side(&self, rng: &mut ChaCha8Rng, images: &[f64], units: usize, shift: f64) -> Named {
        let [of_unit, of_image] = self.shares;
        let own = (1.0 - of_unit - of_image).sqrt();
        let units = (0..units).map(|_| {
            let unit = normal(rng);
            let each = (0..CLASSES).map(|class| {
                let image = class * self.pool + rng.random_range(0..self.pool);
                let score = of_unit.sqrt() * unit + of_image.sqrt() * images[image] - shift;
                let subject = Subject {
                    class: class as u32,
                    image: image as u32,
                };
                (score + own * normal(rng), subject)
            });
            each.unzip()
        });
        units.unzip()
    }

    fn scores(&self, run: u64) -> (Scores, Scores) {
        let mut rng = ChaCha8Rng::seed_from_u64(run);
        let images: Vec<f64> = (0..CLASSES * self.pool).map(|_| normal(&mut rng)).collect();
        let (victims, about) = self.side(&mut rng, &images, VICTIMS, self.shift);
        let (null, null_about) = self.side(&mut rng, &images, NULL, 0.0);
        let plain = Scores::new(victims, null).unwrap();
        let crossed = plain.clone().about(about, null_about).unwrap();
        (plain, crossed)
    }

    /// Shares of `runs` whose 95 % intervals of the TPR at 10 % FPR hold the truth: with victims
    /// drawn, and with victims and images drawn.
    fn coverage(&self, runs: u64) -> [f64; 2] {
        let law = Normal::standard();
        let truth = law.cdf(law.inverse_cdf(0.1) + self.shift);
        let hits: Vec<[bool; 2]> = (0..runs)
            .into_par_iter()
            .map(|run| {
                let (plain, crossed) = self.scores(run);
                [plain, crossed].map(|scores| {
                    let rate = roc(&scores, &key(run)).unwrap().tpr_at_10pct;
                    rate.lo <= truth && truth <= rate.hi
                })
            })
            .collect();
        std::array::from_fn(|at| hits.iter().filter(|hit| hit[at]).count() as f64 / runs as f64)
    }
}

#[test]
fn victims_alone_are_too_narrow_where_they_share_images() {
    // 120 victims on 10 images a class whose share of the variance is half. 300 runs: ± .038 at three
    // standard errors of .95.
    let setting = Setting {
        pool: 10,
        shares: [0.1, 0.5],
        shift: 1.5,
    };
    let [victims, both] = setting.coverage(300);
    println!("victims drawn {victims}, victims and images drawn {both}");
    assert!(victims < 0.85, "{victims}");
    assert!(both >= 0.912, "{both}");
}

#[test]
fn where_images_do_not_matter_the_crossed_interval_is_wide() {
    // What single scores have of their own is counted up to three times: the price of caution.
    let setting = Setting {
        pool: 10,
        shares: [0.1, 0.0],
        shift: 1.5,
    };
    let [victims, both] = setting.coverage(150);
    assert!(victims >= 0.9 && both >= victims, "{victims} {both}");
    let width = |scores: &Scores| {
        let rate = roc(scores, &key(1)).unwrap().tpr_at_10pct;
        rate.hi - rate.lo
    };
    let (plain, crossed) = setting.scores(1);
    let ratio = width(&crossed) / width(&plain);
    assert!((1.05..1.8).contains(&ratio), "{ratio}");
}

#[test]
fn without_shared_images_nothing_changes() {
    let setting = Setting {
        pool: 10,
        shares: [0.3, 0.2],
        shift: 1.0,
    };
    let (plain, _) = setting.scores(3);
    let mut next = 0;
    let mut name = |units: &[Vec<f64>]| -> Vec<Vec<Subject>> {
        let mut unit = |scores: &Vec<f64>| {
            let each = (0..scores.len() as u32).map(|class| {
                next += 1;
                Subject { class, image: next }
            });
            each.collect()
        };
        units.iter().map(&mut unit).collect()
    };
    let (victims, null) = (name(plain.victims()), name(plain.null()));
    let named = plain.clone().about(victims, null).unwrap();
    assert_eq!(roc(&plain, &key(5)), roc(&named, &key(5)));
}

#[test]
fn threads_do_not_change_the_crossed_interval() {
    let setting = Setting {
        pool: 10,
        shares: [0.3, 0.2],
        shift: 1.0,
    };
    let (plain, crossed) = setting.scores(4);
    let null_of: Vec<u32> = (0..NULL as u32).map(|it| it % VICTIMS as u32).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let both = [(&crossed, &null_of[..]), (&plain, &null_of[..])];
            (roc(&crossed, &key(1)), paired(&both, &key(1)))
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn differences_of_attacks_on_the_same_victims_are_covered_and_sharper() {
    // Two attacks whose scores differ by a little noise of their own, and by .3 in their means; the
    // null of each is made of other victims' images. 200 runs.
    let setting = Setting {
        pool: 60,
        shares: [0.3, 0.3],
        shift: 1.5,
    };
    let law = Normal::standard();
    let null_of: Vec<u32> = (0..VICTIMS as u32).collect();
    let runs: Vec<[f64; 5]> = (0..200_u64)
        .into_par_iter()
        .map(|run| {
            let mut rng = ChaCha8Rng::seed_from_u64(9_000 + run);
            let images: Vec<f64> = (0..CLASSES * setting.pool)
                .map(|_| normal(&mut rng))
                .collect();
            let (own, about) = setting.side(&mut rng, &images, VICTIMS, setting.shift);
            let mut null = (Vec::new(), Vec::new());
            for unit in 0..VICTIMS {
                // Ten other victims' images, against the same head.
                let (mut scores, mut subjects) = (Vec::new(), Vec::new());
                for round in 1..=10 {
                    let other = (unit + round) % VICTIMS;
                    for class in 0..CLASSES {
                        scores.push(normal(&mut rng));
                        subjects.push(about[other][class]);
                    }
                }
                null.0.push(scores);
                null.1.push(subjects);
            }
            let mut noisy = |units: &[Vec<f64>], less: f64| -> Vec<Vec<f64>> {
                let mut unit = |scores: &Vec<f64>| {
                    let each = scores
                        .iter()
                        .map(|it| it + less + 0.1_f64.sqrt() * normal(&mut rng));
                    each.collect()
                };
                units.iter().map(&mut unit).collect()
            };
            let mut attack = |less: f64| {
                let scores = Scores::new(noisy(&own, less), noisy(&null.0, 0.0)).unwrap();
                scores.about(about.clone(), null.1.clone()).unwrap()
            };
            let (a, b) = (attack(0.0), attack(0.3));
            let read = paired(&[(&a, &null_of), (&b, &null_of)], &key(run)).unwrap();
            let found = read[0].at_1pct(&read[1]).unwrap();
            let back = read[1].at_1pct(&read[0]).unwrap();
            assert!((found.value + back.value).abs() < 1e-12);
            assert!((found.lo + back.hi).abs() < 1e-12);
            let same = read[0].at_1pct(&read[0]).unwrap();
            assert!(same.value == 0.0 && same.lo <= 0.0 && same.hi >= 0.0);
            let rate = |scores: &Scores| roc(scores, &key(run)).unwrap().tpr_at_1pct;
            let (first, second) = (rate(&a), rate(&b));
            assert_eq!((found.first, found.second), (first.value, second.value));
            let apart = ((first.hi - first.lo).powi(2) + (second.hi - second.lo).powi(2)).sqrt();
            [found.value, found.lo, found.hi, apart, found.correlation]
        })
        .collect();
    let scale = 1.1_f64.sqrt();
    let cut = law.inverse_cdf(0.01);
    let tpr = |shift: f64| law.cdf(cut + shift / scale);
    let truth = tpr(1.5) - tpr(1.2);
    let hits = runs
        .iter()
        .filter(|it| it[1] <= truth && truth <= it[2])
        .count();
    let share = hits as f64 / runs.len() as f64;
    let ratio = runs.iter().map(|it| (it[2] - it[1]) / it[3]).sum::<f64>() / runs.len() as f64;
    println!("covered {share}, width {ratio} of that of unpaired attacks");
    assert!(share >= 0.904, "{share}");
    assert!(ratio < 0.9, "{ratio}");
}

#[test]
fn what_cannot_be_paired_is_refused() {
    let scores =
        |victims: usize| Scores::new(vec![vec![0.1]; victims], vec![vec![0.2]; 2]).unwrap();
    let (two, three) = (scores(2), scores(3));
    let refused = |attacks: &[(&Scores, &[u32])]| paired(attacks, &key(0)).unwrap_err().to_string();
    let error = refused(&[(&two, &[0, 1]), (&three, &[0, 1])]);
    assert!(
        error.contains("attack 0 has 2 victims, attack 1 has 3"),
        "{error}"
    );
    let error = refused(&[(&two, &[0])]);
    assert!(
        error.contains("has 2 null units and names 1 victims"),
        "{error}"
    );
    let error = refused(&[(&two, &[0, 2])]);
    assert!(error.contains("a null unit of victim 2 of 2"), "{error}");
    // Two null scores tell nothing of 1 % and .1 %.
    let read = paired(&[(&two, &[0, 1])], &key(0)).unwrap();
    assert_eq!(read[0].at_1pct(&read[0]), None);
    assert_eq!(read[0].null_scores(), 2);
}
