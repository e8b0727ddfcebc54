//! A first guess of an image from its last feature maps.

use backbones::Backbone;
use burn::tensor::{Tensor, TensorData};

use super::objective::host;
use crate::alone::alone;
use crate::white_box::ridge::{Linear, Moments};
use crate::{AttackError, World};

/// Most public images that the guess is fitted to. Eight digits of MNIST were guessed at 21.1 dB from 12 000, at 18.9
/// from 1000, which are fewer than a network's maps have values.
const EXAMPLES: usize = 12_000;
/// Images that go through the backbone at once, and how many at once are added up.
const BATCH: usize = 16;
const BLOCK: usize = 64 * BATCH;

/// Weight of the ridge in units of the maps' mean power.
const STRENGTH: f32 = 1e-3;

/// A first guess of images from their maps: ridge regression on public images.
#[derive(Clone, Debug)]
pub(super) struct MapRegression(Linear);

impl MapRegression {
    /// Fits the last maps of public images, as many of each class.
    pub fn of_public(world: &World<'_>, backbone: &Backbone) -> Result<Self, AttackError> {
        let classes = world.split.public.classes();
        let members = (0..classes).flat_map(|class| {
            let members = world.split.public.class(class).iter();
            members.take(EXAMPLES.div_ceil(classes)).copied()
        });
        let members: Vec<u32> = members.collect();
        let layers = backbone.pools()?.len();
        let image = |&it: &u32| world.images.image(it as usize);
        let mut moments: Option<Moments> = None;
        for block in members.chunks(BLOCK) {
            let batches: Vec<&[u32]> = block.chunks(BATCH).collect();
            let maps = alone(batches.len(), |number| {
                let images: Vec<f32> = batches[number].iter().flat_map(image).copied().collect();
                maps_of(world, backbone, &images, layers)
            });
            let maps = maps.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
            let images: Vec<f32> = block.iter().flat_map(image).copied().collect();
            let width = maps.len() / block.len();
            moments
                .get_or_insert_with(|| Moments::new(width, world.pixels()))
                .add(&with_constant(&maps, width), &images);
        }
        moments
            .and_then(Self::fit)
            .ok_or_else(|| AttackError::Singular {
                attack: "gradient_inversion",
                reason: "the public images' maps are all zero".into(),
            })
    }

    /// The regression of these moments of maps and images; `None` where all maps are zero.
    pub fn fit(moments: Moments) -> Option<Self> {
        let solved = alone(1, |_| moments.solve(STRENGTH));
        solved.into_iter().next().flatten().map(Self)
    }

    /// The image of `maps`.
    pub fn estimate(&self, maps: &[f32]) -> Vec<f32> {
        let image = self.0.apply(&with_constant(maps, maps.len()));
        image.into_iter().map(|x| x.clamp(-1.0, 1.0)).collect()
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

/// Rows of so many numbers with a 1 behind each.
pub(super) fn with_constant(rows: &[f32], width: usize) -> Vec<f32> {
    let rows = rows.chunks(width.max(1));
    rows.flat_map(|row| row.iter().copied().chain([1.0]))
        .collect()
}
