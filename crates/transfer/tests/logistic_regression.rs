//! Converged logistic regression: against scikit-learn's weights, against the conditions for the
//! minimum, and where there is none.

use datasets::{FeatureSet, StreamKey};
use transfer::{Activation, HeadShape, Recipe, Trainer, TransferError};

/// The generator of `golden/logistic_regression.py`.
struct Stream(u32);

impl Stream {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 16_777_216.0
    }
}

/// The features of `golden/logistic_regression.py`, times `scale`.
fn features(number: u32, classes: usize, shots: usize, width: usize, scale: f32) -> FeatureSet {
    let mut stream = Stream(number);
    let means: Vec<f32> = (0..classes * width).map(|_| stream.next()).collect();
    let mut values = Vec::with_capacity(classes * shots * width);
    for example in 0..classes * shots {
        let class = example % classes;
        for mean in &means[class * width..(class + 1) * width] {
            values.push(2.0 * (stream.next() + mean - 1.0).max(0.0) * scale);
        }
    }
    let labels = (0..(classes * shots) as u32).map(|i| i % classes as u32);
    FeatureSet::new(width, values, labels.collect(), classes).unwrap()
}

fn train(data: &FeatureSet, strength: f32) -> Result<Vec<f32>, TransferError> {
    let shape = HeadShape::linear(data.width(), data.classes());
    let mut weights = vec![0.0; shape.weight_len()];
    let members: Vec<u32> = (0..data.len() as u32).collect();
    let mut trainer = Trainer::new(shape, Recipe::logistic_regression(strength))?;
    let mut rng = StreamKey::from_seed(1).rng(0);
    trainer.train(data, &members, &mut rng, &mut weights)?;
    Ok(weights)
}

#[test]
fn weights_are_scikit_learns_on_a_hundred_sets() {
    let golden = include_str!("golden/logistic_regression.csv");
    let mut worst: f64 = 0.0;
    let mut sets = 0;
    for line in golden.lines().skip(1) {
        let fields: Vec<f64> = line
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        let [number, classes, shots, width] = [0, 1, 2, 3].map(|at| fields[at] as usize);
        let data = features(number as u32, classes, shots, width, 1.0);
        let weights = train(&data, fields[4] as f32).unwrap();
        let row = |class: usize| &weights[class * (width + 1)..][..width + 1];
        let weight = |place: usize| f64::from(row(place / width)[place % width]);
        let mut found: Vec<f64> = (0..6)
            .map(|i| weight((number + 7 * i) * 37 % (classes * width)))
            .collect();
        found.push(f64::from(row(number % classes)[width]));
        let squares = (0..classes * width).map(|place| weight(place).powi(2));
        found.push(squares.sum::<f64>().sqrt());
        for (found, golden) in found.iter().zip(&fields[5..]) {
            worst = worst.max((found - golden).abs());
        }
        sets += 1;
    }
    assert_eq!(sets, 100);
    // The solver there stops at 1e-7 of the gradient, which free biases feel most.
    assert!(worst < 2e-5, "off by {worst:e}");
}

/// By how much the conditions for the minimum are missed: W = C (Y − P) F and Σ_i (Y − P) = 0.
fn missed(data: &FeatureSet, strength: f64, weights: &[f32]) -> f64 {
    let (width, classes) = (data.width(), data.classes());
    let strength = if classes == 2 {
        strength / 2.0
    } else {
        strength
    };
    let mut wanted = vec![0.0; classes * (width + 1)];
    for (i, &label) in data.labels().iter().enumerate() {
        let input = || data.row(i).iter().copied().chain([1.0]).map(f64::from);
        let logits: Vec<f64> = weights
            .chunks(width + 1)
            .map(|row| {
                row.iter()
                    .zip(input())
                    .map(|(&w, x)| f64::from(w) * x)
                    .sum()
            })
            .collect();
        let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logits.iter().map(|z| (z - top).exp()).sum();
        for (class, row) in wanted.chunks_mut(width + 1).enumerate() {
            let p = (logits[class] - top).exp() / total;
            let rest = strength * (f64::from(class as u32 == label) - p);
            row.iter_mut()
                .zip(input())
                .for_each(|(w, x)| *w += rest * x);
        }
    }
    let pairs = wanted.iter().zip(weights).enumerate();
    pairs.fold(0.0, |worst, (place, (wanted, &weight))| {
        let bias = place % (width + 1) == width;
        let off = if bias {
            *wanted
        } else {
            wanted - f64::from(weight)
        };
        f64::max(worst, off.abs())
    })
}

#[test]
fn the_conditions_for_the_minimum_hold_whatever_the_strength() {
    for (classes, shots, width) in [(2, 1, 30), (3, 4, 5), (5, 2, 300), (10, 8, 64), (13, 1, 9)] {
        for strength in [1e-3, 1.0, 300.0] {
            let data = features(3, classes, shots, width, 1.0);
            let weights = train(&data, strength).unwrap();
            let missed = missed(&data, strength.into(), &weights);
            let bound = 2e-6 * f64::from(strength.max(1.0));
            assert!(
                missed < bound,
                "{classes} x {shots}, C = {strength}: {missed:e}"
            );
            assert!(weights.iter().any(|weight| weight.abs() > 1e-4));
        }
    }
    // Large features, and the same example twice.
    let data = features(9, 4, 2, 50, 40.0);
    assert!(missed(&data, 1.0, &train(&data, 1.0).unwrap()) < 1e-4);
    let doubled = [0, 0, 1, 2, 2, 2];
    let values: Vec<f32> = doubled.iter().flat_map(|&i| data.row(i)).copied().collect();
    let doubled = FeatureSet::new(50, values, vec![0, 0, 1, 2, 2, 2], 3).unwrap();
    assert!(missed(&doubled, 1.0, &train(&doubled, 1.0).unwrap()) < 1e-4);
}

/// Features of an untrained network are alike but for a little: their mean has twenty times the
/// length of what tells them apart, or a thousand times.
#[test]
fn features_far_from_the_origin_have_their_minimum() {
    for (offset, strength) in [(10.0, 1.0), (10.0, 1e3), (10.0, 1e6), (1e3, 1.0)] {
        let near = features(5, 10, 5, 120, 1.0);
        let values = near.values().iter().map(|x| x + offset).collect();
        let far = FeatureSet::new(120, values, near.labels().to_vec(), 10).unwrap();
        let [near, far] = [&near, &far].map(|data| train(data, strength).unwrap());
        let size = near.iter().fold(0.0, |most: f32, w| most.max(w.abs()));
        // A shift of the features moves the biases alone; single precision rounds shifted features.
        let rows = near.chunks(121).zip(far.chunks(121));
        let weights = rows.flat_map(|(near, far)| near[..120].iter().zip(&far[..120]));
        let worst = weights.fold(0.0, |worst: f32, (a, b)| worst.max((a - b).abs()));
        let rounding = 1e-6 * offset * strength.sqrt().clamp(1.0, 10.0);
        assert!(
            worst < rounding * size,
            "{offset}, C = {strength}: {worst:e} of {size}"
        );
    }
}

#[test]
fn what_has_no_minimum_is_refused() {
    let data = features(3, 3, 2, 8, 1.0);
    let members = [0, 1, 3, 4];
    let shape = HeadShape::linear(8, 3);
    let mut trainer = Trainer::new(shape, Recipe::logistic_regression(1.0)).unwrap();
    let mut rng = StreamKey::from_seed(1).rng(0);
    let refused = trainer.train(
        &data,
        &members,
        &mut rng,
        &mut vec![0.0; shape.weight_len()],
    );
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("class 2 has no example"), "{refused}");
    let hidden = HeadShape::mlp(8, 4, Activation::Relu, 3);
    let refused = Trainer::new(hidden, Recipe::logistic_regression(1.0)).unwrap_err();
    assert!(refused.to_string().contains("hidden layer"), "{refused}");
}
