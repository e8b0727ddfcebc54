//! Speed of the white-box attacks on a stand-in task: procedural digits under random ReLU
//! features, heads 1024 → 10 with one shot.

use std::time::Instant;

use datasets::{FeatureSet, ImageSet, Split, StreamKey, StrokeClasses, Strokes};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use transfer::{HeadShape, Recipe};

use crate::network::{Network, NetworkShape, Scratch, TensorNetwork};
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
/// Rows of a step of the network, steps that are timed, and steps before, which make room.
const ROWS: usize = 256;
const STEPS: usize = 35;
const WARM: usize = 5;

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
    /// How many times as long a step of a learned attack's network takes as a graph of burn's tensors: 256 rows
    /// through two hidden layers of 1024 units.
    pub graph_step_ratio: f64,
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
        graph_step_ratio: graph_step_ratio(),
    })
}

/// Steps of this crate's kernels and of burn's tensors in turns, on the same rows.
fn graph_step_ratio() -> f64 {
    let shape = NetworkShape::dense(WIDTH + 10, &[1024, 1024], 1024);
    let mut own = Network::random(&shape, StreamKey::from_seed(5));
    let mut graph = TensorNetwork::new(&own, &backbones::device());
    let inputs = vec![0.5_f32; ROWS * (WIDTH + 10)];
    let (mut scratch, mut took) = (Scratch::default(), [0.0; 2]);
    for step in 0..STEPS + WARM {
        let begun = Instant::now();
        own.step(
            ROWS,
            1e-4,
            &mut scratch,
            |row, input| input.copy_from_slice(&inputs[row * (WIDTH + 10)..][..WIDTH + 10]),
            |_, output, slopes| {
                let scale = 2.0 / output.len() as f32;
                let pairs = slopes.iter_mut().zip(output);
                pairs.for_each(|(slope, x)| *slope = scale * x);
                0.0
            },
        );
        let between = Instant::now();
        let loss = graph.step(inputs.clone(), 1e-4, |found| found.square().mean());
        // Waits for the step.
        let _ = loss.into_data();
        if step >= WARM {
            took[0] += (between - begun).as_secs_f64();
            took[1] += between.elapsed().as_secs_f64();
        }
    }
    took[1] / took[0]
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
