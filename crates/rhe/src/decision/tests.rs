use super::budget::MESSAGE_STEP;
use super::*;
use crate::bootstrap::{EvaluationKeys, OUTPUT_TURN_NOISE};
use crate::head::{Activation, PlainHead};
use crate::relu::{ProtectedRelu, Ranges, ReluClassifier};
use crate::rows::Form;
use crate::transform::Backend;
use crate::{EncryptedResults, Precision, ProtectedHead, RheError, SecretKey};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::OnceLock;

/// One secret key with its evaluation keys for every test here: they take seconds to make.
fn keys() -> &'static (SecretKey, EvaluationKeys) {
    static KEYS: OnceLock<(SecretKey, EvaluationKeys)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = SecretKey::generate().unwrap();
        let keys = EvaluationKeys::generate(&key).unwrap();
        (key, keys)
    })
}

fn random_head(rng: &mut ChaCha8Rng, features: usize, outputs: usize) -> PlainHead {
    let weights: Vec<f32> = (0..outputs * (features + 1))
        .map(|_| rng.random_range(-0.05..0.05))
        .collect();
    PlainHead::linear(features, outputs, &weights).unwrap()
}

fn images(rng: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-3f32..3.0).max(0.0))
        .collect()
}

fn protect(head: &PlainHead, range: DecisionRange, form: Form) -> ProtectedDecision {
    ProtectedDecision::protect(head, &keys().0, Precision::default(), range, form).unwrap()
}

fn decide_all(head: &ProtectedDecision, rows: &[f32]) -> DecisionResults {
    let decider = LinearDecider::new(head, &keys().1, Backend::Detected).unwrap();
    decider.decide(rows).unwrap()
}

#[test]
fn the_class_is_the_largest_logits_up_to_the_resolution() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let mut worst_noise = 0f64;
    for (features, outputs, count) in [(300, 1, 12), (784, 2, 6), (120, 5, 3), (1024, 10, 2)] {
        let head = random_head(&mut rng, features, outputs);
        let sample = images(&mut rng, 60 * features);
        let rows = images(&mut rng, count * features);
        let range = DecisionRange::calibrated(&head, &sample).unwrap();
        assert!(range.0 <= DecisionRange::guaranteed(&head).unwrap().0);
        let budget = DecisionBudget::new(outputs, range).unwrap();
        let results = decide_all(&protect(&head, range, Form::Seeded), &rows);
        assert_eq!(results.images(), count);
        let classes = keys().0.reveal_trusted_decisions(&results).unwrap();
        for (image, (row, class)) in rows.chunks(features).zip(classes).enumerate() {
            let logits = head.logits(row).unwrap();
            let class = class.expect("random logits are no three-way ties");
            let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
            let resolution = budget.resolution * norm.sqrt();
            let shortfall = match logits[..] {
                [logit] if class == 1 => -logit,
                [logit] => logit,
                _ => logits.iter().fold(f64::MIN, |m, &l| m.max(l)) - logits[class],
            };
            assert!(
                shortfall <= resolution,
                "{outputs}: {shortfall}, {resolution}"
            );
            let phase = keys().0.phase(results.ciphertext(image));
            let noise = phase.wrapping_sub((class as u64 + 1) * MESSAGE_STEP) as i64;
            let deviation = OUTPUT_TURN_NOISE * 2f64.powi(64) * (outputs as f64).sqrt();
            worst_noise = worst_noise.max((noise as f64).abs() / deviation);
        }
    }
    // 23 results: the largest noise is some two predicted deviations, and not a hundredth of one.
    assert!((0.05..5.0).contains(&worst_noise), "{worst_noise}");
}

/// Two classes whose logits differ by the predicted deviation of a comparison and by nothing else:
/// the larger must win Φ(1) = 84.1 % of the comparisons, each under fresh noise.
#[test]
fn near_ties_fall_as_often_as_the_noise_predicts() {
    const IMAGES: usize = 150;
    const FEATURES: usize = 64;
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    let range = DecisionRange(1.0);
    let margin = DecisionBudget::new(2, range).unwrap().deviation;
    // Rows of features of one norm, so that one bias makes one margin.
    let mut rows = images(&mut rng, IMAGES * FEATURES);
    for row in rows.chunks_mut(FEATURES) {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter_mut().for_each(|x| *x *= 10.0 / norm);
    }
    let shared: Vec<f32> = (0..FEATURES).map(|j| (j as f32).sin() * 0.01).collect();
    let bias = margin as f32 * 101f32.sqrt();
    let weights: Vec<f32> = [&shared[..], &[bias], &shared[..], &[0.0]].concat();
    let head = PlainHead::linear(FEATURES, 2, &weights).unwrap();
    let results = decide_all(&protect(&head, range, Form::Full), &rows);
    let classes = keys().0.reveal_trusted_decisions(&results).unwrap();
    let first = classes.iter().filter(|class| **class == Some(0)).count();
    let share = first as f64 / IMAGES as f64;
    // Keys and noise are drawn anew by every run: five standard errors of the share are .15, a deviation
    // from half to 2.3 of the predicted one.
    assert!((share - 0.841).abs() < 0.15, "{share}");
}

#[test]
fn a_relu_head_decides_by_its_sign_and_between_outputs() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    for (features, hidden, outputs, count) in [(300, 3, 1, 6), (100, 2, 3, 3)] {
        let first = (0..hidden * (features + 1)).map(|_| rng.random_range(-0.05f32..0.05));
        let first: Vec<f32> = first.collect();
        let second = (0..outputs * (hidden + 1)).map(|_| rng.random_range(-1f32..1.0));
        let weights: Vec<f32> = first.into_iter().chain(second).collect();
        let head =
            PlainHead::mlp(features, &[hidden], outputs, Activation::Relu, &weights).unwrap();
        let sample = images(&mut rng, 60 * features);
        let rows = images(&mut rng, count * features);
        let ranges = Ranges::calibrated(&head, &sample).unwrap();
        let protected = ProtectedRelu::protect(&head, &keys().0, &ranges, Form::Seeded).unwrap();
        let again = ProtectedRelu::from_bytes(&protected.to_bytes()).unwrap();
        assert_eq!(again, protected);
        let classifier = ReluClassifier::new(&again, &keys().1, Backend::Detected).unwrap();
        let results = EncryptedResults::Decision(classifier.decide(&rows).unwrap());
        let classes = keys().0.reveal_trusted(&results).unwrap();
        for (row, class) in rows.chunks(features).zip(classes) {
            let logits = head.logits(row).unwrap();
            let norm = row.iter().map(|&f| f64::from(f).powi(2)).sum::<f64>() + 1.0;
            // 4.8 of 4096 steps; the largest logit fills half a turn of one output, a quarter
            // where there are more.
            let step = if outputs == 1 { 2048.0 } else { 1024.0 };
            let resolution = 10.0 * 4.8 / step * ranges.output * norm.sqrt();
            let shortfall = match logits[..] {
                [logit] if class == 1 => -logit,
                [logit] => logit,
                _ => logits.iter().fold(f64::MIN, |m, &l| m.max(l)) - logits[class],
            };
            assert!(shortfall <= resolution, "{shortfall}, {resolution}");
        }
    }
}

#[test]
fn files_come_back_and_damage_is_an_error() {
    let mut rng = ChaCha8Rng::seed_from_u64(24);
    let head = random_head(&mut rng, 50, 1);
    let range = DecisionRange::guaranteed(&head).unwrap();
    let protected = protect(&head, range, Form::Seeded);
    let results = decide_all(&protected, &images(&mut rng, 100));
    let (head_bytes, bytes) = (protected.to_bytes(), results.to_bytes());
    assert_eq!(
        ProtectedDecision::from_bytes(&head_bytes).unwrap(),
        protected
    );
    assert_eq!(DecisionResults::from_bytes(&bytes).unwrap(), results);
    let full = protect(&head, range, Form::Full);
    assert_eq!(
        ProtectedDecision::from_bytes(&full.to_bytes()).unwrap(),
        full
    );
    for bytes in [&head_bytes, &bytes] {
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 97) {
            assert!(ProtectedHead::from_bytes(&bytes[..length]).is_err());
            assert!(EncryptedResults::from_bytes(&bytes[..length]).is_err());
        }
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 211).chain(0..60) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(ProtectedHead::from_bytes(&flipped).is_err());
            assert!(EncryptedResults::from_bytes(&flipped).is_err());
        }
    }
    // Shapes that a forger states under a right checksum.
    for (at, value) in [(28 + 32, 0u64), (28 + 32, 23), (28 + 40, u64::MAX)] {
        let mut forged = bytes[..bytes.len() - 16].to_vec();
        forged[at..at + 8].copy_from_slice(&value.to_le_bytes());
        let checksum = blake3::hash(&forged);
        forged.extend_from_slice(&checksum.as_bytes()[..16]);
        assert!(EncryptedResults::from_bytes(&forged).is_err());
    }
}

#[test]
fn a_decision_has_no_logits_and_opens_for_its_key_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(25);
    let head = random_head(&mut rng, 50, 1);
    let protected = protect(
        &head,
        DecisionRange::guaranteed(&head).unwrap(),
        Form::Seeded,
    );
    let mut results = decide_all(&protected, &images(&mut rng, 600));
    let wrapped = EncryptedResults::Decision(results.clone());
    assert_eq!(wrapped.images(), 12);
    let (key, _) = keys();
    assert!(matches!(
        key.reveal_trusted_logits(&wrapped),
        Err(RheError::NoLogits)
    ));
    assert_eq!(key.reveal_trusted(&wrapped).unwrap().len(), 12);
    let other = SecretKey::generate().unwrap();
    assert!(matches!(
        other.reveal_trusted(&wrapped),
        Err(RheError::OtherKey { .. })
    ));
    // Even under a forged name the numbers give it away: each image does 19 times in 20.
    results.key = other.id();
    let forged = other
        .reveal_trusted_decisions(&results)
        .unwrap_err()
        .to_string();
    assert!(forged.contains("holds no class"), "{forged}");
    let foreign = ProtectedDecision::protect(
        &head,
        &other,
        Precision::default(),
        DecisionRange::guaranteed(&head).unwrap(),
        Form::Seeded,
    );
    assert!(LinearDecider::new(&foreign.unwrap(), &keys().1, Backend::Detected).is_err());
    // A result without a winner is named, not read as a class.
    let mut undecided = wrapped;
    if let EncryptedResults::Decision(results) = &mut undecided {
        results.words.fill(0);
        let classes = key.reveal_trusted_decisions(results).unwrap();
        assert!(classes.iter().all(Option::is_none));
    }
    assert!(matches!(
        key.reveal_trusted(&undecided),
        Err(RheError::Undecided { image: 0 })
    ));
}

#[test]
fn as_many_classes_are_decided_as_the_failure_bound_allows() {
    let range = DecisionRange(1.0);
    for classes in 1..=MAX_CLASSES {
        let budget = DecisionBudget::new(classes, range).unwrap();
        assert!(budget.log2_failure < -64.0, "{classes}: {budget:?}");
    }
    assert_eq!(DecisionBudget::new(10, range).unwrap().bootstraps, 55);
    let refused = DecisionBudget::new(MAX_CLASSES + 1, range).unwrap_err();
    assert!(refused.to_string().contains("23 classes"), "{refused}");
    let head = PlainHead::linear(2, 23, &[0.5; 69]).unwrap();
    assert!(DecisionRange::guaranteed(&head).is_err());
    let zero = PlainHead::linear(2, 3, &[0.0; 9]).unwrap();
    assert_eq!(DecisionRange::guaranteed(&zero).unwrap().0, 1.0);
}
