//! A first guess of an image from its last feature maps.

use backbones::Backbone;
use burn::tensor::{Tensor, TensorData};
use faer::prelude::*;
use faer::{Mat, Side};

use super::convolution::{matrix, product};
use super::objective::host;
use crate::alone::alone;
use crate::{AttackError, World};

/// Public images that the guess is fitted to.
const EXAMPLES: usize = 1000;
/// Images that go through the backbone at once.
const BATCH: usize = 16;

/// Weight of the ridge in units of the maps' mean squared length.
const STRENGTH: f64 = 1e-2;

/// A first guess of images from their maps: ridge regression on public images, in the span of the
/// examples.
#[derive(Clone, Debug)]
pub(super) struct MapRegression {
    /// Public images' maps, less their mean: images × maps.
    maps: Mat<f64>,
    mean_maps: Vec<f64>,
    /// Images × pixels.
    loads: Mat<f64>,
    mean_image: Vec<f64>,
}

impl MapRegression {
    /// Fits the last maps of public images, as many of each class.
    pub fn of_public(world: &World<'_>, backbone: &Backbone) -> Result<Self, AttackError> {
        let classes = world.split.public.classes();
        let members = (0..classes).flat_map(|class| {
            let members = world.split.public.class(class).iter();
            members.take(EXAMPLES.div_ceil(classes)).copied()
        });
        let members: Vec<u32> = members.collect();
        let batches: Vec<&[u32]> = members.chunks(BATCH).collect();
        let layers = backbone.pools()?.len();
        let images: Vec<f32> = members
            .iter()
            .flat_map(|&it| world.images.image(it as usize))
            .copied()
            .collect();
        let batches = alone(batches.len(), |number| {
            let first = number * BATCH * world.pixels();
            let length = batches[number].len() * world.pixels();
            maps_of(world, backbone, &images[first..first + length], layers)
        });
        let maps: Vec<f32> = batches.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
        let n = members.len();
        let fitted = alone(1, |_| Self::fit(matrix(&maps, n), matrix(&images, n)));
        fitted
            .into_iter()
            .next()
            .flatten()
            .ok_or_else(|| AttackError::Singular {
                attack: "gradient_inversion",
                reason: "the public images' maps do not differ".into(),
            })
    }

    /// Fits `images` to `maps`, one a row; `None` where the maps do not differ.
    pub fn fit(maps: Mat<f64>, images: Mat<f64>) -> Option<Self> {
        let (maps, mean_maps) = centred(maps);
        let (images, mean_image) = centred(images);
        let mut gram = product(maps.as_ref(), maps.transpose());
        let n = gram.nrows();
        let ridge = STRENGTH * (0..n).map(|i| gram[(i, i)]).sum::<f64>() / n as f64;
        (0..n).for_each(|i| gram[(i, i)] += ridge);
        let factor = gram.llt(Side::Lower).ok()?;
        let loads = factor.solve(&images);
        Some(Self {
            maps,
            mean_maps,
            loads,
            mean_image,
        })
    }

    /// The image of `maps`.
    pub fn estimate(&self, maps: &[f32]) -> Vec<f32> {
        let own = Mat::from_fn(1, maps.len(), |_, j| f64::from(maps[j]) - self.mean_maps[j]);
        let alike = product(own.as_ref(), self.maps.transpose());
        let image = product(alike.as_ref(), self.loads.as_ref());
        let pixels = self.mean_image.iter().enumerate();
        pixels
            .map(|(j, mean)| (mean + image[(0, j)]).clamp(-1.0, 1.0) as f32)
            .collect()
    }
}

/// The maps of `images` (any number × pixels) after `layers` convolutions.
pub(super) fn maps_of(
    world: &World<'_>,
    backbone: &Backbone,
    images: &[f32],
    layers: usize,
) -> Result<Vec<f32>, AttackError> {
    let shape = world.images.shape();
    let dims = [
        images.len() / world.pixels(),
        shape.channels,
        shape.height,
        shape.width,
    ];
    let images = TensorData::new(images.to_vec(), dims);
    let images = Tensor::<4>::from_data(images, &backbones::device());
    Ok(host(backbone.maps_after(images, layers)?))
}

/// `rows` less their mean, and the mean.
fn centred(mut rows: Mat<f64>) -> (Mat<f64>, Vec<f64>) {
    let n = rows.nrows();
    let mean: Vec<f64> = (0..rows.ncols())
        .map(|j| (0..n).map(|i| rows[(i, j)]).sum::<f64>() / n.max(1) as f64)
        .collect();
    for (j, mean) in mean.iter().enumerate() {
        (0..n).for_each(|i| rows[(i, j)] -= mean);
    }
    (rows, mean)
}
