//! Inversion of trained linear heads.

use std::sync::atomic::{AtomicU64, Ordering};

use backbones::Backbone;
use burn::tensor::{Device, Tensor, TensorData};
use rand_distr::{Distribution, StandardNormal};
use spec::{GradientForm, Options};
use transfer::{Recipe, ShadowBatch};

use super::lbfgs::Lbfgs;
use super::objective::{Group, Objective, host};
use super::prior::{ImagePrior, class_deviations, class_means};
use super::training::train;
use crate::alone::alone;
use crate::error::not_plain;
use crate::{Aim, AttackError, Cost, WhiteBox, World};

/// Images that the law of images is fitted to.
const SAMPLES: usize = 2000;
/// Directions of that law that are kept.
const DIRECTIONS: usize = 300;
/// Shadow heads that the noise is measured on.
const NOISE_HEADS: usize = 50;
/// Images that go through the backbone together: enough to keep it busy, small in memory.
const TOGETHER: usize = 40;
/// Standard deviation at the start of coordinates that would else be the same for several images.
const APART: f32 = 0.3;
/// The noise of a weight is not below this share of a weight's root mean square.
const LEAST_NOISE: f64 = 1e-3;

/// The attack on linear heads that gradient descent trained, ready for any heads of its world.
#[derive(Clone)]
pub struct GradientInversion<'a> {
    world: &'a World<'a>,
    /// On `device`.
    backbone: Backbone,
    device: Device,
    /// What reconstructs the means of the images' law; without it they are the classes' means.
    start: Option<&'a dyn WhiteBox>,
    means: Vec<f32>,
    prior: ImagePrior,
    noise: f64,
    recipe: Recipe,
    options: spec::GradientInversion,
}

impl<'a> GradientInversion<'a> {
    /// Prepares the attack: fits the law of images and measures the noise on public shadow heads.
    /// The images' law is centred on what `start` reconstructs and as wide as its errors, or, without
    /// it, on the classes' public means and as wide as the classes; the optimisation then starts at
    /// noise around the means. Where the adversary is unsure of the recipe, it trains by the middle of its range.
    ///
    /// # Errors
    /// Unless the heads are linear and trained by gradient descent, `start` gives an image a class,
    /// and the backbone is the world's.
    pub fn new(
        world: &'a World<'a>,
        backbone: &Backbone,
        start: Option<&'a dyn WhiteBox>,
        options: spec::GradientInversion,
    ) -> Result<Self, AttackError> {
        options.check()?;
        world.must_train("gradient_inversion")?;
        let form = GradientForm::Head;
        spec::GradientInversion { form, ..options }
            .suits(world.shape.kind, world.recipe.optimiser)?;
        // In the coordinates of a space another gradient is followed.
        if !world.recipe.is_plain_descent() || world.space.is_some() {
            return Err(not_plain("gradient_inversion"));
        }
        if backbone.width() != world.shape.features
            || backbone.input_shape() != world.images.shape()
        {
            return Err(AttackError::Mismatch {
                what: "a backbone for these images and heads",
                expected: format!(
                    "{} to {} features",
                    world.images.shape(),
                    world.shape.features
                ),
                found: format!("{} to {}", backbone.input_shape(), backbone.width()),
            });
        }
        let classes = world.shape.classes;
        if let Some(start) = start
            && start.aim() != Aim::Classes(classes)
        {
            return Err(AttackError::Mismatch {
                what: "images that the start gives of a head",
                expected: format!("{classes}, one a class"),
                found: start.aim().to_string(),
            });
        }
        let means = class_means(world);
        let prior = match start {
            None => class_deviations(world, &means, SAMPLES),
            Some(start) => errors(world, start)?,
        };
        let prior = ImagePrior::fit(&prior, world.pixels(), DIRECTIONS)?;
        let device = backbones::device().autodiff();
        let recipe = world.assumed[world.assumed.len() / 2];
        Ok(Self {
            world,
            backbone: backbone.on(&device),
            device,
            start,
            means,
            prior,
            noise: noise(world, &recipe)?,
            recipe,
            options,
        })
    }

    /// All N images of every head, class by class: heads × N × pixels, in [-1, 1]. `progress` is
    /// told the number of heads' steps done.
    pub fn invert(&self, heads: &ShadowBatch, progress: impl Fn(u64) + Sync) -> Vec<f32> {
        let n = self.world.members();
        let (pixels, length) = (self.world.pixels(), self.world.shape.weight_len());
        let rows: Vec<f32> = (0..heads.len())
            .flat_map(|head| self.world.parts(heads.head(head)).0)
            .copied()
            .collect();
        let means = self.start_images(heads);
        let together = (TOGETHER / n).max(1);
        let done = AtomicU64::new(0);
        let images = alone(heads.len().div_ceil(together), |number| {
            let first = number * together;
            let count = together.min(heads.len() - first);
            let weights = &rows[first * length..(first + count) * length];
            let means = &means[first * n * pixels..(first + count) * n * pixels];
            let group = Group::new(self.objective(), weights, means);
            self.minimise(&group, first, count, || {
                progress(done.fetch_add(count as u64, Ordering::Relaxed) + count as u64);
            })
        });
        images.concat()
    }

    /// The first image of every class among `images` (any number of heads' N images): what an attack
    /// that gives one image a class gives.
    pub fn one_a_class(&self, images: &[f32]) -> Vec<f32> {
        let firsts = images.chunks(self.world.pixels()).step_by(self.world.shots);
        firsts.flatten().copied().collect()
    }

    /// What preparing took, with the evaluations that each head takes as steps.
    pub fn cost(&self) -> Cost {
        let own = match self.start {
            Some(start) => start.cost().samples + law_heads(self.world) as u64,
            None => 0,
        };
        Cost {
            samples: own + NOISE_HEADS as u64,
            steps: self.options.steps as u64,
            queries: 0,
        }
    }

    /// Means of the images' law: heads × N × pixels.
    fn start_images(&self, heads: &ShadowBatch) -> Vec<f32> {
        let one_a_class = match self.start {
            Some(start) => start.reconstruct(self.world, heads),
            None => self.means.repeat(heads.len()),
        };
        let each = one_a_class.chunks(self.world.pixels());
        each.flat_map(|image| std::iter::repeat_n(image, self.world.shots).flatten())
            .copied()
            .collect()
    }

    fn objective(&self) -> Objective<'_> {
        Objective {
            backbone: &self.backbone,
            device: &self.device,
            prior: &self.prior,
            options: &self.options,
            recipe: &self.recipe,
            classes: self.world.shape.classes,
            shots: self.world.shots,
            noise: self.noise,
        }
    }

    /// Minimises the objective of each of `count` heads, of which the first has number `first`.
    fn minimise(
        &self,
        group: &Group<'_>,
        first: usize,
        count: usize,
        step_done: impl Fn(),
    ) -> Vec<f32> {
        let key = self.world.key.child("gradient_inversion");
        let scale = match self.start {
            Some(_) if self.world.shots == 1 => 0.0,
            _ => APART,
        };
        let mut z = Vec::with_capacity(count * group.coordinates());
        for head in first..first + count {
            let mut rng = key.rng(head as u64);
            let normals = StandardNormal.sample_iter(&mut rng);
            z.extend(normals.take(group.coordinates()).map(|x: f32| scale * x));
        }
        let begun = group.evaluate(&z).into_iter();
        let mut states: Vec<Lbfgs> = begun
            .zip(z.chunks(group.coordinates()))
            .map(|((value, gradient), z)| {
                let length = f64::from(self.options.learning_rate as f32);
                Lbfgs::new(z.to_vec(), value, gradient, length)
            })
            .collect();
        step_done();
        for _ in 1..self.options.steps {
            let z: Vec<f32> = states.iter().flat_map(Lbfgs::proposal).collect();
            for (state, (value, gradient)) in states.iter_mut().zip(group.evaluate(&z)) {
                state.report(value, gradient);
            }
            step_done();
        }
        let z: Vec<f32> = states.iter().flat_map(|it| it.point().to_vec()).collect();
        group.images(&z)
    }
}

/// Shadow heads whose images give the law of the start's errors.
fn law_heads(world: &World<'_>) -> usize {
    SAMPLES.div_ceil(world.members())
}

/// How the images of public shadow heads differ from what `start` reconstructs of those heads.
fn errors(world: &World<'_>, start: &dyn WhiteBox) -> Result<Vec<f32>, AttackError> {
    let shadows = world.shadows("inversion law")?;
    let mut batch = shadows.batch(law_heads(world));
    shadows.fill(0, &mut batch)?;
    let guesses = start.reconstruct(world, &batch);
    let pixels = world.pixels();
    let mut errors = Vec::with_capacity(batch.members.len() * pixels);
    for (at, &member) in batch.members.iter().enumerate() {
        let guess = &guesses[at / world.shots * pixels..][..pixels];
        let image = world.images.image(member as usize);
        errors.extend(image.iter().zip(guess).map(|(x, guess)| x - guess));
    }
    Ok(errors)
}

/// Mean squared difference between shadow heads' weights and the head that training from zero makes
/// of the same examples: what the initial weights, and DP-SGD, leave unknown.
fn noise(world: &World<'_>, recipe: &Recipe) -> Result<f64, AttackError> {
    let shadows = world.shadows("inversion noise")?;
    let mut batch = shadows.batch(NOISE_HEADS);
    shadows.fill(0, &mut batch)?;
    let (n, width) = (world.members(), world.features.width());
    let members = batch.members.iter();
    let features: Vec<f32> = members
        .flat_map(|&member| world.features.row(member as usize))
        .copied()
        .collect();
    let made = alone(1, |_| {
        let data = TensorData::new(features.clone(), [NOISE_HEADS, n, width]);
        let features = Tensor::<3>::from_data(data, &backbones::device());
        host(train(features, world.shape.classes, world.shots, recipe))
    });
    let made = made.concat();
    let (mut sum, mut power) = (0.0, 0.0);
    let seen: Vec<f32> = (0..batch.len())
        .flat_map(|head| world.parts(batch.head(head)).0)
        .copied()
        .collect();
    for (made, &weight) in made.iter().zip(&seen) {
        sum += f64::from(made - weight).powi(2);
        power += f64::from(weight).powi(2);
    }
    let count = seen.len() as f64;
    let noise = (sum / count).max(LEAST_NOISE.powi(2) * power / count);
    if noise.is_finite() && noise > 0.0 {
        return Ok(noise);
    }
    Err(AttackError::Singular {
        attack: "gradient_inversion",
        reason: "the shadow heads' weights are not finite, or all zero".into(),
    })
}
