//! Inversion on a small world with a random network.

use burn::tensor::{Tensor, TensorData};
use spec::Distance;
use transfer::{Activation, DpSgd, HeadShape, Recipe, Sampling, ShadowStream};

use super::objective::host;
use super::prior::{ImagePrior, class_means};
use super::training::train;
use super::*;
use crate::testing::{CLASSES, Data, WIDTH, data, unmix, victims, world};
use crate::{Aim, WhiteBox, World};

fn options(steps: usize) -> spec::GradientInversion {
    spec::GradientInversion {
        steps,
        ..spec::GradientInversion::default()
    }
}

/// What steps of the victims give away, all of which can be told apart.
pub(super) fn gradients(
    world: &World<'_>,
    data: &Data,
    heads: &transfer::ShadowBatch,
    batch: usize,
) -> (Vec<NetworkRelease>, Vec<Vec<u32>>) {
    let (updates, examples) = single_gradients(world, &data.backbone, heads, batch).unwrap();
    let all: Option<Vec<_>> = updates.into_iter().collect();
    (all.expect("every batch can be told apart"), examples)
}

/// Mean over heads and classes of the smallest MSE to the class's images.
fn mean_mse(world: &World<'_>, images: &[f32], heads: &transfer::ShadowBatch) -> f64 {
    let owners: Vec<usize> = (0..heads.len()).collect();
    let scores = crate::score(world, images, Aim::Classes(CLASSES), heads, &owners);
    let all = crate::errors(&scores).concat();
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn inversion_betters_its_start_and_from_noise_tells_whose_images_they_are() {
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 10);
    let start = unmix(&world);
    let before = mean_mse(&world, &start.reconstruct(&world, &heads), &heads);
    for distance in [Distance::Squared, Distance::Cosine] {
        let options = spec::GradientInversion {
            distance,
            ..options(40)
        };
        let attack = GradientInversion::new(&world, &data.backbone, Some(&start), options).unwrap();
        let images = attack.one_a_class(&attack.invert(&heads, |_| {}));
        let after = mean_mse(&world, &images, &heads);
        assert!(after < 0.9 * before, "{distance:?}: {before} to {after}");
    }
    let attack = GradientInversion::new(&world, &data.backbone, None, options(80)).unwrap();
    let images = attack.one_a_class(&attack.invert(&heads, |_| {}));
    let found = mean_mse(&world, &images, &heads);
    // The random network's features differ little, so that noise is left; but whose images they are
    // shows: someone else's weights lead to someone else's images.
    let mut strangers = heads.clone();
    strangers.members.rotate_left(3 * CLASSES);
    let strange = mean_mse(&world, &images, &strangers);
    assert!(found < 0.9 * strange, "{found} {strange}");
}

#[test]
fn results_do_not_depend_on_the_threads() {
    let data = data();
    let world = world(&data, 2);
    let heads = victims(&world, 12);
    let start = unmix(&world);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let attack =
                GradientInversion::new(&world, &data.backbone, Some(&start), options(8)).unwrap();
            let (updates, _) = gradients(&world, &data, &heads, 1);
            let single = NetworkInversion::new(&world, &data.backbone, options(8)).unwrap();
            let single = single.invert(&updates, |_| {}).unwrap();
            (attack.invert(&heads, |_| {}), single)
        })
    };
    let one = on(1);
    assert_eq!(one.0.len(), 12 * 2 * CLASSES * world.pixels());
    assert!(one == on(2));
    assert!(one.0.iter().chain(&one.1).all(|x| x.abs() <= 1.0));
}

/// The largest difference between the head that training from zero predicts and a trained one, over
/// the largest weight.
fn misfit(data: &Data, recipe: Recipe, shots: usize) -> f32 {
    let shape = HeadShape::linear(WIDTH, CLASSES);
    let key = datasets::StreamKey::from_seed(2);
    let public = &data.split.public;
    let stream = ShadowStream::new(&data.features, public, shape, recipe, shots, key).unwrap();
    let (weights, members) = stream.head(3).unwrap();
    let features: Vec<f32> = members
        .iter()
        .flat_map(|&it| data.features.row(it as usize))
        .copied()
        .collect();
    let features = TensorData::new(features, [1, members.len(), WIDTH]);
    let features = Tensor::<3>::from_data(features, &backbones::device());
    let made = host(train(features, CLASSES, shots, &recipe));
    let largest = weights.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
    let differences = made.iter().zip(&weights).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max) / largest
}

#[test]
fn the_differentiable_training_is_the_trainers() {
    let data = data();
    for shots in [1, 3] {
        let recipe = Recipe {
            init_std: 0.0,
            weight_decay: 0.01,
            ..world(&data, shots).recipe
        };
        let plain = misfit(&data, recipe, shots);
        assert!(plain < 1e-4, "{plain}");
        let dp = DpSgd {
            clip: 0.3,
            noise_multiplier: 0.0,
            sampling: Sampling::Full,
        };
        let clipped = misfit(&data, recipe.with_dp(dp), shots);
        assert!(clipped < 1e-3, "{clipped}");
    }
}

#[test]
fn an_update_of_the_network_gives_the_maps_the_class_and_the_image() {
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 8);
    let (updates, examples) = gradients(&world, &data, &heads, 1);
    let examples = examples.concat();
    for (update, &example) in updates.iter().zip(&examples) {
        assert_eq!(
            update.labels,
            [data.images.labels()[example as usize] as usize]
        );
        let image = data.images.image(example as usize).to_vec();
        let image =
            Tensor::<4>::from_data(TensorData::new(image, [1, 1, 16, 16]), &backbones::device());
        let maps = host(data.backbone.maps(image).unwrap());
        let largest = maps.iter().fold(0.0_f32, |max, x| max.max(*x));
        for (found, own) in update.maps.iter().zip(&maps) {
            assert!((found - own).abs() < 1e-4 * largest, "{found} {own}");
        }
    }
    let attack = NetworkInversion::new(&world, &data.backbone, options(200)).unwrap();
    let images = attack.invert(&updates, |_| {}).unwrap();
    let pixels = world.pixels();
    let mse =
        |image: &[f32], example: u32| evaluation::mse(image, data.images.image(example as usize));
    let found: f64 = images
        .chunks(pixels)
        .zip(&examples)
        .map(|(image, &example)| mse(image, example))
        .sum();
    let guess: f64 = class_means(&world)
        .repeat(2)
        .chunks(pixels)
        .zip(&examples)
        .map(|(image, &example)| mse(image, example))
        .sum();
    assert!(found < 0.005 * guess, "{found} {guess}");
    // Without the convolutions' part there are only the last maps to go by.
    let bare: Vec<NetworkRelease> = updates
        .iter()
        .map(|update| NetworkRelease {
            convolutions: Vec::new(),
            ..update.clone()
        })
        .collect();
    let images = attack.invert(&bare, |_| {}).unwrap();
    let bare: f64 = images
        .chunks(pixels)
        .zip(&examples)
        .map(|(image, &example)| mse(image, example))
        .sum();
    assert!(
        found < 0.5 * bare && bare < 0.2 * guess,
        "{found} {bare} {guess}"
    );
}

#[test]
fn a_law_is_the_covariance_of_its_sample_by_either_route() {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    // More images than pixels, then fewer.
    for (n, pixels) in [(40, 6), (5, 9)] {
        let sample: Vec<f32> = (0..n * pixels).map(|_| noise()).collect();
        let law = ImagePrior::fit(&sample, pixels, 100).unwrap();
        assert_eq!(law.len(), n.min(pixels));
        for i in 0..pixels {
            for j in 0..pixels {
                let own = sample
                    .chunks(pixels)
                    .map(|row| row[i] * row[j])
                    .sum::<f32>()
                    / n as f32;
                let rows = law.directions.chunks(pixels);
                let fitted: f32 = rows.map(|row| row[i] * row[j]).sum();
                assert!((own - fitted).abs() < 1e-4, "{own} {fitted}");
            }
        }
        let most = ImagePrior::fit(&sample, pixels, 2).unwrap();
        assert_eq!(most.directions, law.directions[..2 * pixels]);
    }
    assert!(ImagePrior::fit(&[0.0; 12], 3, 2).is_err());
}

#[test]
fn what_cannot_be_inverted_is_refused() {
    let data = data();
    let mut world = world(&data, 1);
    let bad = [
        options(0),
        spec::GradientInversion {
            learning_rate: f64::NAN,
            ..options(1)
        },
        spec::GradientInversion {
            prior: -1.0,
            ..options(1)
        },
        spec::GradientInversion {
            total_variation: f64::INFINITY,
            ..options(1)
        },
    ];
    for options in bad {
        let error = GradientInversion::new(&world, &data.backbone, None, options);
        assert!(error.is_err(), "{options:?}");
        assert!(NetworkInversion::new(&world, &data.backbone, options).is_err());
    }
    let attack = NetworkInversion::new(&world, &data.backbone, options(1)).unwrap();
    let strange = NetworkRelease {
        labels: vec![0],
        maps: vec![1.0; 3],
        units: vec![1.0; WIDTH],
        convolutions: Vec::new(),
    };
    let error = attack.invert(&[strange], |_| {}).unwrap_err().to_string();
    assert!(error.contains("map values"), "{error}");
    let error = NetworkRelease::read(&backbones::NamedTensors::default()).unwrap_err();
    assert!(error.to_string().contains("fc.0.weight"), "{error}");
    world.shape = HeadShape::mlp(WIDTH, 4, Activation::Relu, CLASSES);
    let error = GradientInversion::new(&world, &data.backbone, None, options(1)).err();
    assert!(
        error
            .unwrap()
            .to_string()
            .contains("hint: use the attack `reconstructor`")
    );
}

#[test]
fn a_step_on_a_batch_gives_the_maps_the_classes_and_the_images_of_all() {
    const BATCH: usize = 2;
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 12);
    // Of so few units most batches cannot be told apart; what is told must be right.
    let (updates, examples) = single_gradients(&world, &data.backbone, &heads, BATCH).unwrap();
    let told = updates.into_iter().zip(examples);
    let told = told.filter_map(|(update, examples)| Some((update?, examples)));
    let (updates, examples): (Vec<_>, Vec<_>) = told.unzip();
    assert!(!updates.is_empty());
    let pixels = world.pixels();
    let maps = |example: u32| {
        let image = data.images.image(example as usize).to_vec();
        let image =
            Tensor::<4>::from_data(TensorData::new(image, [1, 1, 16, 16]), &backbones::device());
        host(data.backbone.maps(image).unwrap())
    };
    for (update, examples) in updates.iter().zip(&examples) {
        let width = update.maps.len() / BATCH;
        for &example in examples {
            // In no order: the nearest maps are the example's, and its label stands beside them.
            let own = maps(example);
            let found = update.maps.chunks(width);
            let (at, error) = evaluation::nearest(&own, found).unwrap();
            let power = evaluation::mse(&own, &vec![0.0; width]);
            assert!(error < 1e-6 * power, "{error} of {power}");
            let label = data.images.labels()[example as usize];
            assert_eq!(update.labels[at] as u32, label);
        }
    }
    let options = |batch| spec::GradientInversion {
        batch,
        ..options(200)
    };
    let attack = NetworkInversion::new(&world, &data.backbone, options(BATCH)).unwrap();
    let images = attack.invert(&updates, |_| {}).unwrap();
    let means = class_means(&world);
    let (mut found, mut guess) = (0.0, 0.0);
    for (images, examples) in images.chunks(BATCH * pixels).zip(&examples) {
        for &example in examples {
            let original = data.images.image(example as usize);
            let label = data.images.labels()[example as usize] as usize;
            found += evaluation::nearest(original, images.chunks(pixels))
                .unwrap()
                .1;
            guess += evaluation::mse(&means[label * pixels..][..pixels], original);
        }
    }
    assert!(found < 0.2 * guess, "{found} of {guess}");
    // Updates of a batch are not those of one example, and a victim has no more than its set.
    let one = NetworkInversion::new(&world, &data.backbone, options(1)).unwrap();
    let error = one.invert(&updates, |_| {}).unwrap_err().to_string();
    assert!(
        error.contains("1 examples of") && error.contains("2 examples"),
        "{error}"
    );
    let error = single_gradients(&world, &data.backbone, &heads, 5).unwrap_err();
    assert!(error.to_string().contains("at most 4 examples"), "{error}");
}
