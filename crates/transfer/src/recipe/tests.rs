//! The paper's recipes, what is refused, and learning rates over the passes.

use super::*;
use crate::Activation;

#[test]
fn the_papers_recipes_pass_their_checks() {
    let linear = HeadShape::linear(1024, 10);
    let binary = HeadShape::mlp(2048, 4, Activation::Relu, 2);
    assert_eq!(Recipe::mnist(1).steps, 32);
    assert_eq!(Recipe::cifar(4).steps, 78);
    Recipe::mnist(1).check(&linear).unwrap();
    Recipe::cifar(1).check(&linear).unwrap();
    for preset in [Preset::BinaryMnist, Preset::BinaryCifar, Preset::Celeba] {
        Recipe::preset(preset, 1).check(&binary).unwrap();
    }
}

#[test]
fn impossible_settings_are_named() {
    let linear = HeadShape::linear(10, 3);
    let recipe = Recipe::mnist(1);
    let dp = DpSgd {
        clip: 1.0,
        noise_multiplier: 1.0,
        sampling: Sampling::Full,
    };
    let rate = |rate| {
        recipe.with_dp(DpSgd {
            sampling: Sampling::Poisson(rate),
            ..dp
        })
    };
    for (recipe, name) in [
        (Recipe { steps: 0, ..recipe }, "steps"),
        (
            Recipe {
                init_std: -1.0,
                ..recipe
            },
            "init_std",
        ),
        (
            Recipe {
                learning_rate: f32::INFINITY,
                ..recipe
            },
            "learning_rate",
        ),
        (
            Recipe {
                learning_rate: 0.0,
                ..recipe
            },
            "learning_rate",
        ),
        (
            Recipe {
                weight_decay: 100.0,
                ..recipe
            },
            "weight_decay",
        ),
        (
            Recipe {
                weight_decay: f32::NAN,
                ..recipe
            },
            "weight_decay",
        ),
        (
            Recipe {
                positive_weight: 2.0,
                ..recipe
            },
            "positive_weight",
        ),
        (recipe.with_dp(DpSgd { clip: 0.0, ..dp }), "clip"),
        (
            recipe.with_dp(DpSgd {
                noise_multiplier: -1.0,
                ..dp
            }),
            "noise_multiplier",
        ),
        (
            Recipe {
                batch: Some(0),
                ..recipe
            },
            "batch",
        ),
        (
            Recipe {
                momentum: 1.0,
                ..recipe
            },
            "momentum",
        ),
        (
            Recipe {
                momentum: 0.5,
                optimiser: Optimiser::Adamw,
                ..recipe
            },
            "momentum",
        ),
        (
            Recipe {
                label_smoothing: f32::NAN,
                ..recipe
            },
            "label_smoothing",
        ),
        (
            Recipe {
                schedule: Schedule::Step {
                    every: 0,
                    factor: 0.5,
                },
                ..recipe
            },
            "schedule every",
        ),
        (
            Recipe {
                schedule: Schedule::Step {
                    every: 2,
                    factor: 1.5,
                },
                ..recipe
            },
            "schedule factor",
        ),
        (Recipe::logistic_regression(0.0), "strength"),
        (Recipe::logistic_regression(f32::NAN), "strength"),
        (Recipe::logistic_regression(1.0).with_dp(dp), "optimiser"),
        (
            Recipe {
                batch: Some(2),
                ..recipe.with_dp(dp)
            },
            "batch",
        ),
        (
            Recipe {
                schedule: Schedule::Cosine,
                ..recipe.with_dp(dp)
            },
            "schedule",
        ),
        (rate(0.0), "sampling rate"),
        (rate(1.5), "sampling rate"),
        (rate(f64::NAN), "sampling rate"),
    ] {
        let error = recipe.check(&linear).unwrap_err().to_string();
        assert!(error.starts_with(name), "{error}");
    }
    for (shape, name) in [
        (HeadShape::linear(0, 3), "features"),
        (HeadShape::linear(5, 1), "classes"),
        (HeadShape::mlp(5, 0, Activation::Relu, 2), "hidden"),
    ] {
        let error = shape.check().unwrap_err().to_string();
        assert!(error.starts_with(name), "{error}");
    }
}

#[test]
fn schedules_are_pytorchs() {
    let shares = |schedule: Schedule, passes| -> Vec<f64> {
        (0..passes)
            .map(|pass| schedule.share(pass, passes))
            .collect()
    };
    // torch 2: CosineAnnealingLR(T_max=4) and StepLR(step_size=2, gamma=.1) from rate 1.
    let cosine = [1.0, 0.853_553_39, 0.5, 0.146_446_61];
    for (share, expected) in shares(Schedule::Cosine, 4).iter().zip(cosine) {
        assert!((share - expected).abs() < 1e-8);
    }
    let step = Schedule::Step {
        every: 2,
        factor: 0.1,
    };
    for (share, expected) in shares(step, 5).iter().zip([1.0, 1.0, 0.1, 0.1, 0.01]) {
        assert!((share - expected).abs() < 1e-8);
    }
    let recipe = Recipe {
        steps: 3,
        batch: Some(4),
        ..Recipe::mnist(1)
    };
    assert_eq!(recipe.steps_on(10), 9);
}

#[test]
fn the_divisor_is_the_expected_batch_rounded_down() {
    let poisson = |rate, n| Sampling::Poisson(rate).divisor(n);
    assert_eq!(Sampling::Full.divisor(7), 7);
    assert_eq!(poisson(0.5, 11), 5);
    assert_eq!(poisson(0.1, 30), 3);
    assert_eq!(poisson(1.0, 10), 10);
    assert_eq!(poisson(0.05, 10), 0);
}
