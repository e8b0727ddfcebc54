//! `unmixing`: the closed-form attack.
//!
//! Features are estimated from the head coordinate by coordinate, and each class's image is a
//! linear function of its estimated feature, the minimiser of the squared error with a ridge
//! penalty over shadow heads. Nothing is iterated; fitting takes seconds.

use std::collections::HashMap;
use std::path::Path;

use backbones::NamedTensors;
use rayon::prelude::*;
use spec::Options;
use transfer::ShadowBatch;

use super::estimate::{FeatureEstimate, HEADS};
use super::ridge::{Linear, Moments};
use super::{Aim, AttackProgress, WhiteBox};
use crate::{AttackError, Cost, World};

/// Heads made at once while fitting.
const CHUNK: usize = spec::Unmixing::CHUNK;
/// Ridge strengths that are tried; the best on held-out shadow heads is kept.
const STRENGTHS: [f32; 5] = [1e-3, 1e-2, 3e-2, 0.1, 0.3];

/// The fitted attack: from a linear head to one image a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmixing {
    estimate: FeatureEstimate,
    /// What stands in an input behind the estimated features.
    beside: Beside,
    /// One map a class, from estimated features, and what is seen beside, to pixels.
    maps: Vec<Linear>,
    pixels: usize,
    samples: u64,
}

impl Unmixing {
    /// Fits the attack to shadow heads of `world`.
    ///
    /// # Errors
    /// If an option is out of its bounds, or the heads are not linear.
    pub fn fit(
        world: &World<'_>,
        options: &spec::Unmixing,
        mut progress: impl FnMut(AttackProgress),
    ) -> Result<Self, AttackError> {
        options.suits(world.shape.kind)?;
        options.check()?;
        let estimate = FeatureEstimate::fit(world, HEADS.min(options.samples / 2))?;
        let classes = world.shape.classes;
        let shadows = world.shadows("unmixing")?;
        let mut batch = shadows.batch(CHUNK);
        let beside = match world.beside() {
            0 => Beside::NOTHING,
            count => {
                shadows.fill(0, &mut batch)?;
                Beside::fit(world, &estimate, &batch, count)
            }
        };
        let width = world.shape.features + beside.count;
        let chunks = options.samples.div_ceil(CHUNK);
        let mut moments = vec![Moments::new(width, world.pixels()); classes];
        for chunk in 0..chunks {
            // Chunk 0 is held out.
            shadows.fill(1 + chunk as u64, &mut batch)?;
            let pairs = pairs(world, &estimate, beside, &batch);
            moments
                .par_iter_mut()
                .zip(&pairs)
                .for_each(|(moments, (x, y))| moments.add(x, y));
            progress(AttackProgress {
                done: ((chunk + 1) * CHUNK) as u64,
                total: (chunks * CHUNK) as u64,
                loss: f64::NAN,
            });
        }
        shadows.fill(0, &mut batch)?;
        let held_out = pairs(world, &estimate, beside, &batch);
        let maps = choose(&moments, beside, &held_out)?;
        Ok(Self {
            estimate,
            beside,
            maps,
            pixels: world.pixels(),
            samples: (chunks * CHUNK) as u64,
        })
    }

    /// Writes the fitted attack to a safetensors file.
    pub fn save(&self, path: &Path) -> Result<(), AttackError> {
        let (classes, width) = self.estimate.shape();
        let mut tensors = NamedTensors::default();
        let coefficients = self.estimate.coefficients();
        let shape = [width, coefficients.len() / width];
        tensors.insert("estimate", &shape, coefficients.to_vec());
        for (class, map) in self.maps.iter().enumerate() {
            let coefficients = map.coefficients().to_vec();
            tensors.insert(
                format!("map.{class}"),
                &[width + self.beside.count + 1, self.pixels],
                coefficients,
            );
        }
        if self.beside.count > 0 {
            tensors.insert("beside", &[1], vec![self.beside.scale]);
        }
        let metadata = HashMap::from([
            ("kind".into(), "unmixing".into()),
            ("classes".into(), classes.to_string()),
            ("samples".into(), self.samples.to_string()),
        ]);
        Ok(tensors.save(path, metadata)?)
    }

    /// Reads what [`Unmixing::save`] wrote.
    pub fn load(path: &Path) -> Result<Self, AttackError> {
        let (mut tensors, metadata) = NamedTensors::load(path)?;
        let number = |key: &str| -> Result<u64, AttackError> {
            let entry = metadata.get(key).and_then(|text| text.parse().ok());
            entry.ok_or_else(|| AttackError::Mismatch {
                what: "a file of a fitted unmixing",
                expected: format!("metadata with the number `{key}`"),
                found: path.display().to_string(),
            })
        };
        let (classes, samples) = (number("classes")? as usize, number("samples")?);
        let shape_of = |name: &str| tensors.shape(name).unwrap_or(&[0, 0]).to_vec();
        let (estimate_shape, map_shape) = (shape_of("estimate"), shape_of("map.0"));
        let coefficients = tensors.take("unmixing", "estimate", &estimate_shape)?;
        let maps = (0..classes).map(|class| {
            let coefficients = tensors.take("unmixing", &format!("map.{class}"), &map_shape)?;
            Ok(Linear::new(map_shape[0] - 1, coefficients))
        });
        let maps = maps.collect::<Result<_, AttackError>>()?;
        let scale = match tensors.shape("beside") {
            Some(_) => tensors.take("unmixing", "beside", &[1])?[0],
            None => 1.0,
        };
        tensors.finish("unmixing")?;
        let inputs = estimate_shape[0] + 1;
        let count = map_shape[0].checked_sub(inputs);
        let count = count.ok_or_else(|| AttackError::Mismatch {
            what: "a file of a fitted unmixing",
            expected: format!("maps of {inputs} inputs or more"),
            found: path.display().to_string(),
        })?;
        Ok(Self {
            estimate: FeatureEstimate::from_coefficients(classes, coefficients),
            beside: Beside { count, scale },
            maps,
            pixels: map_shape[1],
            samples,
        })
    }

    /// Estimated mean features of every class of one head: classes × width.
    pub fn features(&self, head: &[f32]) -> Vec<f32> {
        let (classes, width) = self.estimate.shape();
        let mut out = vec![0.0; classes * width];
        self.estimate.apply(head, &mut out);
        out
    }
}

impl WhiteBox for Unmixing {
    fn reconstruct(&self, _: &World<'_>, heads: &ShadowBatch) -> Vec<f32> {
        let (classes, width) = self.estimate.shape();
        let width = width + self.beside.count;
        let inputs = inputs(&self.estimate, self.beside, &heads.weights, heads.len());
        let heads = heads.len();
        let mut out = vec![0.0; heads * classes * self.pixels];
        let per_class: Vec<Vec<f32>> = self
            .maps
            .par_iter()
            .zip(inputs.par_chunks(heads * (width + 1)))
            .map(|(map, inputs)| map.apply(inputs))
            .collect();
        for (head, out) in out.chunks_mut(classes * self.pixels).enumerate() {
            for (out, images) in out.chunks_mut(self.pixels).zip(&per_class) {
                let image = &images[head * self.pixels..(head + 1) * self.pixels];
                for (out, value) in out.iter_mut().zip(image) {
                    *out = value.clamp(-1.0, 1.0);
                }
            }
        }
        out
    }

    fn aim(&self) -> Aim {
        Aim::Classes(self.maps.len())
    }

    fn cost(&self) -> Cost {
        Cost {
            samples: self.samples,
            ..Cost::default()
        }
    }
}

/// What is seen of a class beside its row.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Beside {
    /// Numbers a class.
    count: usize,
    /// What they are multiplied with, so that the ridge takes them as it takes features.
    scale: f32,
}

impl Beside {
    const NOTHING: Self = Self {
        count: 0,
        scale: 1.0,
    };

    /// As `world` shows it: brought to the power of the features that are estimated from `batch`.
    fn fit(
        world: &World<'_>,
        estimate: &FeatureEstimate,
        batch: &ShadowBatch,
        count: usize,
    ) -> Self {
        let power = |values: &[f32]| {
            let squares = values.iter().map(|&x| f64::from(x).powi(2));
            squares.sum::<f64>() / values.len() as f64
        };
        let (classes, width) = estimate.shape();
        let mut features = vec![0.0; classes * width];
        let (mut own, mut others) = (0.0, 0.0);
        for head in 0..batch.len() {
            let head = batch.head(head);
            estimate.apply(head, &mut features);
            own += power(&features);
            others += power(world.parts(head).1);
        }
        let scale = (own / others.max(f64::MIN_POSITIVE)).sqrt() as f32;
        Self { count, scale }
    }
}

/// Estimated features, what is seen beside them, and a constant, class-major: classes × heads ×
/// (width + beside + 1).
fn inputs(estimate: &FeatureEstimate, beside: Beside, weights: &[f32], heads: usize) -> Vec<f32> {
    let (classes, width) = estimate.shape();
    let length = weights.len() / heads.max(1);
    let mut features = vec![0.0; heads * classes * width];
    features
        .par_chunks_mut(classes * width)
        .zip(weights.par_chunks(length))
        .for_each(|(out, head)| estimate.apply(head, out));
    let row_len = width + beside.count + 1;
    let mut inputs = vec![1.0; classes * heads * row_len];
    inputs
        .par_chunks_mut(row_len)
        .enumerate()
        .for_each(|(row, input)| {
            let (class, head) = (row / heads, row % heads);
            let from = (head * classes + class) * width;
            input[..width].copy_from_slice(&features[from..from + width]);
            let others = (head + 1) * length - (classes - class) * beside.count;
            let others = &weights[others..others + beside.count];
            for (input, x) in input[width..].iter_mut().zip(others) {
                *input = x * beside.scale;
            }
        });
    inputs
}

/// Inputs and mean images of every class of a batch.
fn pairs(
    world: &World<'_>,
    estimate: &FeatureEstimate,
    beside: Beside,
    batch: &ShadowBatch,
) -> Vec<(Vec<f32>, Vec<f32>)> {
    let (classes, width) = estimate.shape();
    let heads = batch.heads;
    let inputs = inputs(estimate, beside, &batch.weights, heads);
    let pixels = world.pixels();
    let target = |class: usize| {
        let mut out = vec![0.0; heads * pixels];
        for (head, out) in out.chunks_mut(pixels).enumerate() {
            let members = &batch.members(head)[class * world.shots..(class + 1) * world.shots];
            for &member in members {
                let image = world.images.image(member as usize);
                for (sum, value) in out.iter_mut().zip(image) {
                    *sum += value / world.shots as f32;
                }
            }
        }
        out
    };
    let block = heads * (width + beside.count + 1);
    let classes = (0..classes).into_par_iter();
    classes
        .map(|class| {
            (
                inputs[class * block..(class + 1) * block].to_vec(),
                target(class),
            )
        })
        .collect()
}

/// The maps (one for all classes, or one each; with what is seen beside the rows, or without) with the
/// smallest held-out error.
fn choose(
    moments: &[Moments],
    beside: Beside,
    held_out: &[(Vec<f32>, Vec<f32>)],
) -> Result<Vec<Linear>, AttackError> {
    let mut shared = moments[0].clone();
    moments[1..].iter().for_each(|other| shared.merge(other));
    let mut best: Option<(f64, Vec<Linear>)> = None;
    // Inputs that tell nothing are noise to a fit on few heads: it may do without them.
    let left_out = match beside.count {
        0 => vec![0],
        all => vec![0, all],
    };
    let tried = STRENGTHS.iter();
    let tried = tried.flat_map(|&strength| left_out.iter().map(move |&left| (strength, left)));
    for (strength, left_out) in tried {
        let one = shared.solve_without(strength, left_out);
        let one = one.map(|map| vec![map; moments.len()]);
        let each = moments
            .par_iter()
            .map(|moments| moments.solve_without(strength, left_out))
            .collect();
        for maps in [one, each].into_iter().flatten() {
            let error = maps.par_iter().zip(held_out).map(|(map, (x, y))| {
                let images = map.apply(x);
                let differences = images.iter().zip(y).map(|(a, b)| f64::from(a - b));
                differences
                    .map(|difference| difference * difference)
                    .sum::<f64>()
            });
            // Summed in order, whatever the threads.
            let error = error.collect::<Vec<_>>().iter().sum::<f64>();
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, maps));
            }
        }
    }
    best.map(|(_, maps)| maps)
        .ok_or_else(|| AttackError::Singular {
            attack: "unmixing",
            reason: "no ridge strength gives finite coefficients".into(),
        })
}
