//! Inversion of one SGD step of the whole network on one image, or on a batch.
//!
//! For a linear layer z = V h + b the loss's slopes satisfy ∂L/∂V = (∂L/∂b) hᵀ: the update of its
//! weights is the update of its biases times its input (Phong et al. 2017; arXiv:2003.14053,
//! proposition 3.1). The backbone's first linear layer so gives its last feature maps to the last
//! bit of rounding, and the only positive bias update of the head names the class (arXiv:2001.02610);
//! of a batch, what the layer's ReLU leaves takes the examples apart (see `separation`).
//! What is left is the convolutions. From the last one back their own updates give their inputs
//! exactly (see `peeling`), once an estimate of the image is near enough to tell what the
//! poolings took: images are estimated by a regression on public ones' maps, the network is taken
//! off as far as that allows, images are optimised until they lead to the deepest maps known, and
//! with that better estimate the rest follows.

use std::sync::atomic::{AtomicU64, Ordering};

use backbones::Backbone;
use burn::tensor::{Device, Tensor, TensorData};

use spec::Options;

use super::convolution::Convolution;
use super::lbfgs::Lbfgs;
use super::objective::{host, total_variation};
use super::peeling::Peeling;
use super::prior::{ImagePrior, class_deviations, class_means};
use super::regression::{MapRegression, maps_of};
use super::release::NetworkRelease;
use crate::alone::alone;
use crate::{AttackError, Cost, World};

/// Most images that the law of images is fitted to. Of few its narrow directions are too narrow: a digit
/// that costs 657 (half of |z|²) under the law of 2000 images costs 393 under that of 12 000.
const SAMPLES: usize = 12_000;
/// Directions of that law that are kept.
const DIRECTIONS: usize = 600;
/// Images that are optimised together.
const TOGETHER: usize = 16;
/// Stages of the optimisation, each the share of the steps that it ends at and how closely it
/// matches the maps: the root mean square of the error it allows, relative to the maps. The maps are
/// exact; asking for that at once only follows the law of images less far. Before each, more of the
/// network is taken off.
const STAGES: [(f64, f64); 3] = [(0.3, 0.003), (0.6, 0.001), (1.0, 0.001)];
/// The same for a batch, of which hardly a convolution comes off, so that the last maps alone lead to the
/// images: they are followed coarsely first, while the image is still that of the regression.
const STAGES_OF_BATCHES: [(f64, f64); 4] = [(0.1, 0.14), (0.4, 0.045), (0.7, 0.022), (1.0, 0.014)];
/// How much of what a pixel exceeds its bounds by the network sees. A pixel on its bound must feel
/// when it should leave it: bounds without slope hold strokes that are not there.
const LEAK: f64 = 0.1;
/// Weight of the squared excess over the bounds.
const EXCESS: f64 = 0.5;

/// The attack, ready for any updates of one backbone.
#[derive(Clone)]
pub struct NetworkInversion<'a> {
    world: &'a World<'a>,
    /// On `device`.
    backbone: Backbone,
    device: Device,
    /// Without derivatives.
    plain: Backbone,
    convolutions: Vec<Convolution>,
    /// Weights of the first linear layer.
    linear: Vec<f32>,
    means: Vec<f32>,
    prior: ImagePrior,
    guess: MapRegression,
    options: spec::GradientInversion,
}

/// One update's images under way.
struct Candidate<'a> {
    release: &'a NetworkRelease,
    peeling: Peeling,
    /// Each image's coordinates in the law of images.
    z: Vec<Vec<f32>>,
}

impl<'a> NetworkInversion<'a> {
    /// Prepares the attack: fits the law of every class's images, and the first guess of an image from
    /// its maps, to public ones.
    pub fn new(
        world: &'a World<'a>,
        backbone: &Backbone,
        options: spec::GradientInversion,
    ) -> Result<Self, AttackError> {
        options.check()?;
        // A backbone without linear layers is refused here, before any victim.
        let convolutions = Convolution::all(backbone, options.batch)?;
        let tensors = backbone.tensors();
        let linear = tensors.get("fc.0.weight").unwrap_or_default().to_vec();
        let means = class_means(world);
        let deviations = class_deviations(world, &means, SAMPLES);
        let prior = ImagePrior::fit(&deviations, world.pixels(), DIRECTIONS)?;
        let device = backbones::device().autodiff();
        let plain = backbone.on(&backbones::device());
        Ok(Self {
            world,
            backbone: backbone.on(&device),
            device,
            convolutions,
            linear,
            means,
            prior,
            guess: MapRegression::of_public(world, &plain)?,
            plain,
            options,
        })
    }

    /// The images of every update, in its order: updates × examples × pixels, in [-1, 1]. `progress` is
    /// told the number of updates' steps done.
    ///
    /// # Errors
    /// Where an update is not of this backbone. One without its convolutions' part is inverted from
    /// its maps alone.
    pub fn invert(
        &self,
        updates: &[NetworkRelease],
        progress: impl Fn(u64) + Sync,
    ) -> Result<Vec<f32>, AttackError> {
        updates.iter().try_for_each(|update| self.check(update))?;
        let mut candidates: Vec<Candidate<'_>> = alone(updates.len(), |number| {
            let release = &updates[number];
            let maps = release.maps.chunks(self.width());
            let guessed = release
                .labels
                .iter()
                .zip(maps)
                .map(|(&label, maps)| self.coordinates(label, &self.guess.estimate(maps)));
            Candidate {
                release,
                peeling: Peeling::begin(release, &self.convolutions, &self.linear),
                z: guessed.collect(),
            }
        });
        let together = (TOGETHER / self.options.batch).max(1);
        let done = AtomicU64::new(0);
        let mut begun = 0;
        let stages: &[(f64, f64)] = match self.options.batch {
            1 => &STAGES,
            _ => &STAGES_OF_BATCHES,
        };
        for &(share, error) in stages {
            let until = (share * self.options.steps as f64).round() as usize;
            if until <= begun {
                continue;
            }
            self.peel(&mut candidates)?;
            // Those of which the same maps are known go through the network together.
            let mut order: Vec<usize> = (0..candidates.len()).collect();
            order.sort_by_key(|&it| candidates[it].peeling.layers);
            let alike = order
                .chunk_by(|&a, &b| candidates[a].peeling.layers == candidates[b].peeling.layers);
            let groups: Vec<&[usize]> = alike.flat_map(|alike| alike.chunks(together)).collect();
            let found = alone(groups.len(), |number| {
                let group: Vec<_> = groups[number].iter().map(|&it| &candidates[it]).collect();
                let count = group.len() as u64;
                self.minimise(&group, until - begun, error, || {
                    progress(done.fetch_add(count, Ordering::Relaxed) + count);
                })
            });
            for (&group, found) in groups.iter().zip(found) {
                let found = found?;
                for (&it, z) in group.iter().zip(found.chunks(self.options.batch)) {
                    candidates[it].z = z.to_vec();
                }
            }
            begun = until;
        }
        let images = candidates.iter().map(|it| self.images(it));
        Ok(images.collect::<Vec<_>>().concat())
    }

    /// What is guessed where an update gives nothing away: the mean public image, as many times as an
    /// update has examples.
    pub fn guess(&self) -> Vec<f32> {
        let (pixels, classes) = (self.world.pixels(), self.means.len() / self.world.pixels());
        let mean = |pixel: usize| {
            let values = self.means.iter().skip(pixel).step_by(pixels);
            values.sum::<f32>() / classes as f32
        };
        let mean: Vec<f32> = (0..pixels).map(mean).collect();
        mean.repeat(self.options.batch)
    }

    /// What an update costs: no shadow head.
    pub fn cost(&self) -> Cost {
        Cost {
            samples: 0,
            steps: self.options.steps as u64,
            queries: 0,
        }
    }

    fn check(&self, update: &NetworkRelease) -> Result<(), AttackError> {
        let refuse = |expected: String, found: String| {
            Err(AttackError::Mismatch {
                what: "what an update gives",
                expected,
                found,
            })
        };
        let classes = self.world.split.public.classes();
        let (batch, units, width) = (self.options.batch, self.plain.width(), self.width());
        let largest = update.labels.iter().max();
        let fits = (update.labels.len(), update.maps.len(), update.units.len())
            == (batch, batch * width, batch * units);
        if !fits || largest.is_none_or(|&label| label >= classes) {
            return refuse(
                format!(
                    "{batch} examples of {width} map values and {units} units, and classes below \
                     {classes}"
                ),
                format!(
                    "{} examples, {} map values, {} units and classes {:?}",
                    update.labels.len(),
                    update.maps.len(),
                    update.units.len(),
                    update.labels
                ),
            );
        }
        let own: Vec<usize> = self.convolutions.iter().map(Convolution::weights).collect();
        let found: Vec<usize> = update.convolutions.iter().map(Vec::len).collect();
        if !found.is_empty() && found != own {
            return refuse(
                format!("convolutions of {own:?} weights, or none"),
                format!("{found:?}"),
            );
        }
        Ok(())
    }

    /// Values of an example's last maps.
    fn width(&self) -> usize {
        self.linear.len() / self.plain.width().max(1)
    }

    /// Takes convolutions off every candidate's network as far as its image's estimate allows.
    fn peel(&self, candidates: &mut [Candidate<'_>]) -> Result<(), AttackError> {
        let peeled: Vec<Result<_, AttackError>> = alone(candidates.len(), |number| {
            let candidate = &candidates[number];
            let images = self.images(candidate);
            let mut peeling = candidate.peeling.clone();
            let maps = |layers| maps_of(self.world, &self.plain, &images, layers);
            peeling.advance(candidate.release, &self.convolutions, maps)?;
            Ok(peeling)
        });
        for (candidate, peeling) in candidates.iter_mut().zip(peeled) {
            candidate.peeling = peeling?;
        }
        Ok(())
    }

    /// Coordinates of `image` in the law of the images of class `label`.
    fn coordinates(&self, label: usize, image: &[f32]) -> Vec<f32> {
        let pixels = self.world.pixels();
        let mean = &self.means[label * pixels..(label + 1) * pixels];
        let directions = self.prior.directions.chunks(pixels);
        directions
            .map(|direction| {
                let power: f32 = direction.iter().map(|d| d * d).sum();
                let along = direction.iter().zip(image).zip(mean);
                along.map(|((d, x), mean)| d * (x - mean)).sum::<f32>() / power
            })
            .collect()
    }

    /// The images of a candidate's coordinates, one after the other.
    fn images(&self, candidate: &Candidate<'_>) -> Vec<f32> {
        let pixels = self.world.pixels();
        let each = candidate.release.labels.iter().zip(&candidate.z);
        let image = |(&label, z): (&usize, &Vec<f32>)| {
            let mut image = self.means[label * pixels..(label + 1) * pixels].to_vec();
            let directions = self.prior.directions.chunks(pixels);
            for (z, direction) in z.iter().zip(directions) {
                let terms = image.iter_mut().zip(direction);
                terms.for_each(|(x, d)| *x += z * d);
            }
            image.iter_mut().for_each(|x| *x = x.clamp(-1.0, 1.0));
            image
        };
        each.flat_map(image).collect()
    }

    /// The coordinates of the images, of whose updates the same maps are known, that come nearest to
    /// these within `steps` evaluations: those of all images of the first update, then of the next.
    fn minimise(
        &self,
        group: &[&Candidate<'_>],
        steps: usize,
        error: f64,
        step_done: impl Fn(),
    ) -> Result<Vec<Vec<f32>>, AttackError> {
        let pixels = self.world.pixels();
        let labels = || {
            group
                .iter()
                .flat_map(|it| it.release.labels.iter().copied())
        };
        let n = labels().count();
        let layers = group[0].peeling.layers;
        let means: Vec<f32> = labels()
            .flat_map(|label| &self.means[label * pixels..(label + 1) * pixels])
            .copied()
            .collect();
        let maps: Vec<f32> = group.iter().flat_map(|it| it.peeling.maps()).collect();
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
        let shape = self.world.images.shape();
        let evaluate = |z: &[f32]| -> Result<Vec<(f64, Vec<f32>)>, AttackError> {
            let z = matrix(z.to_vec()).require_grad();
            let free = means.clone() + z.clone().matmul(directions.clone());
            let images = free.clone().clamp(-1.0, 1.0);
            let excess = free - images.clone();
            let seen = images.clone() + excess.clone() * LEAK;
            let seen: Tensor<4> = seen.reshape([n, shape.channels, shape.height, shape.width]);
            let found: Tensor<2> = self.backbone.maps_after(seen, layers)?.flatten(1, 3);
            let misfit = (found - maps.clone()).square().sum_dim(1) / power.clone();
            let law = z.clone().square().sum_dim(1) * (0.5 * f64::from(self.options.prior as f32));
            let outside = excess.square().sum_dim(1) * EXCESS;
            let fit = misfit * (0.5 / error.powi(2));
            let mut values: Tensor<1> = (fit + law + outside).reshape([n]);
            if self.options.total_variation > 0.0 {
                let variation = total_variation(images, shape);
                values = values + variation * f64::from(self.options.total_variation as f32);
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
        let z: Vec<f32> = group.iter().flat_map(|it| it.z.concat()).collect();
        let begun = z.chunks(self.prior.len()).zip(evaluate(&z)?);
        let mut states: Vec<Lbfgs> = begun
            .map(|(z, (value, gradient))| {
                let length = f64::from(self.options.learning_rate as f32);
                Lbfgs::new(z.to_vec(), value, gradient, length)
            })
            .collect();
        step_done();
        for _ in 1..steps {
            let next: Vec<f32> = states.iter().flat_map(Lbfgs::proposal).collect();
            for (state, (value, gradient)) in states.iter_mut().zip(evaluate(&next)?) {
                state.report(value, gradient);
            }
            step_done();
        }
        Ok(states.iter().map(|it| it.point().to_vec()).collect())
    }
}
