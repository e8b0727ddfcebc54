use super::*;
use crate::head::PlainHead;
use proptest::prelude::*;

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
        let bound = quantised.error_bound(&features, integers.scale);
        let exact = PlainHead::linear(8, 3, &weights).unwrap().logits(&features).unwrap();
        for (logit, exact) in quantised.logits(&integers).into_iter().zip(exact) {
            prop_assert!(logit.abs() <= space.max_logit);
            let value = logit as f64 * quantised.step / f64::from(integers.scale);
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
    let quantised = QuantisedLinear::new(&layer, Precision::default()).unwrap();
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
