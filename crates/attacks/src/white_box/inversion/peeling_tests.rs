//! Convolutions taken off a small random network.

use backbones::Backbone;
use burn::tensor::{Tensor, TensorData};

use super::convolution::Convolution;
use super::objective::host;
use super::peeling::Peeling;
use super::prior::class_means;
use super::regression::{MapRegression, with_constant};
use super::release::{NetworkRelease, single_gradients};
use super::tests::gradients;
use crate::testing::{data, victims, world};
use crate::white_box::ridge::Moments;

/// The maps of 16 × 16 images.
fn maps_of(backbone: &Backbone, images: &[f32], layers: usize) -> Vec<f32> {
    let data = TensorData::new(images.to_vec(), [images.len() / 256, 1, 16, 16]);
    let image = Tensor::<4>::from_data(data, &backbones::device());
    host(backbone.maps_after(image, layers).unwrap())
}

fn peel(backbone: &Backbone, release: &NetworkRelease, image: &[f32]) -> Peeling {
    let network = Convolution::all(backbone, release.labels.len()).unwrap();
    let tensors = backbone.tensors();
    let linear = tensors.get("fc.0.weight").unwrap();
    let mut peeling = Peeling::begin(release, &network, linear);
    let estimate = |layers| Ok(maps_of(backbone, image, layers));
    peeling.advance(release, &network, estimate).unwrap();
    peeling
}

fn distance(found: &[f32], own: &[f32]) -> f32 {
    let error: f32 = found.iter().zip(own).map(|(a, b)| (a - b).powi(2)).sum();
    (error / own.iter().map(|x| x * x).sum::<f32>()).sqrt()
}

#[test]
fn updates_give_the_maps_that_an_estimate_only_nears() {
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 8);
    let (updates, examples) = gradients(&world, &data, &heads, 1);
    let means = class_means(&world);
    let pixels = world.pixels();
    let mut peeled = Vec::new();
    for (update, example) in updates.iter().zip(&examples) {
        let image = data.images.image(example[0] as usize);
        let mean = &means[update.labels[0] * pixels..][..pixels];
        let near: Vec<f32> = image
            .iter()
            .zip(mean)
            .map(|(x, mean)| 0.8 * x + 0.2 * mean)
            .collect();
        let found = peel(&data.backbone, update, &near);
        let own = maps_of(&data.backbone, image, found.layers);
        let error = distance(&found.maps(), &own);
        let before = distance(&maps_of(&data.backbone, &near, found.layers), &own);
        assert!(error < 1e-3, "{} layers: {before} to {error}", found.layers);
        peeled.push(found.layers);
    }
    // Both convolutions behind the middle pooling, and more where the estimate allows.
    assert!(peeled.iter().all(|&layers| layers <= 6), "{peeled:?}");
}

#[test]
fn what_the_updates_do_not_bear_out_stays() {
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 2);
    let (updates, examples) = gradients(&world, &data, &heads, 1);
    let image = data.images.image(examples[0][0] as usize);
    let all = data.backbone.pools().unwrap().len();
    let bare = NetworkRelease {
        convolutions: Vec::new(),
        ..updates[0].clone()
    };
    let mixed = NetworkRelease {
        convolutions: updates[1].convolutions.clone(),
        ..updates[0].clone()
    };
    for release in [bare, mixed] {
        let found = peel(&data.backbone, &release, image);
        assert_eq!(found.layers, all);
        assert_eq!(found.maps(), release.maps);
    }
}

#[test]
fn a_linear_relation_of_maps_and_images_is_found() {
    // Images of three pixels whose maps are sums of them: more maps than images have pixels.
    let image = |i: usize, j: usize| ((i * (j + 2) * 7 + j) % 11) as f32 / 11.0 - 0.5;
    let map =
        |i: usize, j: usize| 3.0 + image(i, j % 3) * (1.0 + j as f32) + 0.5 * image(i, (j + 1) % 3);
    let maps = |i: usize| -> Vec<f32> { (0..5).map(|j| map(i, j)).collect() };
    let mut moments = Moments::new(5, 3);
    for i in 0..60 {
        let pixels: Vec<f32> = (0..3).map(|j| image(i, j)).collect();
        moments.add(&with_constant(&maps(i), 5), &pixels);
    }
    let regression = MapRegression::fit(moments).unwrap();
    for i in [61, 64, 70] {
        for (j, found) in regression.estimate(&maps(i)).iter().enumerate() {
            assert!((found - image(i, j)).abs() < 0.1, "{found}");
        }
    }
    let mut nothing = Moments::new(2, 3);
    nothing.add(&[0.0, 0.0, 1.0], &[0.5; 3]);
    assert!(MapRegression::fit(nothing).is_none());
}

#[test]
fn a_batchs_convolutions_come_off_together() {
    let data = data();
    let world = world(&data, 1);
    let heads = victims(&world, 12);
    let (updates, examples) = single_gradients(&world, &data.backbone, &heads, 2).unwrap();
    let mut peeled = Vec::new();
    for (update, examples) in updates.iter().zip(&examples) {
        let Some(update) = update else { continue };
        // Which of the two an example's maps are is told by the last ones.
        let image = |&example: &u32| data.images.image(example as usize);
        let last = |example: &u32| maps_of(&data.backbone, image(example), 8);
        let mut images: Vec<&[f32]> = examples.iter().map(image).collect();
        let half = update.maps.len() / 2;
        let error = |maps: &[f32]| evaluation::mse(maps, &last(&examples[0]));
        if error(&update.maps[half..]) < error(&update.maps[..half]) {
            images.reverse();
        }
        let all = images.concat();
        let near: Vec<f32> = all.iter().map(|x| 0.9 * x - 0.05).collect();
        let found = peel(&data.backbone, update, &near);
        let own = maps_of(&data.backbone, &all, found.layers);
        let error = distance(&found.maps(), &own);
        assert!(error < 1e-2, "{} layers: {error}", found.layers);
        peeled.push(found.layers);
    }
    // Of so few units most batches cannot be told apart; of one that can, the two convolutions behind
    // the middle pooling come off.
    let deep = peeled.iter().filter(|&&layers| layers <= 6);
    assert!(deep.count() > 0, "{peeled:?}");
}
