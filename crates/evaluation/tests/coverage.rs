//! Do the intervals cover? Simulated victims whose classes are correlated, against the truth.
//!
//! Score of class j of unit i: `shift + sqrt(ρ) u_i + sqrt(1 − ρ) v_ij`, standard normal; victims
//! are shifted down. TPR at FPR f is then Φ(Φ⁻¹(f) + shift), AUC Φ(shift / √2).

use evaluation::{Bootstrap, Scores, cluster_proportion, roc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

struct Setting {
    victims: usize,
    null: usize,
    classes: usize,
    correlation: f64,
    shift: f64,
}

impl Setting {
    fn side(&self, rng: &mut ChaCha8Rng, units: usize, shift: f64) -> Vec<Vec<f64>> {
        let normal = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
        let (shared, own) = (self.correlation.sqrt(), (1.0 - self.correlation).sqrt());
        (0..units)
            .map(|_| {
                let unit = normal(rng);
                (0..self.classes)
                    .map(|_| shared * unit + own * normal(rng) - shift)
                    .collect()
            })
            .collect()
    }

    fn scores(&self, run: u64) -> Scores {
        let mut rng = ChaCha8Rng::seed_from_u64(run);
        let victims = self.side(&mut rng, self.victims, self.shift);
        let null = self.side(&mut rng, self.null, 0.0);
        Scores::new(victims, null).unwrap()
    }

    /// Shares of `runs` whose 95 % intervals hold the true TPR at .1, 1 and 10 % and the true AUC.
    fn coverage(&self, runs: u64) -> [f64; 4] {
        let normal = Normal::standard();
        let tpr = |fpr: f64| normal.cdf(normal.inverse_cdf(fpr) + self.shift);
        let auc = normal.cdf(self.shift / 2.0_f64.sqrt());
        let hits: Vec<[bool; 4]> = (0..runs)
            .into_par_iter()
            .map(|run| {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&run.to_le_bytes());
                let bootstrap = Bootstrap {
                    resamples: 300,
                    ..Bootstrap::new(key)
                };
                let report = roc(&self.scores(run), &bootstrap).unwrap();
                let holds = |lo: f64, hi: f64, truth: f64| lo <= truth && truth <= hi;
                [
                    (report.tpr_at_0_1pct, tpr(0.001)),
                    (report.tpr_at_1pct, tpr(0.01)),
                    (report.tpr_at_10pct, tpr(0.1)),
                ]
                .map(|(rate, truth)| holds(rate.lo, rate.hi, truth))
                .into_iter()
                .chain([holds(report.auc.lo, report.auc.hi, auc)])
                .collect::<Vec<_>>()
                .try_into()
                .unwrap()
            })
            .collect();
        std::array::from_fn(|at| hits.iter().filter(|hit| hit[at]).count() as f64 / runs as f64)
    }
}

/// 400 runs of a 95 % interval hit within .95 ± .033 at three standard errors; the interval is on
/// the cautious side by construction, so the upper tolerance is wider.
fn assert_covers(name: &str, coverage: [f64; 4]) {
    println!("{name}: TPR at .1 %, 1 %, 10 % and AUC covered {coverage:?}");
    for (what, share) in ["0.1 %", "1 %", "10 %", "auc"].iter().zip(coverage) {
        assert!((0.917..=0.995).contains(&share), "{name}, {what}: {share}");
    }
}

#[test]
fn a_useless_attack_is_at_the_false_positive_rate_within_its_interval() {
    let setting = Setting {
        victims: 120,
        null: 1000,
        classes: 10,
        correlation: 0.3,
        shift: 0.0,
    };
    assert_covers("null against null", setting.coverage(400));
}

#[test]
fn a_strong_attack_with_correlated_classes() {
    let setting = Setting {
        victims: 120,
        null: 1000,
        classes: 10,
        correlation: 0.5,
        shift: 2.8,
    };
    assert_covers("strong", setting.coverage(400));
}

#[test]
fn one_score_a_victim() {
    let setting = Setting {
        victims: 200,
        null: 5000,
        classes: 1,
        correlation: 0.0,
        shift: 1.5,
    };
    assert_covers("one score", setting.coverage(400));
}

#[test]
fn treating_classes_as_independent_would_not_cover() {
    // The reason for clusters: the same data as single trials gives intervals that are too short.
    let setting = Setting {
        victims: 100,
        null: 1,
        classes: 10,
        correlation: 0.8,
        shift: 0.0,
    };
    let truth = 0.5;
    let (mut clustered, mut single) = (0, 0);
    for run in 0..600 {
        let scores = setting.scores(run);
        let hits = |unit: &Vec<f64>| unit.iter().filter(|&&score| score <= 0.0).count() as u64;
        let units: Vec<u64> = scores.victims().iter().map(hits).collect();
        let interval = cluster_proportion(units.iter().map(|&k| (k, 10)), 0.95).unwrap();
        clustered += u32::from(interval.lo <= truth && truth <= interval.hi);
        let (lo, hi) = evaluation::clopper_pearson(units.iter().sum(), 1000, 0.95).unwrap();
        single += u32::from(lo <= truth && truth <= hi);
    }
    let share = f64::from(clustered) / 600.0;
    assert!(
        (0.92..=0.98).contains(&share),
        "clustered intervals cover {share}"
    );
    assert!(single < 480, "single-trial intervals cover {single} of 600");
}
