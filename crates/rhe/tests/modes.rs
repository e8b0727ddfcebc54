//! Heads under a pad, with a scale, and with results that hide the features: files come back as they
//! were, and damaged ones are refused.

use rhe::{
    Backend, EncryptedResults, FeatureScale, LinearClassifier, PlainHead, Precision,
    PrivateClassifier, ProtectedHead, ProtectedLinear, ProtectedPrivate, RheError, Scheme,
    SecretKey,
};

const FEATURES: usize = 20;
const CLASSES: usize = 3;

fn head() -> PlainHead {
    let weights = (0..CLASSES * (FEATURES + 1)).map(|i| (i as f32 * 0.37).sin());
    PlainHead::linear(FEATURES, CLASSES, &weights.collect::<Vec<_>>()).unwrap()
}

/// Features of which a column is a thousand times the others.
fn rows(images: usize) -> Vec<f32> {
    let value = |i: usize| (i as f32 * 0.91).sin().abs();
    let column = |i: usize| if i.is_multiple_of(FEATURES) { 1e3 } else { 1.0 };
    (0..images * FEATURES)
        .map(|i| value(i) * column(i))
        .collect()
}

/// The classes of the head in the clear.
fn classes(head: &PlainHead, rows: &[f32]) -> Vec<usize> {
    let images = rows.chunks_exact(FEATURES);
    images.map(|row| head.predict(row).unwrap()).collect()
}

fn damaged(bytes: &[u8], read: impl Fn(&[u8]) -> bool) {
    for at in (0..bytes.len()).step_by(1 + bytes.len() / 97) {
        assert!(!read(&bytes[..at]), "cut at {at}");
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        assert!(!read(&flipped), "flipped at {at}");
    }
}

#[test]
fn linear_heads_of_every_scheme_and_scale_come_back() {
    let (head, key, rows) = (head(), SecretKey::generate().unwrap(), rows(30));
    // So few bits that the other columns are lost without a scale.
    let precision = Precision {
        weight_bits: 12,
        feature_bits: 8,
    };
    let scaled = FeatureScale::calibrated(&head, precision, &rows).unwrap();
    assert!(!scaled.is_none(), "one column dwarfs the others");
    for scheme in Scheme::ALL {
        let protected =
            ProtectedLinear::protect_as(&head, &key, precision, scaled.clone(), scheme).unwrap();
        let bytes = protected.to_bytes();
        let ProtectedHead::Linear(again) = ProtectedHead::from_bytes(&bytes).unwrap() else {
            panic!("another kind");
        };
        assert_eq!(again, protected);
        assert_eq!(again.scheme(), scheme);
        let results = LinearClassifier::new(&again, Backend::Detected)
            .classify(&rows)
            .unwrap();
        let revealed = key.reveal(&EncryptedResults::Linear(results)).unwrap();
        let right = classes(&head, &rows);
        let agree = revealed.iter().zip(&right).filter(|(a, b)| a == b).count();
        assert!(agree >= 29, "{scheme:?}: {agree} of 30");
        damaged(&bytes, |bytes| ProtectedHead::from_bytes(bytes).is_ok());
    }
}

#[test]
fn private_heads_and_their_results_come_back() {
    let (head, key, rows) = (head(), SecretKey::generate().unwrap(), rows(3));
    let protected = ProtectedPrivate::protect(&head, &key, 12, &rows).unwrap();
    let bytes = protected.to_bytes();
    let ProtectedHead::Private(again) = ProtectedHead::from_bytes(&bytes).unwrap() else {
        panic!("another kind");
    };
    assert_eq!(again, protected);
    damaged(&bytes, |bytes| ProtectedHead::from_bytes(bytes).is_ok());
    let results = PrivateClassifier::new(&again).classify(&rows).unwrap();
    let bytes = results.to_bytes();
    let opened = EncryptedResults::from_bytes(&bytes).unwrap();
    assert!(matches!(&opened, EncryptedResults::Private(again) if *again == results));
    damaged(&bytes, |bytes| EncryptedResults::from_bytes(bytes).is_ok());
    // Only for owners who trust the classifier.
    assert!(matches!(
        key.reveal(&opened),
        Err(RheError::Unauthenticated { .. })
    ));
    assert_eq!(key.reveal_trusted(&opened).unwrap(), classes(&head, &rows));
}
