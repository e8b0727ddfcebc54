use super::*;
use crate::RheError;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::modular::{from_signed, mul, sub, to_signed};
use crate::noise::product_variance;
use crate::quantise::{Precision, QuantisedFeatures, QuantisedLinear};
use crate::transform::Backend;
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub(crate) fn random_head(rng: &mut impl Rng, features: usize, classes: usize) -> PlainHead {
    let weights: Vec<f32> = (0..classes * (features + 1))
        .map(|_| rng.random_range(-0.05..0.05))
        .collect();
    PlainHead::linear(features, classes, &weights).unwrap()
}

/// Features as a ReLU network gives them: half of them zero.
pub(crate) fn random_features(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-3f32..3.0).max(0.0))
        .collect()
}

fn expected(head: &PlainHead, row: &[f32], precision: Precision) -> Vec<i64> {
    let space = precision.space(head.features()).unwrap();
    let quantised = QuantisedLinear::new(&head.layers()[0], precision).unwrap();
    quantised.logits(&QuantisedFeatures::new(row, &space, 0).unwrap())
}

fn check(features: usize, classes: usize, precision: Precision, images: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let head = random_head(&mut rng, features, classes);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedLinear::protect(&head, &key, precision).unwrap();
    let rows = random_features(&mut rng, images * features);
    let fast = LinearClassifier::new(&protected, Backend::Detected);
    let plain = LinearClassifier::new(&protected, Backend::Portable);
    let results = fast.classify(&rows).unwrap();
    assert_eq!(results, plain.classify(&rows).unwrap());
    let logits = key.reveal_linear_logits(&results).unwrap();
    for (row, logits) in rows.chunks(features).zip(&logits) {
        assert_eq!(logits.integers, expected(&head, row, precision));
    }
}

#[test]
fn logits_are_exact_on_both_backends() {
    check(1024, 10, Precision::default(), 4, 1);
    check(700, 150, Precision::default(), 130, 5);
    check(1280, 10, Precision::default(), 3, 2);
    check(2048, 1, Precision::default(), 3, 3);
    check(
        5000,
        3,
        Precision {
            weight_bits: 10,
            feature_bits: 8,
        },
        2,
        4,
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_shape_is_exact(features in 1usize..3000, classes in 1usize..14, seed: u64) {
        check(features, classes, Precision { weight_bits: 11, feature_bits: 8 }, 2, seed);
    }
}

#[test]
fn negative_and_extreme_features_are_exact() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let head = random_head(&mut rng, 1024, 2);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
    let classifier = LinearClassifier::new(&protected, Backend::Detected);
    for row in [
        vec![-127.0; 1024],
        vec![127.0; 1024],
        [vec![-255.0; 256], vec![255.0; 256], vec![0.0; 512]].concat(),
        vec![0.0; 1024],
    ] {
        let result = classifier.classify(&row).unwrap();
        let logits = key.reveal_linear_logits(&result).unwrap();
        assert_eq!(
            logits[0].integers,
            expected(&head, &row, Precision::default())
        );
    }
    assert!(classifier.classify(&vec![f32::NAN; 1024]).is_err());
    assert!(classifier.classify(&vec![1e6; 1024]).is_err());
    // Each would fit, all of them do not; and nothing is left of small ones.
    assert!(classifier.classify(&vec![255.0; 1024]).is_err());
    assert!(classifier.classify(&vec![1e-9; 1024]).is_err());
    assert!(classifier.classify(&vec![1.0; 1023]).is_err());
}

#[test]
fn another_key_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let head = random_head(&mut rng, 64, 10);
    let (key, other) = (
        SecretKey::generate().unwrap(),
        SecretKey::generate().unwrap(),
    );
    let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
    let classifier = LinearClassifier::new(&protected, Backend::Detected);
    let mut results = classifier.classify(&random_features(&mut rng, 64)).unwrap();
    assert!(key.reveal_linear_logits(&results).is_ok());
    let refused = |key: &SecretKey, results: &LinearResults| {
        matches!(key.reveal_linear_logits(results), Err(RheError::Refused))
    };
    assert!(refused(&other, &results));
    // Under a forged name and with a step that the other key sealed, too.
    results.binding.key = other.id();
    results.binding.step =
        crate::keys::SealedNumbers::seal(&[1.0; 20], &other, results.binding.head);
    assert!(refused(&other, &results));
}

/// Heads of one key have secrets that have nothing to do with each other.
#[test]
fn every_head_has_a_secret_of_its_own() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let head = random_head(&mut rng, 64, 10);
    let key = SecretKey::generate().unwrap();
    let transform = crate::transform::Transform::new(Backend::Detected);
    let secret = || {
        let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
        let mut secret = protected.binding.secret(&key, &transform);
        transform.inverse(&mut secret);
        assert!(secret.iter().all(|&bit| bit < 2));
        secret
    };
    let (a, b) = (secret(), secret());
    let same = a.iter().zip(b.iter()).filter(|(a, b)| a == b).count();
    let own = a
        .iter()
        .zip(key.coefficients())
        .filter(|(a, b)| a == b)
        .count();
    // Half of 2048 bits, within six standard deviations.
    for count in [same, own] {
        assert!(count.abs_diff(1024) < 6 * 23, "{count}");
    }
}

/// The predicted variance against the measured one, over 12 000 logits of 1 200 products.
#[test]
fn noise_has_the_predicted_variance_and_stays_below_its_bound() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let head = random_head(&mut rng, 1024, 10);
    let quantised = QuantisedLinear::new(&head.layers()[0], Precision::default()).unwrap();
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..40 {
        let key = SecretKey::generate().unwrap();
        let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
        let decryptor = Decryptor::new(&key, &protected.binding).unwrap();
        let classifier = LinearClassifier::new(&protected, Backend::Detected);
        let rows = random_features(&mut rng, 30 * 1024);
        let results = classifier.classify(&rows).unwrap();
        let space = protected.space();
        let phases = decryptor.phases(&results, |phase| phase);
        for (row, phases) in rows.chunks(1024).zip(phases) {
            let features = QuantisedFeatures::new(row, space, 0).unwrap();
            let expected = quantised.logits(&features);
            for (phase, logit) in phases.into_iter().zip(expected) {
                let noise = to_signed(sub(phase, mul(from_signed(logit), space.delta)));
                assert!(noise.unsigned_abs() <= features.sum << 17);
                assert!(2 * noise.unsigned_abs() < space.delta);
                sum += (noise as f64).powi(2) / product_variance(features.norm() as f64);
                count += 1;
            }
        }
    }
    let ratio = sum / f64::from(count);
    println!("measured / predicted variance over {count} products: {ratio:.4}");
    assert!(count >= 10_000);
    assert!((ratio - 1.0).abs() < 0.1, "measured / predicted = {ratio}");
}

#[test]
fn sizes_are_within_their_bars() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let head = random_head(&mut rng, 1024, 10);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedLinear::protect(&head, &key, Precision::default()).unwrap();
    let bytes = protected.to_bytes().len();
    assert!(bytes <= 90_600, "{bytes}");
    let classifier = LinearClassifier::new(&protected, Backend::Detected);
    let results = classifier
        .classify(&random_features(&mut rng, 1024))
        .unwrap();
    assert_eq!(results.bytes_per_image(), 2140);
}
