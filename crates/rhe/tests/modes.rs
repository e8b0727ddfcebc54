//! Heads under a pad, with a scale, and with results that hide the features: files come back as they
//! were, and damaged ones are refused.

use rhe::{
    Activation, Ask, Backend, EncryptedResults, FeatureScale, LinearClassifier, PlainHead,
    Precision, PrivateClassifier, ProtectedHead, ProtectedLinear, ProtectedPrivate, Protection,
    RevealCount, Revealed, RheError, Scheme, SecretKey,
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

/// A head with a hidden layer of two, squares between.
fn squares() -> PlainHead {
    let weights = (0..2 * (FEATURES + 1) + CLASSES * 3).map(|i| (i as f32 * 0.53).cos());
    let weights: Vec<f32> = weights.collect();
    PlainHead::mlp(FEATURES, &[2], CLASSES, Activation::Square, &weights).unwrap()
}

#[test]
fn the_kind_of_head_follows_from_its_layers_and_what_is_asked_for() {
    let (head, key, rows) = (head(), SecretKey::generate().unwrap(), rows(3));
    let plain = Protection::default();
    let calibrated = Protection {
        calibration: Some(&rows),
        ..plain
    };
    let protect = |head: &PlainHead, how: Protection<'_>| ProtectedHead::protect(head, &key, &how);
    let pad = Protection {
        scheme: Scheme::Pad,
        ..plain
    };
    let private = Protection {
        private: true,
        ..calibrated
    };
    let decision = Protection {
        decision: true,
        ..plain
    };
    assert!(matches!(
        protect(&head, plain),
        Ok(ProtectedHead::Linear(_))
    ));
    assert!(matches!(
        protect(&head, pad),
        Ok(ProtectedHead::Linear(head)) if head.scheme() == Scheme::Pad
    ));
    assert!(matches!(
        protect(&head, private),
        Ok(ProtectedHead::Private(_))
    ));
    assert!(matches!(
        protect(&head, decision),
        Ok(ProtectedHead::Decision(_))
    ));
    let squares = squares();
    assert!(matches!(
        protect(&squares, calibrated),
        Ok(ProtectedHead::Square(_))
    ));

    // Nothing that is asked for is left out in silence.
    let both = Protection {
        decision: true,
        ..private
    };
    let refused = [
        (
            &head,
            Protection {
                calibration: None,
                ..private
            },
            "--calibration",
        ),
        (&head, both, "--private with --decision"),
        (
            &head,
            Protection {
                scheme: Scheme::Pad,
                ..private
            },
            "--private with --scheme",
        ),
        (&squares, decision, "--activation relu"),
        (&squares, private, "leave --private out"),
        (&squares, pad, "leave --scheme out"),
    ];
    for (head, how, words) in refused {
        let error = protect(head, how).err().expect(words);
        assert!(matches!(error, RheError::Setting { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let ragged = Protection {
        calibration: Some(&rows[1..]),
        ..plain
    };
    assert!(matches!(protect(&head, ragged), Err(RheError::Rows { .. })));
}

#[test]
fn results_at_hand_are_counted_as_those_in_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let key = SecretKey::create(&path("owner.key"), Some(10), None).unwrap();
    let rows = rows(4);
    let protected = ProtectedHead::protect(&head(), &key, &Protection::default()).unwrap();
    let results = protected.classify(&rows, None, false).unwrap();
    let counted = protected.classify_to_file(&rows, None, false, &path("a.rhe"));
    assert_eq!(counted.unwrap(), 4);
    assert_eq!(std::fs::read(path("a.rhe")).unwrap(), results.to_bytes());

    let mut count = RevealCount::open(&path("owner.key"), &key).unwrap();
    let ask = Ask::default();
    let at_hand = key.reveal_counted(&results, &mut count, ask).unwrap();
    let mut in_file = Vec::new();
    key.reveal_file(&path("a.rhe"), &mut count, ask, |image| in_file.push(image))
        .unwrap();
    assert_eq!(at_hand, in_file);
    assert!(matches!(at_hand[0], Revealed::Logits(_)) && at_hand.len() == 4);
    assert_eq!(count.revealed(), 8);
    assert!(matches!(
        key.reveal_counted(&results, &mut count, ask),
        Err(RheError::Spent { .. })
    ));
    // Another key's results are refused, and that is counted, not told apart.
    let other = SecretKey::generate().unwrap();
    let foreign = ProtectedHead::protect(&head(), &other, &Protection::default()).unwrap();
    let foreign = foreign.classify(&rows[..FEATURES], None, false).unwrap();
    assert!(matches!(
        key.reveal_counted(&foreign, &mut count, ask),
        Err(RheError::Refused)
    ));
    assert_eq!((count.revealed(), count.refused()), (8, 1));
    // What nothing authenticates needs trust before it is counted.
    let squares = Protection {
        calibration: Some(&rows),
        ..Protection::default()
    };
    let squares = ProtectedHead::protect(&self::squares(), &key, &squares).unwrap();
    let squares = squares.classify(&rows[..FEATURES], None, false).unwrap();
    assert!(matches!(
        key.reveal_counted(&squares, &mut count, ask),
        Err(RheError::Unauthenticated { .. })
    ));
    let trusted = Ask {
        trusted_classifier: true,
        ..ask
    };
    assert_eq!(
        key.reveal_counted(&squares, &mut count, trusted)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(count.revealed(), 9);
    drop(count);

    // Nothing is left of a key that could not be made with all its files.
    std::fs::write(path("taken"), "a file").unwrap();
    assert!(SecretKey::create(&path("second.key"), None, Some(&path("taken"))).is_err());
    assert!(!path("second.key").exists() && !path("second.key.count").exists());
    assert!(SecretKey::create(&path("owner.key"), None, None).is_err());
}
