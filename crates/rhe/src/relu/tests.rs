use super::*;
use crate::SecretKey;
use crate::bootstrap::EvaluationKeys;
use crate::head::{Activation, PlainHead};
use crate::rows::Form;
use crate::transform::Backend;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(rng: &mut impl Rng, features: usize, hidden: usize, outputs: usize) -> PlainHead {
    let first = (0..hidden * (features + 1)).map(|_| rng.random_range(-0.05f32..0.05));
    let first: Vec<f32> = first.collect();
    let second = (0..outputs * (hidden + 1)).map(|_| rng.random_range(-1f32..1.0));
    let weights: Vec<f32> = first.into_iter().chain(second).collect();
    PlainHead::mlp(features, &[hidden], outputs, Activation::Relu, &weights).unwrap()
}

fn images(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    (0..count)
        .map(|_| rng.random_range(-3f32..3.0).max(0.0))
        .collect()
}

/// The error of every logit, in the standard deviations that the budget predicts.
fn errors(
    head: &PlainHead,
    ranges: &Ranges,
    key: &SecretKey,
    keys: &EvaluationKeys,
    rows: &[f32],
) -> Vec<f64> {
    let protected = ProtectedRelu::protect(head, key, ranges, Form::Seeded).unwrap();
    let classifier = ReluClassifier::new(&protected, keys, Backend::Detected).unwrap();
    let results = classifier.classify(rows).unwrap();
    let budget = ReluBudget::new(head, ranges).unwrap();
    let revealed = key.reveal_relu_logits(&results).unwrap();
    let rows = rows.chunks(head.features()).zip(revealed);
    rows.flat_map(|(row, logits)| {
        let exact = head.logits(row).unwrap();
        let deviation = budget.deviation(row);
        let pairs = logits.values.into_iter().zip(exact).zip(deviation);
        pairs
            .map(|((value, exact), deviation)| (value - exact) / deviation)
            .collect::<Vec<_>>()
    })
    .collect()
}

/// One set of evaluation keys for everything here: they take seconds to make. Keys and noise are drawn
/// anew by every run: two outputs of a row share their hidden units, so that the 114 errors count as 81
/// or more, of whose mean square less than .3 or more than 2 is met once in a million runs or less often.
#[test]
fn relu_heads_give_the_heads_logits_with_the_predicted_noise() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let key = SecretKey::generate().unwrap();
    let keys = EvaluationKeys::generate(&key).unwrap();
    let mut all = Vec::new();
    for (features, hidden, outputs, count) in [(1024, 8, 1, 6), (300, 3, 2, 32), (2500, 2, 1, 40)] {
        let head = random(&mut rng, features, hidden, outputs);
        let rows = images(&mut rng, count * features);
        // Beyond a range a unit is wrong by far more than noise: the rows are among the sample.
        let ranges = Ranges::calibrated(&head, &rows).unwrap();
        all.extend(errors(&head, &ranges, &key, &keys, &rows));
        let wide = Ranges::guaranteed(&head).unwrap();
        assert!(ranges.hidden.iter().zip(&wide.hidden).all(|(a, b)| a <= b));
        all.extend(errors(&head, &wide, &key, &keys, &rows[..features]));
    }
    let mean_square = all.iter().map(|e| e * e).sum::<f64>() / all.len() as f64;
    let largest = all.iter().fold(0f64, |m, e| m.max(e.abs()));
    assert_eq!(all.len(), 7 + 66 + 41);
    assert!(
        (0.3..2.0).contains(&mean_square),
        "{mean_square} over {}",
        all.len()
    );
    assert!(largest < 6.0, "{largest}");

    let again = EvaluationKeys::from_bytes(&keys.to_bytes()).unwrap();
    assert_eq!(again, keys);
    let head = random(&mut rng, 64, 2, 1);
    let ranges = Ranges::guaranteed(&head).unwrap();
    let other = SecretKey::generate().unwrap();
    let protected = ProtectedRelu::protect(&head, &other, &ranges, Form::Full).unwrap();
    assert!(ReluClassifier::new(&protected, &keys, Backend::Detected).is_err());
    let protected = ProtectedRelu::protect(&head, &key, &ranges, Form::Full).unwrap();
    let copy = ProtectedRelu::from_bytes(&protected.to_bytes()).unwrap();
    assert_eq!(copy, protected);
    let classifier = ReluClassifier::new(&protected, &keys, Backend::Portable).unwrap();
    let results = classifier.classify(&[0.5; 64]).unwrap();
    assert_eq!(
        ReluResults::from_bytes(&results.to_bytes()).unwrap(),
        results
    );
    assert!(other.reveal_relu_logits(&results).is_err());
    assert!(classifier.classify(&[1e6; 64]).is_err());
    assert!(classifier.classify(&[f32::INFINITY; 64]).is_err());
}

#[test]
fn only_relu_heads_of_two_layers_are_taken() {
    let square = PlainHead::mlp(2, &[2], 1, Activation::Square, &[0.1; 9]).unwrap();
    assert!(Ranges::guaranteed(&square).is_err());
    let linear = PlainHead::linear(2, 2, &[0.1; 6]).unwrap();
    assert!(Ranges::guaranteed(&linear).is_err());
    let relu = PlainHead::mlp(2, &[2], 1, Activation::Relu, &[0.1; 9]).unwrap();
    let ranges = Ranges {
        hidden: vec![1.0],
        output: 1.0,
    };
    let key = SecretKey::generate().unwrap();
    assert!(ProtectedRelu::protect(&relu, &key, &ranges, Form::Full).is_err());
}

#[test]
fn the_budget_of_a_binary_head_leaves_room() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let head = random(&mut rng, 1024, 8, 1);
    let sample = images(&mut rng, 50 * 1024);
    let ranges = Ranges::calibrated(&head, &sample).unwrap();
    let budget = ReluBudget::new(&head, &ranges).unwrap();
    assert!(budget.log2_failure < -64.0, "{budget:?}");
}

#[test]
fn a_head_of_zeros_has_a_range() {
    let head = PlainHead::mlp(4, &[2], 1, Activation::Relu, &[0.0; 13]).unwrap();
    let ranges = Ranges::guaranteed(&head).unwrap();
    assert!(ranges.hidden.iter().all(|r| *r == 1.0) && ranges.output == 1.0);
}
