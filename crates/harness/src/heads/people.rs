//! How good heads are that tell one person from others.

use std::collections::HashMap;

use datasets::FeatureSet;
use rayon::prelude::*;
use transfer::{Head, HeadShape, ShadowBatch};

use crate::corpus::Corpus;

/// Balanced accuracy of every head whose person has more images than the one that it was trained on:
/// the mean of the shares that it gets right of these and of `strangers`, images of people of whom no
/// head has any. Heads whose person has no other image have no accuracy.
pub fn accuracies(
    corpus: &Corpus,
    batch: &ShadowBatch,
    shape: HeadShape,
    strangers: &FeatureSet,
) -> Vec<f64> {
    let mut of: HashMap<u32, Vec<usize>> = HashMap::new();
    for (image, person) in corpus.original_labels.iter().enumerate() {
        of.entry(*person).or_default().push(image);
    }
    let heads = (0..batch.len()).into_par_iter();
    let accuracies = heads.filter_map(|index| {
        // The person's image is the last one of a set.
        let trained = *batch.members(index).last()? as usize;
        let own = &of[&corpus.original_labels[trained]];
        let own = own.iter().filter(|image| **image != trained);
        let own: Vec<f32> = own
            .flat_map(|image| corpus.features.row(*image))
            .copied()
            .collect();
        if own.is_empty() {
            return None;
        }
        let head = Head::new(shape, batch.head(index).to_vec()).ok()?;
        let called = |features: &[f32]| -> Option<f64> {
            let predictions = head.predict(features).ok()?;
            let called = predictions.iter().filter(|label| **label == 1).count();
            Some(called as f64 / predictions.len() as f64)
        };
        Some((called(&own)? + 1.0 - called(strangers.values())?) / 2.0)
    });
    accuracies.collect()
}
