//! Results that nothing authenticates, and why they are told only where the classifier is trusted.

use super::format::{N, bits, container, master, payload};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rhe::{
    Activation, Backend, EncryptedResults, Form, LinearClassifier, PlainHead, Precision,
    ProtectedLinear, ProtectedRelu, ProtectedSquare, Ranges, RheError, SecretKey, SquareClassifier,
};

/// The secret that all heads share that bootstrap.
fn secret(key: &SecretKey) -> Vec<u64> {
    let seed = blake3::derive_key("rhea rhe glwe secret", &master(key));
    bits(ChaCha20Rng::from_seed(seed))
}

/// An LWE ciphertext with these masks, and nothing else.
fn lwe(masks: &[(usize, u64)], body: u64) -> Vec<u8> {
    let mut words = vec![0u64; N + 1];
    masks.iter().for_each(|&(at, mask)| words[at] = mask);
    words[N] = body;
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

fn unauthenticated(key: &SecretKey, results: &EncryptedResults) {
    for answer in [
        key.reveal(results).map(drop),
        key.reveal_logits(results).map(drop),
    ] {
        let error = answer.expect_err("told to whoever asks");
        assert!(matches!(error, RheError::Unauthenticated { .. }), "{error}");
        assert!(
            error.to_string().contains("--trusted-classifier"),
            "{error}"
        );
    }
}

/// Three bits of the key a decision: a made-up ciphertext whose message is their number.
#[test]
fn decisions_give_three_key_bits_each_to_who_is_trusted() {
    let key = SecretKey::generate().unwrap();
    let plain = PlainHead::linear(4, 10, &[0.5; 50]).unwrap();
    let head = ProtectedLinear::protect(&plain, &key, Precision::default()).unwrap();
    let like = head.to_bytes();
    let step = 1u64 << 58;
    let mut content = payload(&like)[..32].to_vec();
    content.extend(10u64.to_le_bytes());
    content.extend((N as u64 / 3).to_le_bytes());
    for i in 0..N / 3 {
        // 1 + s_0 + 2·s_1 + 4·s_2, a class and one.
        let minus = |factor: u64| (factor * step).wrapping_neg();
        content.extend(lwe(
            &[
                (3 * i, minus(1)),
                (3 * i + 1, minus(2)),
                (3 * i + 2, minus(4)),
            ],
            step,
        ));
    }
    let forged = EncryptedResults::from_bytes(&container(&like, 10, 3, &content)).unwrap();
    unauthenticated(&key, &forged);
    let read: Vec<u64> = key
        .reveal_trusted(&forged)
        .unwrap()
        .into_iter()
        .flat_map(|class| (0..3).map(move |bit| (class as u64 >> bit) & 1))
        .collect();
    assert_eq!(read, secret(&key)[..read.len()]);
    assert_eq!(read.len(), 2046);
}

/// One bit of the key a class of a ReLU head.
#[test]
fn relu_results_give_a_key_bit_each_to_who_is_trusted() {
    let key = SecretKey::generate().unwrap();
    let weights = [0.5, -0.25, 0.125, 1.0, 0.0];
    let plain = PlainHead::mlp(2, &[1], 1, Activation::Relu, &weights).unwrap();
    let ranges = Ranges::guaranteed(&plain).unwrap();
    let head = ProtectedRelu::protect(&plain, &key, &ranges, Form::Seeded).unwrap();
    let like = head.to_bytes();
    // Names, then the scales that are sealed behind the three numbers of the shape.
    let sealed = 3 * 8 + 32;
    let mut content = payload(&like)[..32].to_vec();
    content.extend(1u64.to_le_bytes());
    content.extend(&payload(&like)[56..56 + sealed]);
    content.extend((N as u64).to_le_bytes());
    content.extend(std::iter::repeat_n(1u32.to_le_bytes(), N).flatten());
    for i in 0..N {
        // Three sixteenths of a turn below zero, or above it where the bit is set: more than the
        // sealed offset can move, and within the range of logits.
        let sixteenth = 1u64 << 60;
        let (mask, body) = (6 * sixteenth, 3 * sixteenth);
        content.extend(lwe(&[(i, mask.wrapping_neg())], body.wrapping_neg()));
    }
    let forged = EncryptedResults::from_bytes(&container(&like, 6, 3, &content)).unwrap();
    unauthenticated(&key, &forged);
    let read: Vec<u64> = key
        .reveal_trusted(&forged)
        .unwrap()
        .into_iter()
        .map(|class| class as u64)
        .collect();
    assert_eq!(read, secret(&key));
}

/// CKKS results tell their noise, and with it the key; no one has to forge anything.
#[test]
fn results_of_square_heads_are_told_where_the_classifier_is_trusted() {
    let key = SecretKey::generate().unwrap();
    let weights = [0.5, -0.25, 0.125, 1.0, 0.0];
    let plain = PlainHead::mlp(2, &[1], 1, Activation::Square, &weights).unwrap();
    let head = ProtectedSquare::protect(&plain, &key, 8.0).unwrap();
    let results = SquareClassifier::new(&head).unwrap().classify(&[1.0, 2.0]);
    let results = EncryptedResults::Square(results.unwrap());
    unauthenticated(&key, &results);
    assert_eq!(key.reveal_trusted(&results).unwrap().len(), 1);
    // A sealed secret that was altered does not open.
    let mut bytes = results.to_bytes();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    assert!(EncryptedResults::from_bytes(&bytes).is_err());
}

/// Linear results need no trust, and have none to gain.
#[test]
fn linear_results_are_authenticated_for_everyone() {
    let key = SecretKey::generate().unwrap();
    let plain = PlainHead::linear(2, 2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).unwrap();
    let head = ProtectedLinear::protect(&plain, &key, Precision::default()).unwrap();
    let classifier = LinearClassifier::new(&head, Backend::Detected);
    let results = classifier.classify(&[0.1, 0.9]).unwrap();
    let honest = EncryptedResults::from_bytes(&results.to_bytes()).unwrap();
    assert_eq!(key.reveal(&honest).unwrap(), [1]);
    let other = SecretKey::generate().unwrap();
    assert!(matches!(
        other.reveal_trusted(&honest),
        Err(RheError::Refused)
    ));
}
