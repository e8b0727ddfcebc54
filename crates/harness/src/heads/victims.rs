//! How good heads are: accuracy on examples that nobody trains on.

use datasets::{FeatureSet, Pool};
use rayon::prelude::*;
use transfer::{Head, HeadShape, ShadowBatch};

use crate::error::HarnessError;

/// Most test examples that an accuracy is measured on.
const TEST_EXAMPLES: usize = 2000;

/// The features and labels that accuracy is measured on: up to 2 000 examples of `pool`, as many
/// of each class as there are of the smallest.
pub fn test_set(features: &FeatureSet, pool: &Pool) -> Result<FeatureSet, HarnessError> {
    let smallest = (0..pool.classes())
        .map(|class| pool.class(class).len())
        .min();
    let each = smallest
        .unwrap_or(0)
        .min(TEST_EXAMPLES.div_ceil(pool.classes()));
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for &index in (0..pool.classes()).flat_map(|class| &pool.class(class)[..each]) {
        values.extend_from_slice(features.row(index as usize));
        labels.push(features.labels()[index as usize]);
    }
    Ok(FeatureSet::new(
        features.width(),
        values,
        labels,
        features.classes(),
    )?)
}

/// Accuracy of every head of `batch` on `test`.
pub fn accuracies(batch: &ShadowBatch, shape: HeadShape, test: &FeatureSet) -> Vec<f64> {
    (0..batch.len())
        .into_par_iter()
        .map(|index| accuracy_of(shape, batch.head(index), test))
        .collect()
}

/// Accuracy of one head; 0 where its weights are not finite.
pub fn accuracy_of(shape: HeadShape, weights: &[f32], test: &FeatureSet) -> f64 {
    Head::new(shape, weights.to_vec())
        .and_then(|head| head.predict(test.values()))
        .map_or(0.0, |predictions| share_equal(&predictions, test.labels()))
}

/// Share of entries that are equal.
pub fn share_equal(a: &[u32], b: &[u32]) -> f64 {
    let equal = a.iter().zip(b).filter(|(a, b)| a == b).count();
    equal as f64 / b.len().max(1) as f64
}
