//! One SGD step of the whole network on an image or a few, and what it gives away at once.

use backbones::{Backbone, NamedTensors};
use datasets::{ImageSet, StreamKey};
use faer::prelude::*;
use faer::{Mat, Side};
use rand_distr::{Distribution, StandardNormal};
use spec::{GradientForm, Initial, Options};
use transfer::ShadowBatch;

use super::convolution::{matrix, product};
use super::separation::{Layer, separate};
use crate::alone::alone;
use crate::{AttackError, World};

/// What an adversary reads off the update that one SGD step makes to the network and its head.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRelease {
    /// The class of each example.
    pub labels: Vec<usize>,
    /// The input of the first linear layer, up to rounding: examples × maps, in no order.
    pub maps: Vec<f32>,
    /// What each example moves the first linear layer's biases by: examples × units.
    pub units: Vec<f32>,
    /// The update of the convolutions' weights, `[out, in, 3, 3]` each, from the first one on.
    pub convolutions: Vec<Vec<f32>>,
}

impl NetworkRelease {
    /// Reads `update`, of a step on one example: new minus old weights, at any learning rate, named as
    /// [`Backbone::gradient`] names them.
    ///
    /// # Errors
    /// Where the tensors are missing, or where no unit of the first linear layer moved.
    pub fn read(update: &NamedTensors) -> Result<Self, AttackError> {
        let tensor = |name: &'static str| part(update, name);
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
            labels: vec![label.unwrap_or(0)],
            maps: maps.into_iter().map(|x| x as f32).collect(),
            units: biases.to_vec(),
            convolutions: convolutions(update),
        })
    }

    /// Reads `update`, of a step on `count` examples from `backbone`: the first linear layer takes them
    /// apart, and the features that each leads to tell its class by the head's update.
    ///
    /// # Errors
    /// As [`NetworkRelease::read`], and where the examples cannot be told apart.
    pub fn read_batch(
        update: &NamedTensors,
        backbone: &Backbone,
        count: usize,
        key: StreamKey,
    ) -> Result<Self, AttackError> {
        if count == 1 {
            return Self::read(update);
        }
        let (weights, biases) = (part(update, "fc.0.weight")?, part(update, "fc.0.bias")?);
        let weights = matrix(weights, biases.len());
        let biases: Vec<f64> = biases.iter().map(|it| f64::from(*it)).collect();
        let tensors = backbone.tensors();
        let (own, own_biases) = (part(&tensors, "fc.0.weight")?, part(&tensors, "fc.0.bias")?);
        let own_biases: Vec<f64> = own_biases.iter().map(|it| f64::from(*it)).collect();
        let own = matrix(own, own_biases.len());
        let layer = Layer {
            weights: own.as_ref(),
            biases: &own_biases,
            weights_gradient: weights.as_ref(),
            biases_gradient: &biases,
        };
        let found = separate(&layer, count, key.rng(0))?;
        let (inputs, slopes) = (found.inputs, found.slopes);
        let flat = |rows: usize, of: &dyn Fn(usize, usize) -> f64| -> Vec<f32> {
            let at = (0..count).flat_map(|b| (0..rows).map(move |i| (b, i)));
            at.map(|(b, i)| of(b, i) as f32).collect()
        };
        // What lies before the layer went through a ReLU: less than nothing is rounding.
        let maps = flat(inputs.ncols(), &|b, i| inputs[(b, i)].max(0.0));
        Ok(Self {
            labels: labels(update, backbone, &maps, count)?,
            units: flat(slopes.nrows(), &|b, i| slopes[(i, b)]),
            maps,
            convolutions: convolutions(update),
        })
    }

    /// One SGD step at learning rate `rate` on all images of `examples`, from `backbone` and the linear
    /// `head` (classes × (d + 1), bias last): what the victim computes and the adversary reads.
    ///
    /// # Errors
    /// As [`NetworkRelease::read_batch`].
    pub fn of_step(
        backbone: &Backbone,
        head: &[f32],
        examples: &ImageSet,
        rate: f32,
        key: StreamKey,
    ) -> Result<Self, AttackError> {
        let gradient = backbone.gradient(examples, head)?;
        let mut update = NamedTensors::default();
        for name in gradient.names() {
            let (Some(shape), Some(values)) = (gradient.shape(name), gradient.get(name)) else {
                continue;
            };
            let step = values.iter().map(|slope| -rate * slope).collect();
            update.insert(name, shape, step);
        }
        Self::read_batch(&update, backbone, examples.len(), key)
    }
}

fn part<'a>(update: &'a NamedTensors, name: &str) -> Result<&'a [f32], AttackError> {
    update.get(name).ok_or_else(|| AttackError::Mismatch {
        what: "an update of the whole network",
        expected: format!("the tensor `{name}`"),
        found: "none of that name".into(),
    })
}

fn convolutions(update: &NamedTensors) -> Vec<Vec<f32>> {
    let convolution = |layer| update.get(&format!("conv.{layer}.weight"));
    (0..).map_while(convolution).map(<[f32]>::to_vec).collect()
}

/// The class of each example: the head's update is Σ_b g_b f_bᵀ over the examples' features, with only
/// the label's entry of each g_b above zero. `maps` are examples × inputs of the first linear layer.
fn labels(
    update: &NamedTensors,
    backbone: &Backbone,
    maps: &[f32],
    count: usize,
) -> Result<Vec<usize>, AttackError> {
    let head = part(update, "head.bias")?;
    let weights = matrix(part(update, "head.weight")?, head.len());
    let tensors = backbone.tensors();
    let mut features = matrix(maps, count);
    for layer in 0.. {
        let name = |part: &str| format!("fc.{layer}.{part}");
        let (Some(weight), Some(bias)) = (tensors.get(&name("weight")), tensors.get(&name("bias")))
        else {
            break;
        };
        let weight = matrix(weight, bias.len());
        let sums = product(features.as_ref(), weight.transpose());
        features = Mat::from_fn(count, bias.len(), |b, i| {
            (sums[(b, i)] + f64::from(bias[i])).max(0.0)
        });
    }
    // Least squares of the update in the examples' features.
    let gram = product(features.as_ref(), features.transpose());
    let factor = gram.llt(Side::Lower).map_err(|_| AttackError::Singular {
        attack: "gradient_inversion",
        reason: "two examples of the batch have the same features".into(),
    })?;
    let right = product(features.as_ref(), weights.transpose());
    let moved = factor.solve(right);
    let label = |b: usize| {
        let entries = (0..head.len()).max_by(|&x, &y| moved[(b, x)].total_cmp(&moved[(b, y)]));
        entries.unwrap_or(0)
    };
    Ok((0..count).map(label).collect())
}

/// What the step of each victim releases, where its examples can be told apart, and the examples.
pub type StepReleases = (Vec<Option<NetworkRelease>>, Vec<Vec<u32>>);

/// What one SGD step on `batch` examples of each victim releases, from a head as the recipe initialises
/// it: on the first examples of class `victim mod K` and the classes after it, then on the second ones.
/// With the examples of each. A batch whose examples cannot be told apart gives nothing away here.
///
/// # Errors
/// If the step cannot be made so, or a batch has more examples than a victim.
pub fn single_gradients(
    world: &World<'_>,
    backbone: &Backbone,
    victims: &ShadowBatch,
    batch: usize,
) -> Result<StepReleases, AttackError> {
    let options: spec::GradientInversion = spec::GradientInversion {
        form: GradientForm::SingleGradient,
        batch,
        ..spec::GradientInversion::default()
    };
    options.check()?;
    options.suits(world.shape.kind, world.recipe.optimiser)?;
    if batch > world.members() {
        return Err(AttackError::Mismatch {
            what: "a batch of a victim's training set",
            expected: format!("at most {} examples", world.members()),
            found: batch.to_string(),
        });
    }
    if world.recipe.initial != Initial::Normal || world.recipe.label_smoothing != 0.0 {
        return Err(AttackError::Unsuited(spec::Unsuited {
            what: "gradient_inversion of a single gradient",
            head: "initial weights of PyTorch's or smoothed labels",
            hint: "leave `initial` and `label_smoothing` out of `recipe`",
        }));
    }
    let (classes, width) = (world.shape.classes, world.shape.features + 1);
    let key = world.key.child("single gradient");
    let released = alone(victims.len(), |victim| {
        let members: Vec<u32> = (0..batch)
            .map(|at| {
                let class = (victim + at) % classes;
                victims.members(victim)[class * world.shots + at / classes]
            })
            .collect();
        let mut normals = StandardNormal.sample_iter(key.rng(victim as u64));
        let mut head = vec![0.0; classes * width];
        for row in head.chunks_mut(width) {
            for (weight, normal) in row[..width - 1].iter_mut().zip(&mut normals) {
                let normal: f32 = normal;
                *weight = world.recipe.init_std * normal;
            }
        }
        let images = members.iter().map(|&it| world.images.image(it as usize));
        let images = images.collect::<Vec<_>>().concat();
        let labels = (0..batch).map(|at| ((victim + at) % classes) as u32);
        let examples = ImageSet::new(world.images.shape(), images, labels.collect(), classes)?;
        let rate = world.recipe.learning_rate;
        let key = key.child("separation").child(&victim.to_string());
        let release = NetworkRelease::of_step(backbone, &head, &examples, rate, key);
        match release {
            Err(AttackError::Singular { .. }) if batch > 1 => Ok((None, members)),
            release => Ok((Some(release?), members)),
        }
    });
    let released: Result<Vec<_>, AttackError> = released.into_iter().collect();
    Ok(released?.into_iter().unzip())
}
