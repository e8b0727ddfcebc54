//! Bytes survive the journey, and damaged or foreign ones are refused.

use ckks::{Ciphertext, CkksError, Context, EvaluationKeys, Parameters, PublicKey, SecretKey};
use ckks::{KeyId, SeededCiphertext};
use proptest::prelude::*;
use std::sync::LazyLock;

struct Parties {
    context: Context,
    other: Context,
    key: SecretKey,
    messages: Vec<(&'static str, Vec<u8>)>,
}

static WORLD: LazyLock<Parties> = LazyLock::new(|| {
    let context = Context::new(&Parameters::new(11, &[27], 27, 20).unwrap()).unwrap();
    let other = Context::new(&Parameters::new(11, &[27], 27, 19).unwrap()).unwrap();
    let key = SecretKey::generate(&context).unwrap();
    let plain = context
        .encode_real(&[1.0, -2.0], 0, context.scale())
        .unwrap();
    let keys = key.evaluation_keys().relinearisation().rotations([1, 5]);
    let messages = vec![
        ("ciphertext", key.encrypt(&plain).unwrap().to_bytes()),
        ("seeded", key.encrypt_seeded(&plain).unwrap().to_bytes()),
        ("public", key.public_key().unwrap().to_bytes()),
        ("evaluation", keys.build().unwrap().to_bytes()),
        ("secret", key.to_bytes().to_vec()),
    ];
    Parties {
        context,
        other,
        key,
        messages,
    }
});

fn read(kind: &str, context: &Context, bytes: &[u8]) -> Result<KeyId, CkksError> {
    Ok(match kind {
        "ciphertext" => Ciphertext::from_bytes(context, bytes)?.key_id(),
        "seeded" => SeededCiphertext::from_bytes(context, bytes)?.key_id(),
        "public" => PublicKey::from_bytes(context, bytes)?.key_id(),
        "evaluation" => EvaluationKeys::from_bytes(context, bytes)?.key_id(),
        _ => SecretKey::from_bytes(context, bytes)?.id(),
    })
}

#[test]
fn everything_round_trips_and_keeps_its_key() {
    let world = &*WORLD;
    for (kind, bytes) in &world.messages {
        assert_eq!(read(kind, &world.context, bytes).unwrap(), world.key.id());
        assert!(matches!(
            read(kind, &world.other, bytes),
            Err(CkksError::Format { .. })
        ));
        for (other, _) in world.messages.iter().filter(|(other, _)| other != kind) {
            assert!(
                read(other, &world.context, bytes).is_err(),
                "{kind} as {other}"
            );
        }
        for version in [0u16, 2] {
            let mut old = bytes.clone();
            old[8..10].copy_from_slice(&version.to_le_bytes());
            assert!(read(kind, &world.context, &old).is_err());
        }
    }
    let secret = SecretKey::from_bytes(&world.context, &world.messages[4].1).unwrap();
    for (message, slack) in [(0, 1e-2), (1, 1e-2)] {
        let (kind, bytes) = &world.messages[message];
        let ciphertext = if *kind == "seeded" {
            SeededCiphertext::from_bytes(&world.context, bytes)
                .unwrap()
                .expand()
        } else {
            Ciphertext::from_bytes(&world.context, bytes).unwrap()
        };
        let slots = secret.decrypt(&ciphertext).unwrap().decode_real();
        assert!((slots[0] - 1.0).abs() < slack && (slots[1] + 2.0).abs() < slack);
    }
}

#[test]
fn read_keys_work() {
    let context = Context::new(&Parameters::fast().unwrap()).unwrap();
    let key = SecretKey::generate(&context).unwrap();
    let keys = key
        .evaluation_keys()
        .relinearisation()
        .rotations([3])
        .build()
        .unwrap();
    let bytes = keys.to_bytes();
    assert!(bytes.len() * 3 < keys.bytes_held(), "seeded and packed");
    let keys = EvaluationKeys::from_bytes(&context, &bytes).unwrap();
    let public = PublicKey::from_bytes(&context, &key.public_key().unwrap().to_bytes()).unwrap();
    let values: Vec<f64> = (0..4096).map(|j| (j % 10) as f64).collect();
    let plain = context.encode_real(&values, 3, context.scale()).unwrap();
    let x = public.encrypt(&plain).unwrap();
    let y = x
        .square()
        .unwrap()
        .relinearise(&keys)
        .unwrap()
        .rescale()
        .unwrap();
    let y = key
        .decrypt(&y.rotate(3, &keys).unwrap())
        .unwrap()
        .decode_real();
    for (j, y) in y.iter().enumerate() {
        let expected = values[(j + 3) % 4096].powi(2);
        assert!((y - expected).abs() < 2e-2, "slot {j}: {y} for {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_is_found(message in 0usize..5, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (kind, bytes) = &WORLD.messages[message];
        let mut flipped = bytes.clone();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        prop_assert!(read(kind, &WORLD.context, &flipped).is_err());
        prop_assert!(read(kind, &WORLD.context, &bytes[..at.index(bytes.len())]).is_err());
        let mut longer = bytes.clone();
        longer.push(bit);
        prop_assert!(read(kind, &WORLD.context, &longer).is_err());
    }
}
