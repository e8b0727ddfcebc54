//! τ: the error at or under which a reconstruction counts as a success.

use config::experiment::DatasetSpec;
use datasets::{ImageSet, Split, StreamKey};
use evaluation::mse;
use rand::RngExt;
use rayon::prelude::*;

/// Private images whose nearest public neighbour is looked for.
const PROBES: usize = 200;
/// Public images that are searched.
const SEARCHED: usize = 2000;

/// The nearest-neighbour threshold: arXiv:2505.14323's published values for its data sets at their
/// sizes, else measured as the mean error of the nearest public image as a guess for a private one.
pub fn tau(target: &DatasetSpec, images: &ImageSet, split: &Split, root: StreamKey) -> f64 {
    let published = target.describe().images.and_then(|images| images.tau);
    published.unwrap_or_else(|| measured(images, split, root))
}

fn measured(images: &ImageSet, split: &Split, root: StreamKey) -> f64 {
    let private: Vec<u32> = split.private.indices().collect();
    let public: Vec<u32> = split.public.indices().collect();
    let draw = |from: &[u32], count: usize, purpose: &str| -> Vec<u32> {
        let mut rng = root.child("threshold").child(purpose).rng(0);
        let count = count.min(from.len());
        (0..count)
            .map(|_| from[rng.random_range(0..from.len())])
            .collect()
    };
    let searched = draw(&public, SEARCHED, "searched");
    let nearest: Vec<f64> = draw(&private, PROBES, "probes")
        .into_par_iter()
        .map(|probe| {
            searched
                .iter()
                .map(|&other| mse(images.image(probe as usize), images.image(other as usize)))
                .fold(f64::INFINITY, f64::min)
        })
        .collect();
    nearest.iter().sum::<f64>() / nearest.len() as f64
}
