//! Training along public directions: in the coordinates of a [`PublicSpace`].
//!
//! DP-SGD's noise has as many dimensions as a gradient. On r coordinates in place of d features it has
//! r + 1 a class, and what leaves the directions is lost to the head and to whoever attacks it (Zhou, Wu,
//! Banerjee 2021 project gradients; for a linear head that is the same as projecting features). The
//! directions are public, so the head on features is post-processing.

use datasets::FeatureSet;

use crate::one_release::PublicSpace;
use crate::{HeadShape, TransferError};

/// Training examples in the coordinates of a space, and heads there.
pub(crate) struct Projected<'a> {
    space: &'a PublicSpace,
    /// Of heads on features.
    shape: HeadShape,
    /// The examples, N × r.
    pub examples: FeatureSet,
    /// Their numbers.
    pub members: Vec<u32>,
}

impl<'a> Projected<'a> {
    /// The examples `members` of `features`, for heads of `shape` on features.
    ///
    /// # Errors
    /// If the space is of other features.
    pub fn new(
        space: &'a PublicSpace,
        shape: HeadShape,
        features: &FeatureSet,
        members: &[u32],
    ) -> Result<Self, TransferError> {
        space.check(features)?;
        let rows = members.iter().map(|&it| features.row(it as usize));
        let values = space.coordinates_of(rows).into_iter().map(|it| it as f32);
        let labels = members.iter().map(|&it| features.labels()[it as usize]);
        let examples = FeatureSet::new(
            space.rank(),
            values.collect(),
            labels.collect(),
            features.classes(),
        );
        Ok(Self {
            space,
            shape,
            examples: examples.map_err(|error| TransferError::Members {
                count: members.len(),
                reason: error.to_string(),
            })?,
            members: (0..members.len() as u32).collect(),
        })
    }

    /// The shape of heads on coordinates.
    pub fn shape(&self) -> HeadShape {
        HeadShape {
            features: self.space.rank(),
            ..self.shape
        }
    }

    /// Writes the head on features to `out` that is `weights` on coordinates.
    pub fn lift(&self, weights: &[f32], out: &mut [f32]) {
        let (rank, width) = (self.space.rank(), self.shape.features);
        let (first, second) = weights.split_at(self.shape().first_len());
        let (out_first, out_second) = out.split_at_mut(self.shape.first_len());
        let rows = out_first.chunks_exact_mut(width + 1);
        for (row, out) in first.chunks_exact(rank + 1).zip(rows) {
            let row: Vec<f64> = row.iter().map(|&it| f64::from(it)).collect();
            self.space.lift(&row[..rank], row[rank], out);
        }
        out_second.copy_from_slice(second);
    }

    /// What a head on features is on coordinates: all of it that examples can tell.
    pub fn lower(&self, weights: &[f32]) -> Vec<f32> {
        let (first, second) = weights.split_at(self.shape.first_len());
        let rows = first.chunks_exact(self.shape.features + 1);
        let lowered = rows.flat_map(|row| self.space.lower_weights(row));
        lowered.chain(second.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{DpSgd, Head, Recipe, Trainer};
    use spec::{Activation, Sampling};

    fn features() -> FeatureSet {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let values = (0..90 * 6).map(|at| {
            let scale = [4.0, 3.0, 2.0, 0.5, 0.3, 0.2][at % 6];
            1.5 + scale * (rng.random::<f32>() - 0.5)
        });
        let labels = (0..90).map(|at| at % 3).collect();
        FeatureSet::new(6, values.collect(), labels, 3).unwrap()
    }

    /// All rows moved into the space around their mean: what is left of them there, at full width.
    fn flattened(space: &PublicSpace, features: &FeatureSet) -> FeatureSet {
        let count = features.len();
        let mean =
            |j: usize| (0..count).map(|row| features.row(row)[j]).sum::<f32>() / count as f32;
        let mean: Vec<f32> = (0..6).map(mean).collect();
        let rows = (0..count).flat_map(|row| {
            let kept = space.lower(features.row(row)).into_iter();
            let kept = space.feature(&kept.map(f64::from).collect::<Vec<_>>());
            let centred = kept.into_iter().zip(&mean).map(|(x, m)| x - m);
            centred.collect::<Vec<_>>()
        });
        FeatureSet::new(6, rows.collect(), features.labels().to_vec(), 3).unwrap()
    }

    #[test]
    fn it_is_training_on_what_features_have_along_the_directions() {
        let features = features();
        let rows: Vec<usize> = (0..90).collect();
        let space = Arc::new(PublicSpace::leading(&features, &rows, 3).unwrap());
        let flat = flattened(&space, &features);
        let members = [0, 1, 2, 30, 31, 32];
        for shape in [
            HeadShape::linear(6, 3),
            HeadShape::mlp(6, 4, Activation::Relu, 3),
        ] {
            let recipe = Recipe {
                steps: 30,
                learning_rate: 0.1,
                ..Recipe::mnist(2)
            };
            let mut trainer = Trainer::new(shape, recipe)
                .unwrap()
                .in_space(Some(Arc::clone(&space)));
            let mut rng = ChaCha8Rng::seed_from_u64(5);
            let mut initial: Vec<f32> = (0..shape.weight_len())
                .map(|_| 0.2 * (rng.random::<f32>() - 0.5))
                .collect();
            // Nothing of the first layer leaves the directions.
            let projected = Projected::new(&space, shape, &features, &members).unwrap();
            let lowered = projected.lower(&initial);
            projected.lift(&lowered, &mut initial);
            let mut lifted = vec![0.0; shape.weight_len()];
            trainer
                .train_from(&features, &members, &initial, &mut rng, &mut lifted)
                .unwrap();
            // The same at full width, around the mean: what the bias was moved by is moved back.
            let mut shifted = initial.clone();
            let each = shifted[..shape.first_len()].chunks_exact_mut(7);
            each.for_each(|row| row[6] = space.constant(row) as f32);
            let mut whole = vec![0.0; shape.weight_len()];
            Trainer::new(shape, recipe)
                .unwrap()
                .train_from(&flat, &members, &shifted, &mut rng, &mut whole)
                .unwrap();
            let on_features = Head::new(shape, lifted).unwrap();
            let on_parts = Head::new(shape, whole).unwrap();
            for row in 0..90 {
                let a = on_features.logits(features.row(row)).unwrap();
                let b = on_parts.logits(flat.row(row)).unwrap();
                for (a, b) in a.iter().zip(b) {
                    assert!((a - b).abs() < 1e-4, "{a} {b}");
                }
            }
        }
    }

    /// Noise of DP-SGD along r directions: a head's weights leave them nowhere, and along each the noise
    /// has the variance that it has in training on so many features.
    #[test]
    fn noise_stays_along_the_directions() {
        let features = features();
        let rows: Vec<usize> = (0..90).collect();
        let space = Arc::new(PublicSpace::leading(&features, &rows, 2).unwrap());
        let shape = HeadShape::linear(6, 3);
        let recipe = Recipe {
            steps: 4,
            learning_rate: 0.1,
            init_std: 0.0,
            weight_decay: 0.0,
            ..Recipe::mnist(1)
        }
        .with_dp(DpSgd {
            clip: 1e-3,
            noise_multiplier: 1e3,
            sampling: Sampling::Full,
        });
        let mut trainer = Trainer::new(shape, recipe)
            .unwrap()
            .in_space(Some(Arc::clone(&space)));
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut out = vec![0.0; shape.weight_len()];
        let (mut along, mut count) = (0.0, 0.0);
        for _ in 0..400 {
            trainer
                .train(&features, &[0, 1, 2], &mut rng, &mut out)
                .unwrap();
            for row in out.chunks_exact(7) {
                let slopes = space.slopes(row);
                let square: f64 = slopes.iter().map(|it| it * it).sum();
                let whole: f64 = row[..6].iter().map(|&w| f64::from(w).powi(2)).sum();
                assert!((whole / square - 1.0).abs() < 1e-3, "{whole} {square}");
                along += square;
                count += slopes.len() as f64;
            }
        }
        // Four steps of ησC/N each; clipped gradients of a thousandth add nothing to speak of.
        let predicted = 4.0 * (0.1 * 1.0 / 3.0_f64).powi(2);
        let ratio = along / count / predicted;
        // 2 400 squares of a normal: a standard deviation of √(2/2400) = 2.9 %.
        assert!((ratio - 1.0).abs() < 0.12, "{ratio}");
    }
}
