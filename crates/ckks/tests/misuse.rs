//! Levels, scales, keys and parameters cannot be mixed.

use ckks::{CkksError, Context, EncodedMap, LinearMap, Parameters, SecretKey};

#[test]
fn every_mixture_is_an_error() {
    let context = Context::new(&Parameters::fast().unwrap()).unwrap();
    let foreign = Context::new(&Parameters::new(13, &[40, 30, 30], 45, 30).unwrap()).unwrap();
    let key = SecretKey::generate(&context).unwrap();
    let stranger = SecretKey::generate(&context).unwrap();
    let scale = context.scale();
    let plain = context.encode_real(&[1.0], 2, scale).unwrap();
    let x = key.encrypt(&plain).unwrap();

    let theirs = stranger.encrypt(&plain).unwrap();
    assert!(matches!(x.add(&theirs), Err(CkksError::Key { .. })));
    assert!(matches!(x.mul(&theirs), Err(CkksError::Key { .. })));
    let keys = stranger
        .evaluation_keys()
        .relinearisation()
        .rotations([1])
        .build()
        .unwrap();
    assert!(matches!(x.rotate(1, &keys), Err(CkksError::Key { .. })));
    let product = x.square().unwrap();
    assert!(matches!(
        product.relinearise(&keys),
        Err(CkksError::Key { .. })
    ));
    let bare = key.evaluation_keys().build().unwrap();
    assert!(bare.is_empty());
    assert!(matches!(
        product.relinearise(&bare),
        Err(CkksError::MissingKey { .. })
    ));
    assert!(matches!(
        x.conjugate(&bare),
        Err(CkksError::MissingKey { .. })
    ));

    assert!(matches!(
        product.mul(&x),
        Err(CkksError::NotRelinearised { parts: 3, .. })
    ));
    assert!(matches!(
        product.rotate(1, &keys),
        Err(CkksError::NotRelinearised { .. })
    ));

    let lower = x.drop_to(1).unwrap();
    assert!(matches!(
        x.add(&lower),
        Err(CkksError::Level {
            left: 2,
            right: 1,
            ..
        })
    ));
    assert!(matches!(
        lower.add_plain(&plain),
        Err(CkksError::Level { .. })
    ));
    assert!(matches!(
        lower.mul_plain(&plain),
        Err(CkksError::Level { .. })
    ));
    assert!(matches!(
        lower.drop_to(2),
        Err(CkksError::LevelsSpent { .. })
    ));
    assert!(matches!(
        x.drop_to(0).unwrap().rescale(),
        Err(CkksError::LevelsSpent { level: 0, .. })
    ));

    assert!(matches!(
        x.add(&x.mul_constant(1.0, 1.5).unwrap()),
        Err(CkksError::Scale { .. })
    ));
    let finer = context.encode_real(&[1.0], 2, scale * 1.000001).unwrap();
    assert!(matches!(x.add_plain(&finer), Err(CkksError::Scale { .. })));
    assert!(matches!(
        product.drop_to(0),
        Err(CkksError::Overflow { level: 0, .. })
    ));

    let outside = foreign.encode_real(&[1.0], 2, foreign.scale()).unwrap();
    assert!(matches!(
        x.add_plain(&outside),
        Err(CkksError::Context { .. })
    ));
    assert!(matches!(
        key.encrypt(&outside),
        Err(CkksError::Context { .. })
    ));

    let mut map = LinearMap::new(context.slots(), 1).unwrap();
    map.add(0, 2, 1.0).unwrap();
    let map = EncodedMap::encode(&context, &map, 4, 2, scale).unwrap();
    assert!(matches!(map.apply(&x, &keys), Err(CkksError::Key { .. })));
    assert!(matches!(
        map.apply(&x, &bare),
        Err(CkksError::MissingKey { .. })
    ));
}

#[test]
fn messages_name_the_mend() {
    let error = Parameters::new(13, &[50, 50, 50, 50], 50, 40).unwrap_err();
    assert_eq!(
        error.to_string(),
        "log QP = 250.0 bits is above the 218 that ring degree 8192 allows for 128-bit security\n\
         hint: use fewer or smaller primes, or a larger ring"
    );
}
