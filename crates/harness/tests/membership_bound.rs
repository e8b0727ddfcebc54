//! Membership inference under DP-SGD stays below what differential privacy allows.
//!
//! The test's null is a head trained with the example replaced by another of its class, so the bound
//! is the Gaussian mechanism's under replacement: with full batches, T steps at noise multiplier σ
//! move the sum of clipped gradients by at most 2C, and TPR ≤ Φ(Φ⁻¹(FPR) + 2 √T / σ) (Dong, Roth,
//! Su 2022).

use attacks::{Membership, World};
use datasets::{FeatureSet, ImageSet, ImageShape, Split, StreamKey};
use privacy::{
    Composition, Neighbour, NoiseMultiplier, SampleRate, SampledGaussian, Steps, TradeOff,
    clopper_pearson,
};
use rand::RngExt;
use spec::Release;
use transfer::{DpSgd, HeadShape, Recipe, Sampling};

const CLASSES: usize = 4;
const WIDTH: usize = 24;
const VICTIMS: usize = 250;
const STEPS: usize = 16;

/// Features of four noisy classes; images play no part.
fn data() -> (ImageSet, FeatureSet, Split) {
    let key = StreamKey::from_seed(21);
    let mut rng = key.rng(0);
    let labels: Vec<u32> = (0..2400).map(|i| i % CLASSES as u32).collect();
    let mut values = Vec::with_capacity(labels.len() * WIDTH);
    for &label in &labels {
        for at in 0..WIDTH {
            let centre = if at % CLASSES == label as usize {
                1.0
            } else {
                0.0
            };
            values.push(centre + 2.0 * rng.random::<f32>());
        }
    }
    let shape = ImageShape {
        channels: 1,
        height: 1,
        width: 1,
    };
    let images = ImageSet::new(shape, vec![0.0; labels.len()], labels.clone(), CLASSES).unwrap();
    let split = Split::new(&labels, CLASSES, 0.5, 0.1, key.child("split"));
    let features = FeatureSet::new(WIDTH, values, labels, CLASSES).unwrap();
    (images, features, split)
}

/// (FPR, lower end of the TPR's interval) at several thresholds, and the AUC.
fn measured(noise: Option<f32>) -> (Vec<(f64, f64)>, f64) {
    let (images, features, split) = data();
    let recipe = Recipe {
        learning_rate: 0.1,
        steps: STEPS,
        ..Recipe::mnist(1)
    };
    let recipe = noise.map_or(recipe, |noise_multiplier| {
        recipe.with_dp(DpSgd {
            clip: 1.0,
            noise_multiplier,
            sampling: Sampling::Full,
        })
    });
    let shape = HeadShape::linear(WIDTH, CLASSES);
    let key = StreamKey::from_seed(22);
    let world = World::new(&images, &features, &split, shape, recipe, 1, key).unwrap();
    let stream = world.victims().unwrap();
    let mut heads = stream.batch(VICTIMS);
    stream.fill(0, &mut heads).unwrap();
    let test = Membership::new(&world, 64, Release::Weights).unwrap();
    let found = test.of_victims(&mut heads, None).unwrap();
    let (inside, mut outside) = (found.inside.concat(), found.outside.concat());
    outside.sort_by(f64::total_cmp);
    // One victim, one score: trials are independent. Both limits at 99.9 %, on the attack's side.
    let points = [0.02, 0.1, 0.2, 0.4, 0.6].map(|rate| {
        let at = outside[(rate * VICTIMS as f64) as usize];
        let below = |scores: &[f64]| scores.iter().filter(|s| **s < at).count() as u64;
        let limits = |count| clopper_pearson(count, VICTIMS as u64, 0.999).unwrap();
        (limits(below(&outside)).1, limits(below(&inside)).0)
    });
    let wins = inside.iter().map(|score| {
        let above = outside.partition_point(|other| other <= score);
        (outside.len() - above) as f64 / outside.len() as f64
    });
    (points.to_vec(), wins.sum::<f64>() / VICTIMS as f64)
}

fn bound(noise: f32) -> TradeOff {
    let sigma = NoiseMultiplier::new(f64::from(noise)).unwrap();
    let mechanism = SampledGaussian::new(sigma, SampleRate::new(1.0).unwrap());
    let composition = Composition::repeated(mechanism, Steps::new(STEPS as u64).unwrap());
    TradeOff::new(&composition, Neighbour::ReplaceOne).unwrap()
}

#[test]
fn membership_never_beats_the_bound_and_falls_with_the_noise() {
    let (_, undefended) = measured(None);
    let mut before = undefended;
    assert!(undefended > 0.8, "{undefended}");
    for noise in [4.0, 16.0, 64.0] {
        let (points, auc) = measured(Some(noise));
        let bound = bound(noise);
        for (fpr, tpr) in points {
            let most = bound.tpr_bound(fpr);
            assert!(
                tpr <= most,
                "σ {noise}: TPR ≥ {tpr} at FPR ≤ {fpr}, bound {most}"
            );
        }
        // The bound's own AUC, by the trapezoidal rule.
        let area: f64 = (0..1000)
            .map(|i| bound.tpr_bound((f64::from(i) + 0.5) / 1000.0) / 1000.0)
            .sum();
        // An AUC of 250 against 250 has a standard error of at most .026.
        assert!(auc <= area + 0.08, "σ {noise}: AUC {auc}, bound {area}");
        assert!(auc <= before + 0.08, "σ {noise}: {auc} after {before}");
        before = auc;
    }
    assert!((before - 0.5).abs() < 0.1, "{before}");
}

#[test]
fn the_check_would_notice_a_mechanism_that_lies_about_its_noise() {
    // Heads without noise, held against the bound of strong noise.
    let (points, _) = measured(None);
    let bound = bound(64.0);
    assert!(points.iter().any(|(fpr, tpr)| *tpr > bound.tpr_bound(*fpr)));
}
