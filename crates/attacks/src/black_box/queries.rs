//! Images to ask about where the public ones leave coordinates of the features untouched.
//!
//! A coordinate that no query activates keeps its weight to itself. Public images activate what
//! the backbone learnt to see in images like them, so these are unlike them: blocks of random signs
//! at several scales, negatives, and enlarged details. All lie in [-1, 1], as any service takes them.

use datasets::{ImageSet, ImageShape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{AttackError, World};

/// Kinds of images, in turn.
const KINDS: usize = 6;

/// `count` images, a draw from `rng`.
pub(crate) fn synthetic(
    world: &World<'_>,
    count: usize,
    rng: &mut ChaCha8Rng,
) -> Result<ImageSet, AttackError> {
    let shape = world.images.shape();
    let public: Vec<u32> = world.split.public.indices().collect();
    let mut pixels = Vec::with_capacity(count * shape.len());
    for number in 0..count {
        let image = world
            .images
            .image(public[rng.random_range(0..public.len())] as usize);
        match number % KINDS {
            kind @ 0..=2 => pixels.extend(blocks(shape, 4 << kind, rng)),
            3 => pixels.extend(image.iter().map(|x| -x)),
            kind => pixels.extend(detail(image, shape, 1 << (kind - 3), rng)),
        }
    }
    Ok(ImageSet::new(shape, pixels, vec![0; count], 1)?)
}

/// An image of random signs, about `across` blocks in each direction.
fn blocks(shape: ImageShape, across: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let signs: Vec<f32> = (0..shape.channels * across * across)
        .map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 })
        .collect();
    let at = |channel: usize, row: usize, column: usize| {
        let (i, j) = (row * across / shape.height, column * across / shape.width);
        signs[(channel * across + i) * across + j]
    };
    each_pixel(shape, at)
}

/// A random part of `image`, enlarged `times` to its full size.
fn detail(image: &[f32], shape: ImageShape, times: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let top = rng.random_range(0..=shape.height - shape.height / times);
    let left = rng.random_range(0..=shape.width - shape.width / times);
    each_pixel(shape, |channel, row, column| {
        let (i, j) = (top + row / times, left + column / times);
        let (i, j) = (i.min(shape.height - 1), j.min(shape.width - 1));
        image[(channel * shape.height + i) * shape.width + j]
    })
}

fn each_pixel(shape: ImageShape, at: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
    let mut pixels = Vec::with_capacity(shape.len());
    for channel in 0..shape.channels {
        for row in 0..shape.height {
            pixels.extend((0..shape.width).map(|column| at(channel, row, column)));
        }
    }
    pixels
}
