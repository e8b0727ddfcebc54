//! The pictures of a report: a few originals with their reconstructions.

use attacks::{Aim, WhiteBox, World};
use evaluation::{mse, ssim};
use transfer::ShadowBatch;

use super::findings::Picture;

/// Pictures a cell.
const PICTURES: usize = 20;

/// The first victims' targets, each beside the training image it is nearest to.
pub fn gallery(world: &World<'_>, attack: &dyn WhiteBox, victims: &ShadowBatch) -> Vec<Picture> {
    let aim = attack.aim();
    let heads = PICTURES.div_ceil(aim.targets()).min(victims.len());
    let first = ShadowBatch {
        heads,
        weights: victims.weights[..heads * victims.head(0).len()].to_vec(),
        members: victims.members[..heads * victims.members(0).len()].to_vec(),
    };
    let images = attack.reconstruct(world, &first);
    pictures(world, &images, aim, victims)
}

/// Up to [`PICTURES`] reconstructions (heads x targets x pixels) of the first victims.
pub fn pictures(
    world: &World<'_>,
    images: &[f32],
    aim: Aim,
    victims: &ShadowBatch,
) -> Vec<Picture> {
    images
        .chunks(world.pixels())
        .take(PICTURES)
        .enumerate()
        .map(|(at, reconstruction)| {
            let (head, target) = (at / aim.targets(), at % aim.targets());
            let members = victims.members(head);
            let (mse, original) = aim
                .candidates(members, world.shots, target)
                .iter()
                .map(|&index| world.images.image(index as usize))
                .map(|original| (mse(reconstruction, original), original))
                .min_by(|a, b| a.0.total_cmp(&b.0))
                .expect("a target has at least one example");
            Picture {
                original: original.to_vec(),
                reconstruction: reconstruction.to_vec(),
                mse,
            }
        })
        .collect()
}

/// Mean structural similarity of pictures with their originals; none for images too small for it.
pub fn mean_ssim(world: &World<'_>, pictures: &[Picture]) -> Option<f64> {
    let shape = world.images.shape();
    let values: Option<Vec<f64>> = pictures
        .iter()
        .map(|picture| {
            let (a, b) = (&picture.original, &picture.reconstruction);
            ssim(shape.channels, shape.height, shape.width, a, b).ok()
        })
        .collect();
    let values = values.filter(|values| !values.is_empty())?;
    Some(values.iter().sum::<f64>() / values.len() as f64)
}
