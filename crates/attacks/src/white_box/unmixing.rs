//! `unmixing`: the closed-form attack.
//!
//! Features are estimated from the head coordinate by coordinate, and each class's image is a
//! linear function of its estimated feature, the minimiser of the squared error with a ridge
//! penalty over shadow heads. Nothing is iterated; fitting takes seconds.

mod by_image;
mod choice;
mod inputs;

use std::collections::HashMap;
use std::path::Path;

use backbones::NamedTensors;
use rayon::prelude::*;
use spec::Options;
use transfer::ShadowBatch;

use super::estimate::HEADS;
use super::ridge::{Linear, Moments};
use super::source::FeatureSource;
use super::{Aim, AttackProgress, WhiteBox};
use crate::{AttackError, Cost, World};
use by_image::ByImage;
use choice::{HeldOut, choose};
use inputs::{Beside, inputs};

/// Heads made at once while fitting.
const CHUNK: usize = spec::Unmixing::CHUNK;

/// The fitted attack: from a linear head to one image a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmixing {
    source: FeatureSource,
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
        options.check()?;
        for recipe in &world.assumed {
            options.suits(world.shape.kind, recipe.optimiser)?;
        }
        let source = if options.informed {
            FeatureSource::informed(world, "informed unmixing")?
        } else {
            FeatureSource::of_heads(world, HEADS.min(options.samples / 2))?
        };
        let classes = world.shape.classes;
        let aim = source.aim(classes);
        let shadows = world.shadows("unmixing")?;
        let mut batch = shadows.batch(CHUNK);
        let beside = match world.beside() {
            0 => Beside::NOTHING,
            count => {
                shadows.fill(0, &mut batch)?;
                Beside::fit(world, &source, &batch, count)
            }
        };
        let width = source.shape(classes).1 + beside.count;
        let chunks = options.samples.div_ceil(CHUNK);
        let mut sums = vec![(Moments::new(width, world.pixels()), ByImage::default()); classes];
        for chunk in 0..chunks {
            // Chunk 0 is held out.
            shadows.fill(1 + chunk as u64, &mut batch)?;
            let inputs = inputs(&source, world, beside, &batch);
            let of_classes = inputs.par_chunks(batch.len() * (width + 1));
            let each = sums.par_iter_mut().zip(of_classes).enumerate();
            each.for_each(|(class, ((moments, by_image), inputs))| {
                moments.add_inputs(inputs);
                for (head, input) in inputs.chunks(width + 1).enumerate() {
                    by_image.add(input, candidates(world, aim, &batch, head, class));
                    if by_image.is_full() {
                        by_image.multiply_out(world, moments);
                    }
                }
            });
            progress(AttackProgress {
                done: ((chunk + 1) * CHUNK) as u64,
                total: (chunks * CHUNK) as u64,
                loss: f64::NAN,
            });
        }
        let multiplied = sums.into_par_iter().map(|(mut moments, mut by_image)| {
            by_image.multiply_out(world, &mut moments);
            moments
        });
        let moments: Vec<Moments> = multiplied.collect();
        shadows.fill(0, &mut batch)?;
        let held_out = held_out(world, &source, beside, &batch);
        let key = world.key.child("unmixing");
        let behind = (source.besides(), beside.count);
        let maps = choose(&moments, behind, &held_out, key)?;
        Ok(Self {
            source,
            beside,
            maps,
            pixels: world.pixels(),
            samples: (chunks * CHUNK) as u64,
        })
    }

    /// Writes the fitted attack to a safetensors file.
    pub fn save(&self, path: &Path) -> Result<(), AttackError> {
        let classes = self.maps.len();
        let (_, width) = self.source.shape(classes);
        let mut tensors = NamedTensors::default();
        self.source.save(classes, &mut tensors);
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
        let map_shape = shape_of("map.0");
        let source = FeatureSource::load("unmixing", classes, &mut tensors)?;
        let source = source.ok_or_else(|| AttackError::Mismatch {
            what: "a file of a fitted unmixing",
            expected: "the tensor `estimate` or `prior`".into(),
            found: path.display().to_string(),
        })?;
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
        let inputs = source.shape(classes).1 + 1;
        let count = map_shape[0].checked_sub(inputs);
        let count = count.ok_or_else(|| AttackError::Mismatch {
            what: "a file of a fitted unmixing",
            expected: format!("maps of {inputs} inputs or more"),
            found: path.display().to_string(),
        })?;
        Ok(Self {
            source,
            beside: Beside { count, scale },
            maps,
            pixels: map_shape[1],
            samples,
        })
    }

    /// Estimated mean features of every class of one head, classes × width, as a ridge takes them: `None`
    /// of an informed adversary, whose estimate is of one example and needs the others.
    pub fn features(&self, head: &[f32]) -> Option<Vec<f32>> {
        let FeatureSource::Head(estimate) = &self.source else {
            return None;
        };
        let (classes, width) = estimate.shape();
        let mut out = vec![0.0; classes * width];
        estimate.apply(head, &mut out);
        Some(out)
    }
}

impl WhiteBox for Unmixing {
    fn reconstruct(&self, world: &World<'_>, heads: &ShadowBatch) -> Vec<f32> {
        let (classes, width) = self.source.shape(self.maps.len());
        let width = width + self.beside.count;
        let inputs = inputs(&self.source, world, self.beside, heads);
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
        self.source.aim(self.maps.len())
    }

    fn cost(&self) -> Cost {
        Cost {
            samples: self.samples,
            ..Cost::default()
        }
    }
}

/// The training examples of a head whose mean image is the target of a class.
fn candidates<'b>(
    world: &World<'_>,
    aim: Aim,
    batch: &'b ShadowBatch,
    head: usize,
    class: usize,
) -> &'b [u32] {
    aim.candidates(batch.members(head), world.shots, class)
}

/// Inputs and mean images of every class of a batch.
fn held_out(
    world: &World<'_>,
    source: &FeatureSource,
    beside: Beside,
    batch: &ShadowBatch,
) -> Vec<HeldOut> {
    let (heads, pixels) = (batch.len(), world.pixels());
    let inputs = inputs(source, world, beside, batch);
    let aim = source.aim(world.shape.classes);
    let length = inputs.len() / world.shape.classes;
    let of_class = |(class, inputs): (usize, &[f32])| {
        let mut images = vec![0.0; heads * pixels];
        for (head, mean) in images.chunks_mut(pixels).enumerate() {
            let members = candidates(world, aim, batch, head, class);
            for &member in members {
                let image = world.images.image(member as usize);
                let sums = mean.iter_mut().zip(image);
                sums.for_each(|(sum, value)| *sum += value / members.len() as f32);
            }
        }
        HeldOut {
            inputs: inputs.to_vec(),
            images,
        }
    };
    inputs
        .par_chunks(length)
        .enumerate()
        .map(of_class)
        .collect()
}
