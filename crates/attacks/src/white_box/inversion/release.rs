//! One SGD step of the whole network on one image, and what it gives away at once.

use backbones::{Backbone, NamedTensors};
use datasets::ImageSet;
use rand_distr::{Distribution, StandardNormal};
use spec::{GradientForm, Initial};
use transfer::ShadowBatch;

use crate::alone::alone;
use crate::{AttackError, World};

/// What an adversary reads off the update that one SGD step makes to the network and its head.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkRelease {
    /// The example's class.
    pub label: usize,
    /// The input of the first linear layer, up to rounding.
    pub maps: Vec<f32>,
    /// The update of the first linear layer's biases.
    pub units: Vec<f32>,
    /// The update of the convolutions' weights, `[out, in, 3, 3]` each, from the first one on.
    pub convolutions: Vec<Vec<f32>>,
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
        let convolution = |layer| update.get(&format!("conv.{layer}.weight"));
        Ok(Self {
            label: label.unwrap_or(0),
            maps: maps.into_iter().map(|x| x as f32).collect(),
            units: biases.to_vec(),
            convolutions: (0..).map_while(convolution).map(<[f32]>::to_vec).collect(),
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
    let options: spec::GradientInversion = spec::GradientInversion {
        form: GradientForm::SingleGradient,
        ..spec::GradientInversion::default()
    };
    options.suits(world.shape.kind, world.recipe.optimiser)?;
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
