//! The pictures of a report: a few originals with their reconstructions.

use attacks::{WhiteBox, World as Setting, candidates};
use evaluation::{mse, ssim};
use transfer::ShadowBatch;

use super::outcome::Picture;

/// Pictures a cell.
const PICTURES: usize = 20;

/// The first victims' targets, each beside the training image it is nearest to.
pub fn gallery(
    setting: &Setting<'_>,
    attack: &dyn WhiteBox,
    victims: &ShadowBatch,
) -> Vec<Picture> {
    let targets = attack.targets();
    let heads = PICTURES.div_ceil(targets).min(victims.len());
    let length = victims.weights.len() / victims.len();
    let images = attack.reconstruct(&victims.weights[..heads * length], heads);
    pictures(setting, &images, targets, victims)
}

/// Up to [`PICTURES`] reconstructions (heads x targets x pixels) of the first victims.
pub fn pictures(
    setting: &Setting<'_>,
    images: &[f32],
    targets: usize,
    victims: &ShadowBatch,
) -> Vec<Picture> {
    images
        .chunks(setting.pixels())
        .take(PICTURES)
        .enumerate()
        .map(|(at, reconstruction)| {
            let (head, target) = (at / targets, at % targets);
            let (mse, original) = candidates(setting, victims.members(head), targets, target)
                .iter()
                .map(|&index| setting.images.image(index as usize))
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
pub fn mean_ssim(setting: &Setting<'_>, pictures: &[Picture]) -> Option<f64> {
    let shape = setting.images.shape();
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
