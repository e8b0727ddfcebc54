//! Class sums with noise: what prototypes and least squares release.

use datasets::FeatureSet;
use privacy::GaussianRelease;
use rand_chacha::ChaCha8Rng;

use super::space::PublicSpace;

/// The sum of each class's vectors (K × r), every vector first mapped by `bounded` to one of norm at
/// most `clip`, with Gaussian noise in proportion to that.
///
/// One record's vector is in one class's block: adding or removing it moves the sums by at most C,
/// replacing it within its class by at most 2C, by another of another class by at most √2·C.
pub(super) fn noisy(
    space: &PublicSpace,
    features: &FeatureSet,
    members: &[usize],
    clip: f64,
    bounded: impl Fn(Vec<f64>) -> Vec<f64>,
    release: GaussianRelease,
    rng: &mut ChaCha8Rng,
) -> Vec<f64> {
    let r = space.rank();
    let mut sums = vec![0.0; features.classes() * r];
    let rows = members.iter().map(|&member| features.row(member));
    let coordinates = space.coordinates_of(rows);
    for (&member, vector) in members.iter().zip(coordinates.chunks_exact(r)) {
        let class = features.labels()[member] as usize;
        let vector = bounded(vector.to_vec());
        for (sum, value) in sums[class * r..].iter_mut().zip(vector) {
            *sum += value;
        }
    }
    release.add_noise(&mut sums, clip, rng);
    sums
}
