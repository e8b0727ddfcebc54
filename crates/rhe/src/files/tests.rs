use super::RevealCount;
use super::container::Kind;
use crate::decision::DecisionResults;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::linear::{LinearClassifier, LinearResults, LinearShape, ProtectedLinear};
use crate::quantise::Precision;
use crate::relu::ReluResults;
use crate::transform::Backend;
use crate::{Ask, EncryptedResults, ProtectedHead, RheError};

struct Objects {
    key: SecretKey,
    head: ProtectedLinear,
    results: LinearResults,
}

fn objects() -> Objects {
    let weights: Vec<f32> = (0..3 * 21).map(|i| (i as f32 * 0.37).sin()).collect();
    let plain = PlainHead::linear(20, 3, &weights).unwrap();
    let key = SecretKey::generate().unwrap();
    let head = ProtectedLinear::protect(&plain, &key, Precision::default()).unwrap();
    let rows: Vec<f32> = (0..40).map(|i| (i as f32 * 0.11).cos()).collect();
    let results = LinearClassifier::new(&head, Backend::Detected)
        .classify(&rows)
        .unwrap();
    Objects { key, head, results }
}

/// Rewrites a container's bytes and gives it a right checksum again.
fn forged(bytes: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut out = bytes[..bytes.len() - 16].to_vec();
    out[at..at + value.len()].copy_from_slice(value);
    let checksum = blake3::hash(&out);
    out.extend_from_slice(&checksum.as_bytes()[..16]);
    out
}

fn reason<T>(result: Result<T, RheError>) -> String {
    match result {
        Ok(_) => panic!("a bad file was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn objects_come_back_as_they_were() {
    let Objects { key, head, results } = objects();
    assert_eq!(ProtectedLinear::from_bytes(&head.to_bytes()).unwrap(), head);
    assert_eq!(
        LinearResults::from_bytes(&results.to_bytes()).unwrap(),
        results
    );
    let again = SecretKey::from_bytes(&key.to_bytes()).unwrap();
    assert_eq!(again.coefficients(), key.coefficients());
}

#[test]
fn every_truncation_is_an_error() {
    let Objects { key, head, results } = objects();
    let bytes = [key.to_bytes().to_vec(), head.to_bytes(), results.to_bytes()];
    for bytes in &bytes {
        for length in (0..bytes.len()).step_by(1 + bytes.len() / 97) {
            let cut = &bytes[..length];
            assert!(SecretKey::from_bytes(cut).is_err());
            assert!(ProtectedHead::from_bytes(cut).is_err());
            assert!(EncryptedResults::from_bytes(cut).is_err());
        }
    }
    let mut longer = bytes[1].clone();
    longer.push(0);
    assert!(ProtectedHead::from_bytes(&longer).is_err());
}

#[test]
fn every_bit_flip_is_an_error() {
    let Objects { key, head, results } = objects();
    let bytes = [key.to_bytes().to_vec(), head.to_bytes(), results.to_bytes()];
    for bytes in &bytes {
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 211).chain(0..60) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(SecretKey::from_bytes(&flipped).is_err());
            assert!(ProtectedHead::from_bytes(&flipped).is_err());
            assert!(EncryptedResults::from_bytes(&flipped).is_err());
        }
    }
}

#[test]
fn other_versions_parameters_and_kinds_are_named() {
    let Objects { key, head, .. } = objects();
    let bytes = head.to_bytes();
    for (version, hint) in [([9, 0], "version is 9"), ([2, 0], "protect the head again")] {
        let said = reason(ProtectedHead::from_bytes(&forged(&bytes, 10, &version)));
        assert!(said.contains(hint) && said.contains("reads 3"), "{said}");
    }
    let parameters = reason(ProtectedHead::from_bytes(&forged(&bytes, 12, &[0xab; 8])));
    assert!(
        parameters.contains("its parameters are abababababababab"),
        "{parameters}"
    );
    let kind = reason(ProtectedHead::from_bytes(&key.to_bytes()));
    assert!(kind.contains("another kind: secret key"), "{kind}");
    let foreign = reason(ProtectedHead::from_bytes(&[0; 100]));
    assert!(foreign.contains("not ours"), "{foreign}");
}

#[test]
fn forged_contents_are_refused_without_a_panic() {
    let Objects { key, head, results } = objects();
    let bytes = head.to_bytes();
    // Features and classes of absurd size, and words above the modulus.
    for (at, value) in [
        (28 + 32, [0xff; 8]),
        (28 + 40, [0xff; 8]),
        (bytes.len() - 24, [0xff; 8]),
    ] {
        assert!(ProtectedHead::from_bytes(&forged(&bytes, at, &value)).is_err());
    }
    let bytes = results.to_bytes();
    // Before the number of images, two images of 76 bytes and the checksum.
    let images = bytes.len() - 16 - 2 * 76 - 8;
    for at in [28 + 32, 28 + 40, 28 + 48, 28 + 56, images, bytes.len() - 24] {
        let read = EncryptedResults::from_bytes(&forged(&bytes, at, &[0xff; 8]));
        assert!(matches!(read, Err(RheError::Refused)));
    }
    assert_eq!(bytes[images..images + 8], 2u64.to_le_bytes());
    let renamed = reason(SecretKey::from_bytes(&forged(
        &key.to_bytes(),
        28,
        &[1; 16],
    )));
    assert!(renamed.contains("does not follow"), "{renamed}");
}

#[test]
fn a_file_above_its_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    std::fs::write(&path, vec![0; 2000]).unwrap();
    let error = reason(SecretKey::load(&path));
    assert!(error.contains("not ours"), "{error}");
    let mut stated = SecretKey::generate().unwrap().to_bytes().to_vec();
    stated[20..28].copy_from_slice(&(Kind::SecretKey.limit() + 1).to_le_bytes());
    let error = reason(SecretKey::from_bytes(&stated));
    assert!(error.contains("above the limit"), "{error}");
}

#[test]
fn the_secret_key_is_for_its_user_only_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner.key");
    let key = SecretKey::generate().unwrap();
    key.save(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(SecretKey::load(&path).unwrap().id(), key.id());
    let error = reason(SecretKey::generate().unwrap().save(&path));
    assert!(error.contains("it exists"), "{error}");
    assert_eq!(SecretKey::load(&path).unwrap().id(), key.id());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn heads_and_results_are_saved_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let Objects { key, head, results } = objects();
    let (a, b) = (
        folder.path().join("head.rhe"),
        folder.path().join("results.rhe"),
    );
    ProtectedHead::Linear(head).save(&a).unwrap();
    EncryptedResults::Linear(results).save(&b).unwrap();
    assert_eq!(ProtectedHead::load(&a).unwrap().key_id(), key.id());
    assert_eq!(
        key.reveal(&EncryptedResults::load(&b).unwrap())
            .unwrap()
            .len(),
        2
    );
    let missing = reason(ProtectedHead::load(&folder.path().join("none")));
    assert!(
        missing.contains("cannot read") && missing.contains("none"),
        "{missing}"
    );
}

#[test]
fn what_would_not_be_read_back_is_refused_before_it_is_made() {
    // 1000 outputs of a ReLU head: 16 MB an image.
    assert!(ReluResults::check_size(1000, 262).is_ok());
    let said = ReluResults::check_size(1000, 263).unwrap_err().to_string();
    assert!(said.contains("hint: classify at most 262 images"), "{said}");
    assert!(DecisionResults::check_size(usize::MAX).is_err());
    // A head of 2 GB.
    let wide = LinearShape::new(1 << 16, 1 << 12, Precision::default()).unwrap();
    let said = ProtectedLinear::check_size(&wide).unwrap_err().to_string();
    assert!(
        said.contains("bytes, at most 1073741824 are read"),
        "{said}"
    );
}

#[test]
fn results_are_classified_into_a_file_and_revealed_from_it_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("key"), folder.path().join("results"));
    let key = SecretKey::generate().unwrap();
    key.save(&path).unwrap();
    RevealCount::begin(&path, &key, None).unwrap();
    let mut count = RevealCount::open(&path, &key).unwrap();
    // 16 KB an image: 1024 of them are a part.
    const FEATURES: usize = 8000;
    let weights: Vec<f32> = (0..2 * (FEATURES + 1)).map(|i| (i as f32).sin()).collect();
    let plain = PlainHead::linear(FEATURES, 2, &weights).unwrap();
    let head = ProtectedLinear::protect(&plain, &key, Precision::default()).unwrap();
    let classifier = LinearClassifier::new(&head, Backend::Detected);
    let rows: Vec<f32> = (0..1100 * FEATURES)
        .map(|i| (i as f32 * 0.7).cos().max(0.0))
        .collect();
    assert_eq!(classifier.classify_to_file(&rows, &out).unwrap(), 1100);
    let results = classifier.classify(&rows).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), results.to_bytes());
    let mut told = Vec::new();
    let mut reveal = |count: &mut RevealCount| {
        told.clear();
        key.reveal_file(&out, count, Ask::default(), |image| told.push(image))
            .map(|images| (images, told.len()))
    };
    assert_eq!(reveal(&mut count).unwrap(), (1100, 1100));
    assert_eq!(count.revealed(), 1100);
    // The last image of the last part: nothing of the first is told either.
    let mut bytes = results.to_bytes();
    let last = bytes.len() - 17;
    bytes[last] ^= 1;
    std::fs::write(&out, forged(&bytes, 0, b"RHEA")).unwrap();
    assert!(matches!(reveal(&mut count), Err(RheError::Refused)));
    assert!(told.is_empty());
    assert_eq!((count.revealed(), count.refused()), (1100, 1));
    // An image of the second part that cannot be classified is named by its own number.
    let mut rows = rows;
    rows[1090 * FEATURES] = f32::NAN;
    let said = classifier.classify_to_file(&rows, &out).unwrap_err();
    assert!(said.to_string().contains("image 1090"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}
