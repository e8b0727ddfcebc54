//! `reconstructor`: a network that turns a head into images, trained on shadow heads.
//!
//! Every batch is made of fresh shadow heads, so the network never sees a head twice and memory
//! does not grow with the number of heads (arXiv:2505.14323 trains on a stored set of 2.56 million).

use std::collections::HashMap;
use std::path::Path;

use backbones::NamedTensors;
use transfer::ShadowBatch;

use super::encoder::{Encoder, Source};
use super::estimate::FeatureEstimate;
use super::informed::InformedEstimate;
use super::loss::softmin;
use super::{Aim, AttackProgress, WhiteBox};
use crate::error::option;
use crate::network::{LayerShape, Network, NetworkShape, Scratch};
use crate::{AttackError, Cost, World};

/// Kind of network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Fully connected.
    #[default]
    Mlp,
    /// Fully connected, then transposed convolutions: see [`NetworkShape::conv`].
    Conv,
}

/// How to train a [`Reconstructor`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReconstructorOptions {
    /// Rows seen in training: a shadow head gives one for each of its targets.
    pub samples: usize,
    /// Kind of network.
    pub architecture: Architecture,
    /// Width of each hidden layer.
    pub hidden: Vec<usize>,
    /// Rows a step, rounded up to whole heads.
    pub batch: usize,
    /// Adam's learning rate at the start; it falls along half a cosine to zero.
    pub learning_rate: f32,
    /// Sharpness α of the soft minimum over the images of a class.
    pub alpha: f64,
    /// Whether the adversary knows all training examples but the target: the first of each class in
    /// turn (Balle et al. 2022).
    pub informed: bool,
}

impl Default for ReconstructorOptions {
    fn default() -> Self {
        Self {
            samples: 1_000_000,
            architecture: Architecture::Mlp,
            hidden: vec![1024, 1024],
            batch: 160,
            learning_rate: 4e-4,
            alpha: 100.0,
            informed: false,
        }
    }
}

/// Steps over which the learning rate rises at the start.
const WARM_UP: f64 = 200.0;

impl ReconstructorOptions {
    fn check(&self) -> Result<(), AttackError> {
        if self.samples == 0 {
            return Err(option("samples", 0, "at least 1"));
        }
        if self.batch == 0 {
            return Err(option("batch", 0, "at least 1"));
        }
        if self.hidden.is_empty() || self.hidden.iter().any(|width| !(1..=16384).contains(width)) {
            let value = format!("{:?}", self.hidden);
            return Err(option("hidden", value, "widths between 1 and 16384"));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(option(
                "learning_rate",
                self.learning_rate,
                "positive and finite",
            ));
        }
        if !(self.alpha > 0.0 && self.alpha.is_finite()) {
            return Err(option("alpha", self.alpha, "positive and finite"));
        }
        Ok(())
    }

    fn shape(&self, encoder: &Encoder, world: &World<'_>) -> Result<NetworkShape, AttackError> {
        let image = world.images.shape();
        match self.architecture {
            Architecture::Mlp => Ok(NetworkShape::dense(
                encoder.inputs(),
                &self.hidden,
                image.len(),
            )),
            Architecture::Conv => {
                let sides = [image.channels, image.height, image.width];
                let shape = NetworkShape::conv(encoder.inputs(), &self.hidden, sides);
                shape.ok_or_else(|| {
                    let value = format!("conv for {} × {} pixels", image.height, image.width);
                    option(
                        "architecture",
                        value,
                        "mlp where sides are odd or under 6 pixels",
                    )
                })
            }
        }
    }
}

/// The trained attack.
#[derive(Clone, Debug)]
pub struct Reconstructor {
    encoder: Encoder,
    network: Network,
    samples: u64,
    steps: u64,
}

impl Reconstructor {
    /// Trains the attack on shadow heads of `world`. The same world and options give the same bits
    /// whatever the number of threads.
    pub fn fit(
        world: &World<'_>,
        options: &ReconstructorOptions,
        mut progress: impl FnMut(AttackProgress),
    ) -> Result<Self, AttackError> {
        options.check()?;
        let encoder = Encoder::fit(world, options.informed)?;
        let (aim, targets) = (encoder.aim, encoder.aim.targets());
        let shape = options.shape(&encoder, world)?;
        let mut network = Network::random(&shape, world.key.child("reconstructor"));
        let mut scratch = Scratch::default();
        let heads = options.batch.div_ceil(targets);
        let rows = heads * targets;
        let steps = options.samples.div_ceil(rows) as u64;
        let shadows = world.shadows("reconstructor")?;
        let mut batch = shadows.batch(heads);
        let mut next = batch.clone();
        shadows.fill(0, &mut batch);
        let mut loss = f64::NAN;
        for step in 0..steps {
            let rate = options.learning_rate * rate_factor(step, steps);
            let inputs = encoder.encode_all(world, &batch);
            let width = encoder.inputs();
            let train = || {
                network.step(
                    rows,
                    rate,
                    &mut scratch,
                    |row, input| input.copy_from_slice(&inputs[row * width..(row + 1) * width]),
                    |row, output, gradient| {
                        let members = batch.members(row / targets);
                        let members = aim.candidates(members, world.shots, row % targets);
                        let images = members.iter().map(|&it| world.images.image(it as usize));
                        softmin(output, images, options.alpha, gradient)
                    },
                )
            };
            let (now, ()) = rayon::join(train, || shadows.fill(step + 1, &mut next));
            if !now.is_finite() {
                return Err(AttackError::Diverged {
                    attack: "reconstructor",
                    step,
                });
            }
            loss = if loss.is_nan() {
                now
            } else {
                loss + 0.02 * (now - loss)
            };
            std::mem::swap(&mut batch, &mut next);
            progress(AttackProgress {
                done: (step + 1) * heads as u64,
                total: steps * heads as u64,
                loss,
            });
        }
        Ok(Self {
            encoder,
            network,
            samples: steps * heads as u64,
            steps,
        })
    }
}

/// Share of the learning rate in a step: a short rise, then half a cosine down to zero.
fn rate_factor(step: u64, steps: u64) -> f32 {
    let progress = step as f64 / steps as f64;
    let rise = ((step + 1) as f64 / WARM_UP).min(1.0);
    (rise * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())) as f32
}

impl WhiteBox for Reconstructor {
    fn reconstruct(&self, world: &World<'_>, heads: &ShadowBatch) -> Vec<f32> {
        self.network.forward(&self.encoder.encode_all(world, heads))
    }

    fn aim(&self) -> Aim {
        self.encoder.aim
    }

    fn cost(&self) -> Cost {
        Cost {
            samples: self.samples,
            steps: self.steps,
            queries: 0,
        }
    }
}

impl Reconstructor {
    /// Writes the trained attack to a safetensors file.
    pub fn save(&self, path: &Path) -> Result<(), AttackError> {
        let mut tensors = NamedTensors::default();
        let mut shapes = Vec::new();
        for (layer, (shape, weights, bias)) in self.network.parameters().enumerate() {
            let name = |part: &str| format!("{layer}.{part}");
            tensors.insert(name("weight"), &shape.weights().0, weights.to_vec());
            tensors.insert(name("bias"), &[bias.len()], bias.to_vec());
            shapes.push(shape.to_string());
        }
        let encoder = &self.encoder;
        tensors.insert("mean", &[encoder.mean.len()], encoder.mean.clone());
        tensors.insert("scale", &[encoder.scale.len()], encoder.scale.clone());
        if let Source::Estimate(estimate) = &encoder.source {
            let width = estimate.shape().1;
            let coefficients = estimate.coefficients();
            let shape = [width, coefficients.len() / width];
            tensors.insert("estimate", &shape, coefficients.to_vec());
        }
        if let Source::Informed(estimate) = &encoder.source {
            let shape = [encoder.aim.targets(), encoder.mean.len()];
            tensors.insert("prior", &shape, estimate.prior.clone());
        }
        let metadata = HashMap::from([
            ("kind".into(), "reconstructor".into()),
            ("targets".into(), encoder.aim.targets().to_string()),
            ("layers".into(), shapes.join(", ")),
            ("samples".into(), self.samples.to_string()),
            ("steps".into(), self.steps.to_string()),
        ]);
        Ok(tensors.save(path, metadata)?)
    }

    /// Reads what [`Reconstructor::save`] wrote.
    pub fn load(path: &Path) -> Result<Self, AttackError> {
        let (mut tensors, metadata) = NamedTensors::load(path)?;
        let refuse = |expected: String| AttackError::Mismatch {
            what: "a file of a trained reconstructor",
            expected,
            found: path.display().to_string(),
        };
        let number = |key: &str| -> Result<u64, AttackError> {
            let entry = metadata.get(key).and_then(|text| text.parse().ok());
            entry.ok_or_else(|| refuse(format!("metadata with the number `{key}`")))
        };
        let targets = number("targets")? as usize;
        let mut take = |name: &str| -> Result<(Vec<usize>, Vec<f32>), AttackError> {
            let shape = tensors.shape(name).unwrap_or(&[]).to_vec();
            Ok((shape.clone(), tensors.take("reconstructor", name, &shape)?))
        };
        let (mean, scale) = (take("mean")?.1, take("scale")?.1);
        let (source, aim) = if let Ok((_, values)) = take("estimate") {
            let estimate = FeatureEstimate::from_coefficients(targets, values);
            (Source::Estimate(estimate), Aim::Classes(targets))
        } else if let Ok((_, prior)) = take("prior") {
            (
                Source::Informed(InformedEstimate { prior }),
                Aim::Examples(targets),
            )
        } else {
            let aim = if targets == 1 {
                Aim::Set
            } else {
                Aim::Classes(targets)
            };
            (Source::Weights { len: mean.len() }, aim)
        };
        let shapes = metadata.get("layers").map_or("", String::as_str);
        let shapes: Result<Vec<LayerShape>, ()> = shapes.split(", ").map(str::parse).collect();
        let shape = NetworkShape {
            layers: shapes.map_err(|()| refuse("metadata with the shapes of its layers".into()))?,
        };
        let mut layers = Vec::new();
        for (index, &layer) in shape.layers.iter().enumerate() {
            let (weights, biases) = layer.weights();
            let found = (
                take(&format!("{index}.weight"))?,
                take(&format!("{index}.bias"))?,
            );
            if found.0.0 != weights || found.1.0 != [biases] {
                return Err(refuse(format!("layer {index} as `{layer}`")));
            }
            layers.push((layer, found.0.1, found.1.1));
        }
        tensors.finish("reconstructor")?;
        let encoder = Encoder {
            source,
            aim,
            mean,
            scale,
        };
        if !shape.fits()
            || shape.inputs() != encoder.inputs()
            || encoder.scale.len() != encoder.mean.len()
        {
            return Err(refuse(format!("{} inputs", encoder.inputs())));
        }
        Ok(Self {
            encoder,
            network: Network::from_parameters(layers),
            samples: number("samples")?,
            steps: number("steps")?,
        })
    }
}
