//! Speed of the white-box attacks on a stand-in task: procedural digits under random ReLU
//! features, heads 1024 → 10 with one shot.

use std::time::Instant;

use datasets::{FeatureSet, ImageSet, Split, StreamKey, StrokeClasses, Strokes};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use transfer::{HeadShape, Recipe};

use crate::{AttackError, Reconstructor, Unmixing, WhiteBox, World};

/// Width of the stand-in features.
const WIDTH: usize = 1024;
/// Images of the stand-in task.
const IMAGES: usize = 4000;
/// Shadow heads that `unmixing` is fitted to.
const FITTED: usize = 6_000;
/// Rows that the reconstructor is trained on.
const SAMPLES: usize = 40_000;
/// Heads that are read back.
const HEADS: usize = 512;

/// What was measured.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct AttackBench {
    /// Seconds to fit `unmixing` on 6 000 shadow heads.
    pub unmixing_fit_s: f64,
    /// Rows a second that the reconstructor is trained on, shadow training included.
    pub reconstructor_samples_per_s: f64,
    /// Heads a second that `unmixing` reads back, ten images each.
    pub unmixing_heads_per_s: f64,
    /// Heads a second that the reconstructor reads back, ten images each.
    pub reconstructor_heads_per_s: f64,
}

/// Times the attacks once.
///
/// # Errors
/// If an attack cannot be fitted.
pub fn run() -> Result<AttackBench, AttackError> {
    let key = StreamKey::from_seed(1);
    let strokes = Strokes {
        classes: StrokeClasses::Digits,
        images: IMAGES,
    };
    let images = strokes.generate(key.child("images"))?;
    let features = random_features(&images, key.child("features"))?;
    let split = Split::of_images(&images, 0.4, 0.1, key.child("split"))?;
    let shape = HeadShape::linear(WIDTH, images.classes());
    let world = World::new(&images, &features, &split, shape, Recipe::mnist(1), 1, key)?;

    let started = Instant::now();
    let unmixing = Unmixing::fit(
        &world,
        &spec::Unmixing {
            samples: FITTED,
            ..spec::Unmixing::default()
        },
        |_| {},
    )?;
    let unmixing_fit_s = started.elapsed().as_secs_f64();

    let options = spec::Reconstructor {
        samples: SAMPLES,
        ..spec::Reconstructor::default()
    };
    let started = Instant::now();
    let reconstructor = Reconstructor::fit(&world, &options, |_| {})?;
    let reconstructor_samples_per_s = SAMPLES as f64 / started.elapsed().as_secs_f64();

    let stream = world.victims()?;
    let mut victims = stream.batch(HEADS);
    stream.fill(0, &mut victims)?;
    let rate = |attack: &dyn WhiteBox| {
        let started = Instant::now();
        attack.reconstruct(&world, &victims);
        HEADS as f64 / started.elapsed().as_secs_f64()
    };
    Ok(AttackBench {
        unmixing_fit_s,
        reconstructor_samples_per_s,
        unmixing_heads_per_s: rate(&unmixing),
        reconstructor_heads_per_s: rate(&reconstructor),
    })
}

/// max(0, M x) for a fixed normal matrix M.
fn random_features(images: &ImageSet, key: StreamKey) -> Result<FeatureSet, AttackError> {
    let pixels = images.shape().len();
    let scale = 1.0 / (pixels as f32).sqrt();
    let matrix: Vec<f32> = StandardNormal
        .sample_iter(&mut key.rng(0))
        .take(WIDTH * pixels)
        .map(|z: f32| z * scale)
        .collect();
    let values: Vec<f32> = (0..images.len())
        .into_par_iter()
        .flat_map_iter(|index| {
            let image = images.image(index);
            matrix.chunks(pixels).map(move |row| {
                row.iter()
                    .zip(image)
                    .map(|(w, x)| w * x)
                    .sum::<f32>()
                    .max(0.0)
            })
        })
        .collect();
    let labels = images.labels().to_vec();
    Ok(FeatureSet::new(WIDTH, values, labels, images.classes())?)
}
