use super::parameters::LOG2_DISTANCE;
use super::protect::{secret, slots};
use super::results::phases;
use super::ring::{ERROR_BOUND, Masks, Poly, Ring, centred, errors, modulus, ternary, uniform};
use super::*;
use crate::head::PlainHead;
use crate::keys::SecretKey;
use crate::linear::tests::{random_features, random_head};
use crate::quantise::{QuantisedFeatures, QuantisedLinear};
use crate::randomness::system_generator;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

#[test]
fn the_ring_is_within_the_table_for_128_bits() {
    let bits: f64 = PRIMES.iter().map(|&p| (p as f64).log2()).sum();
    let limit = ckks::max_log_qp(SIZE).unwrap();
    assert!(bits <= f64::from(limit), "{bits}");
    for p in PRIMES {
        assert!(tfhe_ntt::prime::is_prime64(p) && p % (2 * SIZE as u64) == 1);
    }
    // σ of the error: the table's is 8/√(2π) = 3.19.
    assert!((f64::from(ERROR_BOUND) / 2.0).sqrt() > 3.19);
}

#[test]
fn the_modulus_holds_messages_noise_and_flood() {
    for (features, classes) in [(1, 1), (32, 2), (1024, 10), (2048, 10), (1024, 100)] {
        let shape = PrivateShape::new(features, classes, 12).unwrap();
        let space = shape.space;
        assert!(space.log2_distance(classes) <= f64::from(LOG2_DISTANCE));
        assert!(2 * (space.noise + space.flood) < space.delta);
        assert!((i128::from(space.max_logit) + 1) * space.delta <= modulus() / 2);
    }
    let error = PrivateShape::new(1 << 17, 1000, 16)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no room") && error.contains("hint:"),
        "{error}"
    );
}

#[test]
fn residues_join_and_draws_keep_their_bounds() {
    let mut rng = system_generator().unwrap();
    for _ in 0..1000 {
        let value = uniform(&mut rng, modulus() / 2);
        let mut poly = Poly::zero();
        poly.add_at(3, value);
        assert_eq!(centred(poly.at(3)), value);
    }
    let count = 64 * SIZE;
    let drawn: Vec<i64> = (0..64).flat_map(|_| errors(&mut rng)).collect();
    let variance = drawn.iter().map(|e| (e * e) as f64).sum::<f64>() / count as f64;
    assert!(
        drawn
            .iter()
            .all(|e| e.unsigned_abs() <= u64::from(ERROR_BOUND))
    );
    // Variance 10.5; its standard error is about 10.5·√(2/n).
    assert!(
        (variance - 10.5).abs() < 6.0 * 10.5 * (2.0 / count as f64).sqrt(),
        "{variance}"
    );
    let blind = ternary(&mut rng);
    let ones = blind.iter().filter(|&&u| u == 1).count() as f64;
    let third = SIZE as f64 / 3.0;
    assert!(
        (ones - third).abs() < 6.0 * (third * 2.0 / 3.0).sqrt(),
        "{ones}"
    );
}

#[test]
fn products_are_those_of_the_ring() {
    // (1 + 2X)·3X^(N−1) = 3X^(N−1) − 6.
    let ring = Ring::new();
    let (mut left, mut right, mut sum) = (Poly::zero(), Poly::zero(), Poly::zero());
    left.add_at(0, 1);
    left.add_at(1, 2);
    right.add_at(SIZE - 1, 3);
    ring.forward(&mut left);
    ring.forward(&mut right);
    ring.multiply_add(&mut sum, &left, &right);
    ring.inverse(&mut sum);
    assert_eq!((centred(sum.at(0)), centred(sum.at(SIZE - 1))), (-6, 3));
}

/// A head, its private form and the key.
fn private(features: usize, classes: usize, seed: u64) -> (PlainHead, ProtectedPrivate, SecretKey) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let head = random_head(&mut rng, features, classes);
    let calibration = random_features(&mut rng, 50 * features);
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedPrivate::protect(&head, &key, 12, &calibration).unwrap();
    (head, protected, key)
}

fn rounded(protected: &ProtectedPrivate, row: &[f32]) -> QuantisedFeatures {
    let (mut out, mut scratch) = (QuantisedFeatures::default(), Vec::new());
    let space = protected.shape.space;
    let row = protected.scale.apply(row, &mut scratch);
    out.fill_fixed(row, space.scale as u32, space.max_feature as u32, 0)
        .unwrap();
    out
}

#[test]
fn logits_are_exact() {
    for (features, classes, seed) in [(1024, 10, 1), (5000, 3, 2), (7, 2, 3), (300, 40, 4)] {
        let (head, protected, key) = private(features, classes, seed);
        let layer = protected.scale.fold(&head.layers()[0]).unwrap();
        let quantised = QuantisedLinear::new(&layer, protected.shape.precision()).unwrap();
        let rows = random_features(&mut ChaCha8Rng::seed_from_u64(seed + 100), 2 * features);
        let results = PrivateClassifier::new(&protected).classify(&rows).unwrap();
        let logits = key.reveal_private_logits(&results).unwrap();
        for (row, logits) in rows.chunks(features).zip(logits) {
            assert_eq!(logits.integers, quantised.logits(&rounded(&protected, row)));
            let exact = head.predict(row).unwrap();
            assert!(logits.class == exact || logits.uncertain);
        }
    }
}

#[test]
fn features_out_of_range_and_other_keys_are_refused() {
    let (_, protected, key) = private(32, 3, 5);
    let classifier = PrivateClassifier::new(&protected);
    // The calibration reaches 3, a power of two above is 4, head room makes it 16.
    let error = classifier.classify(&[17.0; 32]).unwrap_err().to_string();
    assert!(error.contains("times the largest"), "{error}");
    assert!(classifier.classify(&[f32::NAN; 32]).is_err());
    assert!(classifier.classify(&[1.0; 31]).is_err());
    let mut results = classifier.classify(&[1.0; 32]).unwrap();
    assert!(key.reveal_private_logits(&results).is_ok());
    let other = SecretKey::generate().unwrap();
    assert!(other.reveal_private_logits(&results).is_err());
    results.images[0].bodies[0] = [1, 2];
    assert!(key.reveal_private_logits(&results).is_err());
}

/// A head of one class whose logit is the same for both rows: one is large, the other zero.
fn twins() -> (ProtectedPrivate, SecretKey, [Vec<i32>; 2]) {
    let mut weights = vec![0.25; 65];
    weights[..32].fill(-0.25);
    let head = PlainHead::linear(64, 1, &weights).unwrap();
    let key = SecretKey::generate().unwrap();
    let protected = ProtectedPrivate::protect(&head, &key, 12, &[1.0; 64]).unwrap();
    let space = protected.shape.space;
    let rows = [vec![space.max_feature as i32; 64], vec![0; 64]];
    (protected, key, rows)
}

/// What the owner sees beyond the logits: phase − Δ·logit of `count` results, over the flood.
fn residuals(
    (protected, key): (&ProtectedPrivate, &SecretKey),
    x: &[i32],
    flood: i128,
    count: usize,
) -> Vec<f64> {
    let classifier = PrivateClassifier::new(protected);
    let ring = Ring::new();
    let secret = secret(key, protected.id, &ring);
    let mut rng = system_generator().unwrap();
    let delta = protected.shape.space.delta;
    let draw = |_| {
        let result = classifier.evaluate(x, &mut rng, flood);
        let phase = phases(&protected.shape, &ring, &secret, &result)[0];
        let logit = (phase + phase.signum() * (delta / 2)) / delta;
        (phase - logit * delta) as f64 / flood.max(1) as f64
    };
    (0..count).map(draw).collect()
}

/// Kolmogorov and Smirnov's statistic of two samples, times √(n/2) for n of each.
fn smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let count = a.len() as f64;
    let below = |sorted: &[f64], x: f64| sorted.partition_point(|&v| v <= x) as f64 / count;
    let points = a.iter().chain(&b);
    let largest = points
        .map(|&x| (below(&a, x) - below(&b, x)).abs())
        .fold(0.0, f64::max);
    largest * (count / 2.0).sqrt()
}

/// Features of the same logits give noise of the same law; without the flood they do not, which
/// shows that the test can tell.
#[test]
fn equal_logits_give_indistinguishable_noise() {
    const COUNT: usize = 400;
    let (protected, key, [large, zero]) = twins();
    let pair = (&protected, &key);
    let flood = protected.shape.space.flood;
    let hidden = smirnov(
        residuals(pair, &large, flood, COUNT),
        residuals(pair, &zero, flood, COUNT),
    );
    let bare = smirnov(
        residuals(pair, &large, 0, COUNT),
        residuals(pair, &zero, 0, COUNT),
    );
    println!("Smirnov's statistic of {COUNT} results each: {hidden:.2} flooded, {bare:.2} bare");
    // Under one law it exceeds 1.95 once in 1 000 times, and 3 once in 30 million.
    assert!(hidden < 3.0, "{hidden}");
    assert!(bare > 3.0, "the control must tell them apart: {bare}");
}

/// Noise before the flood, measured at the largest features, against its bound V.
#[test]
fn the_distance_bound_holds_for_measured_noise() {
    let (protected, key, [large, _]) = twins();
    let space = protected.shape.space;
    let bare = residuals((&protected, &key), &large, 0, 200);
    let largest = bare.iter().fold(0f64, |m, v| m.max(v.abs()));
    let measured = (largest / (2.0 * space.flood as f64 + 1.0)).log2();
    println!(
        "noise {:.1} bits, bound {:.1}; log2 distance {measured:.1}, bound {:.1}",
        largest.log2(),
        (space.noise as f64).log2(),
        protected.log2_distance()
    );
    assert!(largest <= space.noise as f64);
    assert!(measured < f64::from(LOG2_DISTANCE));
    assert!(protected.log2_distance() <= f64::from(LOG2_DISTANCE));
}

/// Masks of one image twice differ everywhere, and each looks uniform: the mean of residues over
/// the prime is 1/2 within six standard errors, and that of neighbours' products 1/4.
#[test]
fn masks_are_fresh_and_uniform() {
    let (protected, _, [large, zero]) = twins();
    let classifier = PrivateClassifier::new(&protected);
    let mut rng = system_generator().unwrap();
    let mut mask = |x: &[i32]| classifier.evaluate(x, &mut rng, 1).masks.remove(0);
    let (first, again, other) = (mask(&large), mask(&large), mask(&zero));
    for (a, b) in [(&first, &again), (&first, &other)] {
        let equal = a.0[0].iter().zip(&b.0[0]).filter(|(a, b)| a == b).count();
        assert_eq!(equal, 0);
    }
    for mask in [first, again, other] {
        for (row, p) in mask.0.iter().zip(PRIMES) {
            let unit: Vec<f64> = row.iter().map(|&v| v as f64 / p as f64).collect();
            let count = SIZE as f64;
            let mean = unit.iter().sum::<f64>() / count;
            assert!(
                (mean - 0.5).abs() < 6.0 * (1.0 / 12.0 / count).sqrt(),
                "{mean}"
            );
            let pairs = unit.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / (count - 1.0);
            assert!(
                (pairs - 0.25).abs() < 6.0 * (7.0 / 144.0 / count).sqrt() * 2.0,
                "{pairs}"
            );
        }
    }
}

#[test]
fn masks_of_a_seed_do_not_change() {
    let mut masks = Masks::new(&[7; 32]);
    let first = masks.draw();
    assert!(
        first
            .0
            .iter()
            .zip(PRIMES)
            .all(|(row, p)| row.iter().all(|&v| v < p))
    );
    assert_ne!(first, masks.draw());
    assert_eq!(first, Masks::new(&[7; 32]).draw());
    // The first word of the ChaCha20 stream of this key (openssl), without its lowest bits.
    assert_eq!(first.at(0)[0], 0x41f6_aa57_7892_00f4 >> 9);
}

#[test]
fn slots_of_the_last_group_are_its_classes() {
    let shape = PrivateShape::new(1024, 10, 12).unwrap();
    let counts: Vec<usize> = (0..3).map(|group| slots(&shape, group).count()).collect();
    assert_eq!(counts, [4, 4, 2]);
}
