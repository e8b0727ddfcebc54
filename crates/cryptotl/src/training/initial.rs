//! Where the lower network starts: as near to keeping all of its input as its widths allow.
//!
//! Few-shot targets need what the source task may not, so the first matrix is a random rotation of
//! the source inputs' leading principal subspace (of the pool's width; each direction feeds one
//! pooled unit) and the second is semi-orthogonal: before any training, features are nearly an
//! isometry of the inputs.

use crate::LowerNetwork;
use datasets::{FeatureSet, StreamKey};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

/// Deviation of a hidden unit over the source inputs: small, for the activation is then nearly linear
/// and what the units keep is nearly the input itself.
const SPREAD: f64 = 0.3;

/// Rounds of subspace iteration: directions whose variances differ little may mix, which is harmless.
const ROUNDS: usize = 12;

impl LowerNetwork {
    /// Replaces the two matrices' initial weights, keeping a tenth of the first one's random part.
    pub(super) fn start_from(&mut self, source: &FeatureSet, key: &StreamKey) {
        let (shape, width) = (self.shape(), source.width());
        let (mean, covariance) = moments(source);
        let rank = shape.pooled().min(width);
        let directions = leading_subspace(&covariance, width, rank, key);
        let variance: f64 = {
            let image = product(&directions, &covariance, rank, width, width);
            dot(&image, &directions) / rank as f64
        };
        let size = variance.sqrt().max(1e-12) / SPREAD;
        for unit in 0..shape.hidden {
            let at = unit / shape.pool % rank * width;
            let direction = &directions[at..at + width];
            let row = &mut self.first.weight[unit * width..(unit + 1) * width];
            for (w, d) in row.iter_mut().zip(direction) {
                *w = ((d + 0.1 * f64::from(*w)) / size) as f32;
            }
            self.first.bias[unit] = -(dot(&mean, direction) / size) as f32;
        }

        let (features, pooled) = (shape.features, shape.pooled());
        let (long, short) = (features.max(pooled), features.min(pooled));
        let basis = orthonormal(short, long, &key.child("second"));
        let scale = (features as f64 / pooled as f64).sqrt().max(1.0);
        for (feature, row) in self.second.weight.chunks_exact_mut(pooled).enumerate() {
            for (unit, w) in row.iter_mut().enumerate() {
                let (line, at) = if features >= pooled {
                    (unit, feature)
                } else {
                    (feature, unit)
                };
                *w = (scale * basis[line * long + at]) as f32;
            }
        }
    }
}

/// Mean and covariance (row-major) of the rows.
fn moments(set: &FeatureSet) -> (Vec<f64>, Vec<f64>) {
    let (n, width) = (set.len(), set.width());
    let mut mean = vec![0.0; width];
    for row in 0..n {
        for (mean, &x) in mean.iter_mut().zip(set.row(row)) {
            *mean += f64::from(x) / n as f64;
        }
    }
    let centred: Vec<f64> = set
        .values()
        .iter()
        .enumerate()
        .map(|(at, &x)| f64::from(x) - mean[at % width])
        .collect();
    let mut covariance = vec![0.0; width * width];
    let matrix = MatRef::from_row_major_slice(&centred, n, width);
    matmul(
        MatMut::from_row_major_slice_mut(&mut covariance, width, width),
        Accum::Replace,
        matrix.transpose(),
        matrix,
        1.0 / n as f64,
        Par::Seq,
    );
    (mean, covariance)
}

/// `rank` orthonormal rows that span the leading principal directions, in random rotation.
fn leading_subspace(covariance: &[f64], width: usize, rank: usize, key: &StreamKey) -> Vec<f64> {
    let mut rows = orthonormal(rank, width, &key.child("subspace"));
    for _ in 0..ROUNDS {
        rows = product(&rows, covariance, rank, width, width);
        orthonormalise(&mut rows, width);
    }
    let rotation = orthonormal(rank, rank, &key.child("rotation"));
    product(&rotation, &rows, rank, rank, width)
}

/// Random orthonormal rows, `count` ≤ `width` of them.
fn orthonormal(count: usize, width: usize, key: &StreamKey) -> Vec<f64> {
    let mut rng = key.rng(0);
    let mut rows: Vec<f64> = (0..count * width)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect();
    orthonormalise(&mut rows, width);
    rows
}

/// Gram and Schmidt, every row twice.
fn orthonormalise(rows: &mut [f64], width: usize) {
    for at in 0..rows.len() / width {
        let (done, rest) = rows.split_at_mut(at * width);
        let row = &mut rest[..width];
        for _ in 0..2 {
            for other in done.chunks_exact(width) {
                let along = dot(row, other);
                for (x, o) in row.iter_mut().zip(other) {
                    *x -= along * o;
                }
            }
            let norm = dot(row, row).sqrt().max(f64::MIN_POSITIVE);
            row.iter_mut().for_each(|x| *x /= norm);
        }
    }
}

fn product(left: &[f64], right: &[f64], rows: usize, inner: usize, columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows * columns];
    matmul(
        MatMut::from_row_major_slice_mut(&mut out, rows, columns),
        Accum::Replace,
        MatRef::from_row_major_slice(left, rows, inner),
        MatRef::from_row_major_slice(right, inner, columns),
        1.0,
        Par::Seq,
    );
    out
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, LowerShape};

    /// Inputs on a 6-dimensional subspace of 20 dimensions, off the origin.
    fn source() -> FeatureSet {
        let mut rng = StreamKey::from_seed(1).rng(0);
        let basis: Vec<f32> = (0..120).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut values = Vec::new();
        for _ in 0..200 {
            let z: [f32; 6] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
            values.extend((0..20).map(|at| {
                0.3 + (0..6)
                    .map(|k| 0.05 * z[k] * basis[k * 20 + at])
                    .sum::<f32>()
            }));
        }
        FeatureSet::new(20, values, vec![0; 200], 2).unwrap()
    }

    #[test]
    fn initial_features_keep_distances() {
        let shape = LowerShape {
            inputs: 20,
            kernel: 3,
            hidden: 24,
            pool: 3,
            features: 22,
        };
        let (source, key) = (source(), StreamKey::from_seed(2));
        let linear = Activation::new(&[0.0, 1.0]).unwrap();
        let mut network = LowerNetwork::random(shape, linear, &key).unwrap();
        network.conv.weight = vec![0.0, 1.0, 0.0];
        network.start_from(&source, &key);
        let features = network.features(&source).unwrap();
        let distance = |set: &FeatureSet, a: usize, b: usize| -> f64 {
            let pairs = set.row(a).iter().zip(set.row(b));
            pairs
                .map(|(x, y)| f64::from(x - y).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let ratios: Vec<f64> = (1..200)
            .map(|row| distance(&features, 0, row) / distance(&source, 0, row))
            .collect();
        let mean = ratios.iter().sum::<f64>() / 199.0;
        for ratio in ratios {
            assert!((ratio / mean - 1.0).abs() < 0.15, "{ratio} {mean}");
        }
    }
}
