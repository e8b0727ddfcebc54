//! The fast paths against the plain one, given the same initial weights, batches and noise.

mod twice;

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::{Activation, DpSgd, Initial, Sampling, Schedule};
use twice::{Fast, Fixed, difference};

/// Non-negative features around class means, as a ReLU backbone makes them.
pub(crate) fn features(width: usize, classes: usize, per_class: usize, seed: u64) -> FeatureSet {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = move || -> f32 { StandardNormal.sample(&mut rng) };
    let means: Vec<f32> = (0..classes * width).map(|_| normal()).collect();
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for example in 0..classes * per_class {
        let class = example % classes;
        labels.push(class as u32);
        for mean in &means[class * width..(class + 1) * width] {
            values.push((mean + 0.7 * normal()).max(0.0) * (40.0 / width as f32).sqrt());
        }
    }
    FeatureSet::new(width, values, labels, classes).unwrap()
}

fn dp(sampling: Sampling) -> DpSgd {
    DpSgd {
        clip: 1.5,
        noise_multiplier: 0.4,
        sampling,
    }
}

const POISSON: Sampling = Sampling::Poisson(0.3);

/// Linear and MLP heads of odd sizes, with the training sets' sizes.
fn shapes() -> Vec<(HeadShape, usize)> {
    vec![
        (HeadShape::linear(100, 10), 10),
        (HeadShape::linear(33, 3), 18),
        (HeadShape::linear(8, 11), 33),
        (HeadShape::mlp(100, 8, Activation::Relu, 2), 8),
        (HeadShape::mlp(50, 13, Activation::Square, 2), 20),
        (HeadShape::mlp(70, 5, Activation::Relu, 4), 12),
    ]
}

fn recipe_for(shape: &HeadShape) -> Recipe {
    Recipe {
        init_std: 0.05,
        learning_rate: 0.05,
        weight_decay: 0.02,
        positive_weight: if shape.is_binary() { 3.0 } else { 1.0 },
        ..Recipe::mnist(1)
    }
}

#[test]
fn span_training_equals_plain_gradient_descent() {
    for (shape, n) in shapes() {
        let data = features(shape.features, shape.classes, 20, 3);
        let members: Vec<u32> = (0..n as u32).collect();
        let off = difference(shape, recipe_for(&shape), &data, &members);
        assert!(off < 1e-5, "{shape:?}: {off:e}");
    }
}

/// Mini-batches whose last one is smaller, momentum, a schedule, smoothed labels.
fn varied(shape: &HeadShape) -> Vec<Recipe> {
    let plain = Recipe {
        label_smoothing: if shape.is_binary() { 0.0 } else { 0.1 },
        ..recipe_for(shape)
    };
    let step = Schedule::Step {
        every: 5,
        factor: 0.5,
    };
    vec![
        Recipe {
            momentum: 0.9,
            ..plain
        },
        Recipe {
            batch: Some(4),
            schedule: Schedule::Cosine,
            ..plain
        },
        Recipe {
            batch: Some(5),
            momentum: 0.8,
            schedule: step,
            weight_decay: 0.3,
            ..plain
        },
    ]
}

#[test]
fn batches_momentum_and_schedules_in_the_span_equal_the_plain_ones() {
    for (shape, n) in shapes() {
        let data = features(shape.features, shape.classes, 20, 3);
        let members: Vec<u32> = (0..n as u32).collect();
        for recipe in varied(&shape) {
            let off = difference(shape, recipe, &data, &members);
            assert!(off < 2e-5, "{shape:?} {recipe:?}: {off:e}");
        }
    }
}

#[test]
fn each_setting_changes_the_trained_weights() {
    let shape = HeadShape::linear(33, 3);
    let data = features(33, 3, 20, 3);
    let members: Vec<u32> = (0..18).collect();
    let train = |recipe: Recipe| {
        let mut out = vec![0.0; shape.weight_len()];
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut trainer = Trainer::new(shape, recipe).unwrap();
        trainer.train(&data, &members, &mut rng, &mut out).unwrap();
        out
    };
    let plain = Recipe {
        learning_rate: 0.01,
        ..recipe_for(&shape)
    };
    let adamw = Recipe {
        optimiser: Optimiser::Adamw,
        ..plain
    };
    let adam = Recipe {
        optimiser: Optimiser::Adam,
        ..plain
    };
    let mut all = vec![plain, adam, adamw];
    all.extend(varied(&shape));
    all.push(Recipe {
        initial: Initial::Pytorch,
        ..plain
    });
    all.push(Recipe {
        label_smoothing: 0.2,
        ..plain
    });
    let trained: Vec<Vec<f32>> = all.into_iter().map(train).collect();
    for (i, one) in trained.iter().enumerate() {
        for other in &trained[..i] {
            assert!(one.iter().zip(other).any(|(a, b)| (a - b).abs() > 1e-4));
        }
    }
}

#[test]
fn adam_equals_plain_adam() {
    for (shape, n) in shapes() {
        let data = features(shape.features, shape.classes, 20, 4);
        let members: Vec<u32> = (0..n as u32).collect();
        let recipe = Recipe {
            optimiser: Optimiser::Adam,
            learning_rate: 0.01,
            ..recipe_for(&shape)
        };
        // Adam divides by the gradient's size: rounding shows more.
        let off = difference(shape, recipe, &data, &members);
        assert!(off < 2e-4, "{shape:?}: {off:e}");
        for recipe in varied(&shape) {
            let recipe = Recipe {
                optimiser: Optimiser::Adamw,
                momentum: 0.0,
                learning_rate: 0.01,
                ..recipe
            };
            let off = difference(shape, recipe, &data, &members);
            assert!(off < 2e-4, "{shape:?} {recipe:?}: {off:e}");
        }
        let noisy = recipe.with_dp(dp(POISSON));
        let off = difference(shape, noisy, &data, &members);
        assert!(off < 2e-4, "{shape:?}: {off:e}");
    }
}

#[test]
fn dp_training_in_the_span_follows_the_plain_trajectory() {
    for (shape, n) in shapes() {
        for sampling in [Sampling::Full, POISSON] {
            let data = features(shape.features, shape.classes, 20, 5);
            let members: Vec<u32> = (0..n as u32).collect();
            for momentum in [0.0, 0.9] {
                let recipe = Recipe {
                    momentum,
                    ..recipe_for(&shape).with_dp(dp(sampling))
                };
                let off = difference(shape, recipe, &data, &members);
                assert!(off < 2e-5, "{shape:?} {sampling:?} {momentum}: {off:e}");
            }
        }
    }
}

#[test]
fn repeated_examples_and_more_examples_than_dimensions_are_no_obstacle() {
    let shape = HeadShape::linear(6, 3);
    let data = features(6, 3, 20, 6);
    let mut members: Vec<u32> = (0..24).collect();
    members.extend([0, 5, 5, 7]);
    let recipe = recipe_for(&shape).with_dp(dp(POISSON));
    let off = difference(shape, recipe, &data, &members);
    assert!(off < 1e-4, "{off:e}");
    let wide = HeadShape::linear(60, 3);
    let data = features(60, 3, 20, 6);
    let off = difference(wide, recipe, &data, &[1, 1, 2, 3, 3, 3, 8, 12]);
    assert!(off < 1e-5, "{off:e}");
}

#[test]
fn a_step_with_an_empty_batch_adds_its_noise() {
    let shape = HeadShape::linear(20, 3);
    let data = features(20, 3, 5, 7);
    let mut recipe = recipe_for(&shape).with_dp(dp(Sampling::Poisson(0.4)));
    recipe.steps = 1;
    let members = [0, 1, 2];
    let mut fixed = Fixed::new(&shape, &recipe, &data, &members);
    fixed.batches = vec![vec![false; 3]];
    let mut out = vec![0.0; shape.weight_len()];
    let mut draws = Fast {
        fixed: &mut fixed,
        span: true,
        layer: 0,
    };
    Span::default().train(&shape, &recipe, &data, &members, &mut draws, &mut out);
    for (i, &weight) in out.iter().enumerate() {
        let decayed = 0.999 * f64::from(fixed.initial[i]);
        // sigma C / floor(.4 * 3) = .6
        let expected = decayed - 0.05 * 0.6 * fixed.noise[0][i];
        assert!((f64::from(weight) - expected).abs() < 1e-6);
    }
}

#[test]
fn a_head_that_diverged_leaves_no_trace_in_the_next() {
    let shape = HeadShape::mlp(10, 4, Activation::Square, 3);
    let data = features(10, 3, 5, 8);
    let huge: Vec<f32> = data.values().iter().map(|x| x * 1e15).collect();
    let huge = FeatureSet::new(10, huge, data.labels().to_vec(), 3).unwrap();
    let plain = recipe_for(&shape);
    let adam = Recipe {
        optimiser: Optimiser::Adam,
        ..plain
    };
    for recipe in [plain, plain.with_dp(dp(POISSON)), adam] {
        let train = |trainer: &mut Trainer, data: &FeatureSet| {
            let mut out = vec![0.0; shape.weight_len()];
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let result = trainer.train(data, &[0, 1, 2, 3, 4, 5], &mut rng, &mut out);
            result.map(|()| out)
        };
        let mut used = Trainer::new(shape, recipe).unwrap();
        // Clipping and Adam keep steps short: then the weights stay finite and only this is checked.
        let first = train(&mut used, &huge);
        if recipe == plain {
            assert!(matches!(first, Err(TransferError::Diverged { .. })));
        }
        let mut fresh = Trainer::new(shape, recipe).unwrap();
        let expected = train(&mut fresh, &data).unwrap();
        assert_eq!(train(&mut used, &data).unwrap(), expected);
    }
}

#[test]
fn training_sets_that_do_not_fit_are_refused() {
    let data = features(10, 3, 5, 8);
    let train = |shape: HeadShape, members: &[u32], len: usize| {
        let mut trainer = Trainer::new(shape, recipe_for(&shape)).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let error = trainer.train(&data, members, &mut rng, &mut vec![0.0; len]);
        error.unwrap_err().to_string()
    };
    let shape = HeadShape::linear(10, 3);
    assert!(train(shape, &[], 33).contains("empty"));
    assert!(train(shape, &[15], 33).contains("example 15 is not among the 15"));
    assert!(train(shape, &[0], 32).contains("expected 33 values, found 32"));
    assert!(train(HeadShape::linear(9, 3), &[0], 30).contains("takes 9 features"));
    assert!(train(HeadShape::linear(10, 2), &[0], 22).contains("tells 2 classes"));
}
