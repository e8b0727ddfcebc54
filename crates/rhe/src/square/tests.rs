use super::results::deviation;
use super::*;
use crate::SecretKey;
use crate::head::{Activation, PlainHead};
use crate::quantise::CERTAINTY;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(rng: &mut impl Rng, features: usize, hidden: &[usize], outputs: usize) -> PlainHead {
    let mut weights = Vec::new();
    let mut inputs = features;
    for &width in hidden.iter().chain([&outputs]) {
        let range = 1.0 / (inputs as f32).sqrt();
        weights.extend((0..width * (inputs + 1)).map(|_| rng.random_range(-range..range)));
        inputs = width;
    }
    PlainHead::mlp(features, hidden, outputs, Activation::Square, &weights).unwrap()
}

fn check(features: usize, hidden: &[usize], outputs: usize, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let head = random(&mut rng, features, hidden, outputs);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedSquare::protect(&head, &key, 64.0).unwrap();
    let rows: Vec<f32> = (0..2 * features)
        .map(|_| rng.random_range(-2f32..2.0).max(0.0))
        .collect();
    let classifier = SquareClassifier::new(&protected).unwrap();
    let results = classifier.classify(&rows).unwrap();
    let unit = protected.scale.open(&key, protected.id).unwrap()[0];
    let revealed = key.reveal_square_logits(&results).unwrap();
    for (row, logits) in rows.chunks(features).zip(revealed) {
        for (value, exact) in logits.values.iter().zip(head.logits(row).unwrap()) {
            let error = (value - exact).abs();
            let bound = CERTAINTY * deviation(&protected.shape, exact, unit);
            println!("{hidden:?}: error {error:.2e} of {exact}, bound {bound:.2e}");
            assert!(
                error < bound,
                "{hidden:?}: {value} for {exact}, bound {bound}"
            );
            assert!(
                error < 2e-3 * exact.abs().max(0.1),
                "{hidden:?}: {value} for {exact}"
            );
        }
    }
}

#[test]
fn two_layers_give_the_heads_logits() {
    check(2048, &[4], 1, 1);
    check(1024, &[8], 1, 2);
    check(300, &[5], 3, 3);
}

#[test]
fn three_layers_give_the_heads_logits() {
    check(512, &[4, 3], 1, 4);
    check(100, &[3, 2], 2, 5);
}

#[test]
fn another_key_and_unsuitable_inputs_are_errors() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let head = random(&mut rng, 16, &[2], 1);
    let (key, other) = (
        SecretKey::generate().unwrap(),
        SecretKey::generate().unwrap(),
    );
    let protected = ProtectedSquare::protect(&head, &key, 64.0).unwrap();
    let classifier = SquareClassifier::new(&protected).unwrap();
    let mut results = classifier.classify(&[1.0; 16]).unwrap();
    assert!(other.reveal_square_logits(&results).is_err());
    // Under a forged name the sealed secret does not open either.
    results.key = other.id();
    assert!(other.reveal_square_logits(&results).is_err());
    assert!(classifier.classify(&[17.0; 16]).is_err());
    assert!(classifier.classify(&[1.0; 15]).is_err());
    let relu = PlainHead::mlp(16, &[2], 1, Activation::Relu, &[0.1; 37]).unwrap();
    assert!(ProtectedSquare::protect(&relu, &key, 64.0).is_err());
    assert!(ProtectedSquare::protect(&head, &key, f32::NAN).is_err());
    let wide = random(&mut rng, 4, &[200, 100], 1);
    assert!(ProtectedSquare::protect(&wide, &key, 64.0).is_err());
}
