//! Training in the clear: both networks on the source task, the upper one on the target's few.

mod folds;
mod initial;
mod private;
mod scaling;
mod source;
mod start;
mod tune;

pub use private::DpFineTune;
pub use source::{SourceRecipe, SourceTrained};
pub use tune::{FineTune, FineTuned};

use crate::{CryptoTlError, optimiser::logistic_loss};
use datasets::FeatureSet;

/// Mean cross-entropy of logits.
fn mean_loss(logits: &[f32], labels: impl Iterator<Item = u32>) -> f32 {
    let sum: f32 = logits
        .iter()
        .zip(labels)
        .map(|(&z, label)| logistic_loss(z, label))
        .sum();
    sum / logits.len().max(1) as f32
}

/// That a set is binary and not empty.
fn check_binary(what: &'static str, set: &FeatureSet) -> Result<(), CryptoTlError> {
    if set.is_empty() || set.classes() != 2 {
        return Err(CryptoTlError::Training {
            what,
            reason: format!(
                "{} examples of {} classes: two classes are needed",
                set.len(),
                set.classes()
            ),
        });
    }
    Ok(())
}

/// Rows and labels of some examples.
fn gather(set: &FeatureSet, rows: &[usize]) -> (Vec<f32>, Vec<u32>) {
    (
        rows.iter().flat_map(|&row| set.row(row)).copied().collect(),
        rows.iter().map(|&row| set.labels()[row]).collect(),
    )
}
