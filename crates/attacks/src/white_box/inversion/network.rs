//! Inversion of one SGD step of the whole network on one image.
//!
//! For a linear layer z = V h + b the loss's slopes satisfy ∂L/∂V = (∂L/∂b) hᵀ: the update of its
//! weights is the update of its biases times its input (Phong et al. 2017; arXiv:2003.14053,
//! proposition 3.1). The backbone's first linear layer so gives its last feature maps to the last
//! bit of rounding, and the only positive bias update of the head names the class (arXiv:2001.02610).
//! What is left is to invert the convolutions: images are optimised until their maps are these.

use std::sync::atomic::{AtomicU64, Ordering};

use backbones::{Backbone, NamedTensors};
use burn::tensor::{Device, Tensor, TensorData};
use datasets::ImageSet;
use rand_distr::{Distribution, StandardNormal};
use transfer::{HeadKind, ShadowBatch};

use super::lbfgs::Lbfgs;
use super::objective::{host, total_variation};
use super::options::InversionOptions;
use super::prior::{ImagePrior, class_deviations, class_means};
use crate::alone::alone;
use crate::{AttackError, Cost, World};

/// Images that the law of images is fitted to.
const SAMPLES: usize = 2000;
/// Directions of that law that are kept.
const DIRECTIONS: usize = 600;
/// Images that are optimised together.
const TOGETHER: usize = 16;
/// Stages of the optimisation, each the share of the steps that it ends at and how closely it
/// matches the maps: the root mean square of the error it allows, relative to the maps. The maps are
/// exact; asking for that at once only follows the law of images less far.
const STAGES: [(f64, f64); 2] = [(0.5, 0.003), (1.0, 0.001)];
/// How much of what a pixel exceeds its bounds by the network sees. A pixel on its bound must feel
/// when it should leave it: bounds without slope hold strokes that are not there.
const LEAK: f64 = 0.1;
/// Weight of the squared excess over the bounds.
const EXCESS: f64 = 0.5;

/// What an adversary reads off the update that one SGD step makes to the network and its head.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRelease {
    /// The example's class.
    pub label: usize,
    /// The input of the first linear layer, up to rounding.
    pub maps: Vec<f32>,
}

impl NetworkRelease {
    /// Reads `update`: new minus old weights, at any learning rate, named as
    /// [`Backbone::gradient`] names them.
    ///
    /// # Errors
    /// Where the tensors are missing, or where no unit of the first linear layer moved.
    pub fn read(update: &NamedTensors) -> Result<Self, AttackError> {
        let tensor = |name: &'static str| {
            update.get(name).ok_or_else(|| AttackError::Mismatch {
                what: "an update of the whole network",
                expected: format!("the tensor `{name}`"),
                found: "none of that name".into(),
            })
        };
        let (weights, biases) = (tensor("fc.0.weight")?, tensor("fc.0.bias")?);
        let head = tensor("head.bias")?;
        let label = (0..head.len()).max_by(|&a, &b| head[a].total_cmp(&head[b]));
        let power: f64 = biases.iter().map(|b| f64::from(*b).powi(2)).sum();
        let width = weights.len() / biases.len().max(1);
        if !(power > 0.0 && power.is_finite()) || width == 0 {
            return Err(AttackError::Singular {
                attack: "gradient_inversion",
                reason: "no unit of the first linear layer moved".into(),
            });
        }
        // Least squares over the rows: h = Σ_i b_i V_i / Σ_i b_i².
        let mut maps = vec![0.0_f64; width];
        for (row, bias) in weights.chunks(width).zip(biases) {
            let share = f64::from(*bias) / power;
            maps.iter_mut()
                .zip(row)
                .for_each(|(sum, v)| *sum += share * f64::from(*v));
        }
        Ok(Self {
            label: label.unwrap_or(0),
            maps: maps.into_iter().map(|x| x as f32).collect(),
        })
    }

    /// One SGD step at learning rate `rate` on the single image of `example`, from `backbone` and
    /// the linear `head` (classes × (d + 1), bias last): what the victim computes and the adversary
    /// reads.
    pub fn of_step(
        backbone: &Backbone,
        head: &[f32],
        example: &ImageSet,
        rate: f32,
    ) -> Result<Self, AttackError> {
        let gradient = backbone.gradient(example, head)?;
        let mut update = NamedTensors::default();
        for name in gradient.names() {
            let (Some(shape), Some(values)) = (gradient.shape(name), gradient.get(name)) else {
                continue;
            };
            let step = values.iter().map(|slope| -rate * slope).collect();
            update.insert(name, shape, step);
        }
        Self::read(&update)
    }
}

/// What one SGD step on one example of each victim releases: on the first example of class
/// `victim mod K`, from a head as the recipe initialises it. With the examples.
pub fn single_gradients(
    world: &World<'_>,
    backbone: &Backbone,
    victims: &ShadowBatch,
) -> Result<(Vec<NetworkRelease>, Vec<u32>), AttackError> {
    if world.shape.kind != HeadKind::Linear {
        return Err(AttackError::Unsuited {
            attack: "gradient_inversion",
            head: "a step of a network with a head of several layers".into(),
            hint: "use a linear head",
        });
    }
    let (classes, width) = (world.shape.classes, world.shape.features + 1);
    let key = world.key.child("single gradient");
    let released = alone(victims.len(), |victim| {
        let class = victim % classes;
        let member = victims.members(victim)[class * world.shots];
        let mut normals = StandardNormal.sample_iter(key.rng(victim as u64));
        let mut head = vec![0.0; classes * width];
        for row in head.chunks_mut(width) {
            for (weight, normal) in row[..width - 1].iter_mut().zip(&mut normals) {
                let normal: f32 = normal;
                *weight = world.recipe.init_std * normal;
            }
        }
        let image = world.images.image(member as usize).to_vec();
        let example = ImageSet::new(world.images.shape(), image, vec![class as u32], classes)?;
        let rate = world.recipe.learning_rate;
        Ok((
            NetworkRelease::of_step(backbone, &head, &example, rate)?,
            member,
        ))
    });
    let released: Result<Vec<_>, AttackError> = released.into_iter().collect();
    Ok(released?.into_iter().unzip())
}

/// The attack, ready for any updates of one backbone.
#[derive(Clone)]
pub struct NetworkInversion<'a> {
    world: &'a World<'a>,
    /// On `device`.
    backbone: Backbone,
    device: Device,
    means: Vec<f32>,
    prior: ImagePrior,
    options: InversionOptions,
}

impl<'a> NetworkInversion<'a> {
    /// Prepares the attack: fits the law of every class's images to public ones.
    pub fn new(
        world: &'a World<'a>,
        backbone: &Backbone,
        options: InversionOptions,
    ) -> Result<Self, AttackError> {
        options.check()?;
        let means = class_means(world);
        let deviations = class_deviations(world, &means, SAMPLES);
        let prior = ImagePrior::fit(&deviations, world.pixels(), DIRECTIONS)?;
        let device = backbones::device().autodiff();
        let attack = Self {
            world,
            backbone: backbone.on(&device),
            device,
            means,
            prior,
            options,
        };
        // A backbone without linear layers is refused here, before any victim.
        attack.maps(attack.tensor(attack.means[..world.pixels()].to_vec()))?;
        Ok(attack)
    }

    /// One image an update: updates × pixels, in [-1, 1]. `progress` is told the number of updates'
    /// steps done.
    pub fn invert(
        &self,
        updates: &[NetworkRelease],
        progress: impl Fn(u64) + Sync,
    ) -> Result<Vec<f32>, AttackError> {
        let classes = self.world.split.public.classes();
        let width = self
            .maps(self.tensor(self.means[..self.world.pixels()].to_vec()))?
            .dims()[1];
        for update in updates {
            if update.maps.len() != width || update.label >= classes {
                return Err(AttackError::Mismatch {
                    what: "what an update gives",
                    expected: format!("{width} map values and a class below {classes}"),
                    found: format!("{} and class {}", update.maps.len(), update.label),
                });
            }
        }
        let done = AtomicU64::new(0);
        let images = alone(updates.len().div_ceil(TOGETHER), |number| {
            let updates = &updates[number * TOGETHER..];
            let updates = &updates[..TOGETHER.min(updates.len())];
            let count = updates.len() as u64;
            self.minimise(updates, || {
                progress(done.fetch_add(count, Ordering::Relaxed) + count);
            })
        });
        Ok(images.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// What an update costs: no shadow head.
    pub fn cost(&self) -> Cost {
        Cost {
            samples: 0,
            steps: self.options.steps as u64,
            queries: 0,
        }
    }

    fn minimise(
        &self,
        updates: &[NetworkRelease],
        step_done: impl Fn(),
    ) -> Result<Vec<f32>, AttackError> {
        let pixels = self.world.pixels();
        let n = updates.len();
        let means: Vec<f32> = updates
            .iter()
            .flat_map(|it| &self.means[it.label * pixels..(it.label + 1) * pixels])
            .copied()
            .collect();
        let maps: Vec<f32> = updates.iter().flat_map(|it| it.maps.clone()).collect();
        let matrix = |values: Vec<f32>| {
            let columns = values.len() / n;
            Tensor::<2>::from_data(TensorData::new(values, [n, columns]), &self.device)
        };
        let (means, maps) = (matrix(means), matrix(maps));
        let power = maps.clone().square().sum_dim(1) / maps.dims()[1] as f32 + 1e-12;
        let directions = Tensor::<2>::from_data(
            TensorData::new(
                self.prior.directions.clone(),
                [self.prior.len(), self.prior.pixels],
            ),
            &self.device,
        );
        let pixel = |z: Tensor<2>| means.clone() + z.matmul(directions.clone());
        let evaluate = |z: &[f32], error: f64| -> Result<Vec<(f64, Vec<f32>)>, AttackError> {
            let z = matrix(z.to_vec()).require_grad();
            let free = pixel(z.clone());
            let images = free.clone().clamp(-1.0, 1.0);
            let excess = free - images.clone();
            let found = self.maps(images.clone() + excess.clone() * LEAK)?;
            let misfit = (found - maps.clone()).square().sum_dim(1) / power.clone();
            let law = z.clone().square().sum_dim(1) * (0.5 * f64::from(self.options.prior));
            let outside = excess.square().sum_dim(1) * EXCESS;
            let fit = misfit * (0.5 / error.powi(2));
            let mut values: Tensor<1> = (fit + law + outside).reshape([n]);
            if self.options.total_variation > 0.0 {
                let variation = total_variation(images, self.world.images.shape());
                values = values + variation * f64::from(self.options.total_variation);
            }
            let gradients = values.clone().sum().backward();
            let length = self.prior.len();
            let slopes = match z.grad(&gradients) {
                Some(slopes) => host(slopes),
                None => vec![f32::NAN; n * length],
            };
            let values = host(values.inner()).into_iter().map(f64::from);
            let slopes = slopes.chunks(length).map(<[f32]>::to_vec);
            Ok(values.zip(slopes).collect())
        };
        let mut z = vec![0.0; n * self.prior.len()];
        let mut done = 0;
        for (share, error) in STAGES {
            let until = (share * self.options.steps as f64).round() as usize;
            if until <= done {
                continue;
            }
            // What the earlier stage learnt of the curvature belongs to another function.
            let begun = z.chunks(self.prior.len()).zip(evaluate(&z, error)?);
            let mut states: Vec<Lbfgs> = begun
                .map(|(z, (value, gradient))| {
                    let length = f64::from(self.options.learning_rate);
                    Lbfgs::new(z.to_vec(), value, gradient, length)
                })
                .collect();
            step_done();
            for _ in done + 1..until {
                let next: Vec<f32> = states.iter().flat_map(Lbfgs::proposal).collect();
                for (state, (value, gradient)) in states.iter_mut().zip(evaluate(&next, error)?) {
                    state.report(value, gradient);
                }
                step_done();
            }
            z = states.iter().flat_map(|it| it.point().to_vec()).collect();
            done = until;
        }
        Ok(host(pixel(matrix(z)).clamp(-1.0, 1.0).inner()))
    }

    fn maps(&self, images: Tensor<2>) -> Result<Tensor<2>, AttackError> {
        let shape = self.world.images.shape();
        let [n, _] = images.dims();
        let images: Tensor<4> = images.reshape([n, shape.channels, shape.height, shape.width]);
        Ok(self.backbone.maps(images)?)
    }

    fn tensor(&self, image: Vec<f32>) -> Tensor<2> {
        let pixels = image.len();
        Tensor::from_data(TensorData::new(image, [1, pixels]), &self.device)
    }
}
