use super::*;
use crate::head::PlainHead;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn head(weights: &[f32], features: usize) -> Dense {
    let classes = weights.len() / (features + 1);
    PlainHead::linear(features, classes, weights)
        .unwrap()
        .layers()[0]
        .clone()
}

proptest! {
    #[test]
    fn the_error_stays_within_its_bound(
        weights in prop::collection::vec(-2f32..2.0, 3 * 9),
        features in prop::collection::vec(-5f32..5.0, 8),
    ) {
        let layer = head(&weights, 8);
        let precision = Precision::default();
        let quantised = QuantisedLinear::new(&layer, precision).unwrap();
        let space = precision.space(8).unwrap();
        let integers = QuantisedFeatures::new(&features, &space, 0).unwrap();
        let scale = f64::from(integers.scale);
        let length: f64 = features.iter().map(|&f| f64::from(f).abs()).sum::<f64>() + 1.0;
        let exact = PlainHead::linear(8, 3, &weights).unwrap().logits(&features).unwrap();
        let values = quantised.values(&integers).into_iter();
        for (k, ((value, exact), logit)) in values.zip(exact).zip(quantised.logits(&integers)).enumerate() {
            prop_assert!(logit.abs() <= space.max_logit);
            // (s/2)·(‖f‖₁ + 1) from weights and bias, s·‖ŵ‖₁/(2β) from the features.
            let row = quantised.weights[k * 8..][..8].iter();
            let row: f64 = row.map(|&w| f64::from(w.abs())).sum();
            let bound = quantised.steps[k] / 2.0 * (length + row / scale);
            prop_assert!((value - exact).abs() <= bound * (1.0 + 1e-6), "{value} {exact} {bound}");
        }
    }

    #[test]
    fn every_logit_fits_the_plaintext_space(
        weight_bits in 4u32..=14, feature_bits in 2u32..=8, features in 1usize..2000,
    ) {
        let precision = Precision { weight_bits, feature_bits };
        let space = precision.space(features).unwrap();
        let worst = i128::from(space.max_weight) * i128::from(space.max_sum);
        prop_assert!(worst <= i128::from(space.max_logit));
        prop_assert!(i128::from(space.delta) * (worst + 1) <= i128::from(MODULUS / 2));
        // The worst noise of the largest product is below half a step.
        prop_assert!(2 * (i128::from(space.max_sum) << NOISE_BOUND_LOG2) < i128::from(space.delta));
        prop_assert!(space.max_scale >= 1);
    }
}

#[test]
fn large_biases_take_bits_from_weights_and_no_overflow() {
    let layer = head(&[0.01, 100.0], 1);
    let precision = Precision {
        weight_bits: 12,
        ..Precision::default()
    };
    let quantised = QuantisedLinear::new(&layer, precision).unwrap();
    assert_eq!(quantised.biases, [16 * 2047]);
    assert_eq!(quantised.weights, [3]);
}

#[test]
fn a_head_of_zeros_is_quantised_to_zeros() {
    let quantised = QuantisedLinear::new(&head(&[0.0; 4], 1), Precision::default()).unwrap();
    assert_eq!(
        (quantised.weights, quantised.biases),
        (vec![0; 2], vec![0; 2])
    );
}

#[test]
fn noisy_images_get_a_smaller_scale_instead_of_wrong_logits() {
    let precision = Precision {
        weight_bits: 12,
        feature_bits: 10,
    };
    let space = precision.space(1024).unwrap();
    let features = QuantisedFeatures::new(&[1.0; 1024], &space, 0).unwrap();
    assert!(features.scale < space.max_feature);
    assert!(features.sum <= space.max_sum && features.sum > space.max_sum * 9 / 10);
    // Alternating values that round up all together cannot pass the limit either.
    let row: Vec<f32> = (0..1024)
        .map(|j| if j % 2 == 0 { 0.51 } else { -1.0 })
        .collect();
    assert!(QuantisedFeatures::new(&row, &space, 0).unwrap().sum <= space.max_sum);
}

#[test]
fn impossible_precisions_are_refused() {
    for (weight_bits, feature_bits) in [(3, 8), (21, 8), (12, 1), (12, 15)] {
        assert!(
            Precision {
                weight_bits,
                feature_bits
            }
            .space(1024)
            .is_err()
        );
    }
    let error = Precision {
        weight_bits: 20,
        feature_bits: 14,
    }
    .space(1 << 18)
    .unwrap_err();
    assert!(matches!(error, RheError::Setting { .. }), "{error}");
    assert!(error.to_string().contains("hint:"));
}

#[test]
fn every_precision_within_the_bounds_has_room_for_a_feature_and_no_other_has() {
    for weight_bits in 3..=21 {
        for feature_bits in 1..=15 {
            let options = spec::Rhe {
                weight_bits,
                feature_bits,
                ..spec::Rhe::default()
            };
            let precision = Precision {
                weight_bits,
                feature_bits,
            };
            let space = precision.space(1024);
            assert_eq!(space.is_ok(), spec::Options::check(&options).is_ok());
            if let Ok(space) = space {
                assert!(space.max_sum >= u64::from(space.max_feature) + BIAS_RANGE as u64);
            }
        }
    }
}

/// The predicted variance of rounding against the measured one, over 12 000 logits.
#[test]
fn rounding_has_the_predicted_variance() {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let (features, classes, precision) = (256, 3, Precision::default());
    let space = precision.space(features).unwrap();
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..40 {
        let weights: Vec<f32> = (0..classes * (features + 1))
            .map(|_| rng.random_range(-1f32..1.0))
            .collect();
        let head = PlainHead::linear(features, classes, &weights).unwrap();
        let quantised = QuantisedLinear::new(&head.layers()[0], precision).unwrap();
        let rounding = Rounding::new(&head.layers()[0], &quantised);
        for _ in 0..100 {
            let row: Vec<f32> = (0..features)
                .map(|_| rng.random_range(-1f32..1.0))
                .collect();
            let rounded = QuantisedFeatures::new(&row, &space, 0).unwrap();
            let deviations = rounding.deviations(rounded.scale, rounded.norm());
            let exact = head.logits(&row).unwrap();
            for ((value, exact), deviation) in
                quantised.values(&rounded).iter().zip(exact).zip(deviations)
            {
                sum += ((value - exact) / deviation).powi(2);
                count += 1;
            }
        }
    }
    let ratio = sum / f64::from(count);
    println!("measured / predicted variance over {count} logits: {ratio:.4}");
    assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
}

#[test]
fn a_masking_bias_leaves_other_rows_their_resolution() {
    let head = PlainHead::linear(2, 3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.5, 0.0, -1e30]).unwrap();
    let quantised = QuantisedLinear::new(&head.layers()[0], Precision::default()).unwrap();
    let space = Precision::default().space(2).unwrap();
    let values = quantised.values(&QuantisedFeatures::new(&[0.1, 0.9], &space, 0).unwrap());
    assert!(
        (values[0] - 0.1).abs() < 0.01 && (values[1] - 0.9).abs() < 0.01,
        "{values:?}"
    );
    assert!((values[2] / -1e30 - 1.0).abs() < 1e-6, "{values:?}");
}

/// Heads and features of three kinds: a column that is small and counts, features all small, features
/// all large. Class 1 is right in each.
#[test]
fn a_scale_keeps_what_rounding_would_lose() {
    let cases = [
        ([0.0, 0.0, 0.0, 0.0, 1000.0, -5.0], [100.0, 0.009]),
        ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [1e-6, 9e-6]),
        // Right without a scale, by luck as it seems from the rounded logits.
        ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [1e-4, 9e-4]),
        ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [1e5, 9e5]),
    ];
    let precision = Precision::default();
    let space = precision.space(2).unwrap();
    for (weights, row) in cases {
        let head = PlainHead::linear(2, 2, &weights).unwrap();
        assert_eq!(head.predict(&row).unwrap(), 1);
        let scale = FeatureScale::calibrated(&head, precision, &row).unwrap();
        assert!(!scale.is_none());
        let folded =
            QuantisedLinear::new(&scale.fold(&head.layers()[0]).unwrap(), precision).unwrap();
        let mut scratch = Vec::new();
        let rounded = QuantisedFeatures::new(scale.apply(&row, &mut scratch), &space, 0).unwrap();
        let (values, exact) = (folded.values(&rounded), head.logits(&row).unwrap());
        let largest = exact.iter().fold(0f64, |largest, e| largest.max(e.abs()));
        for (value, exact) in values.iter().zip(exact) {
            assert!((value - exact).abs() <= 0.01 * largest, "{values:?}");
        }
        // Without it the image is refused, or what rounding loses shows.
        let plain = QuantisedLinear::new(&head.layers()[0], precision).unwrap();
        if let Ok(rounded) = QuantisedFeatures::new(&row, &space, 0) {
            let rounding = Rounding::new(&head.layers()[0], &plain);
            let deviations = rounding.deviations(rounded.scale, rounded.norm());
            assert!(uncertain(&plain.values(&rounded), &deviations));
        }
    }
}

#[test]
fn features_that_need_no_scale_get_none() {
    let head = PlainHead::linear(2, 2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).unwrap();
    let rows = [0.1, 0.9, 0.8, 0.3];
    let scale = FeatureScale::calibrated(&head, Precision::default(), &rows).unwrap();
    assert!(scale.is_none());
}

/// Two rows that differ by less than a step: no scale of features mends that.
#[test]
fn what_no_scale_can_keep_is_refused_by_class() {
    let head = PlainHead::linear(1, 2, &[1.0, 1e6, 1.1, 1e6]).unwrap();
    let error = FeatureScale::calibrated(&head, Precision::default(), &[1.0, 2.0]).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("changes the class of 2 of 2"), "{said}");
    assert!(
        said.contains("class 1 loses 2") && said.contains("bias of class"),
        "{said}"
    );
}
