//! Shuffles and stratified folds.

use datasets::{FeatureSet, StreamKey};
use rand::RngExt;

/// The rows in a random order (Fisher, Yates).
pub(super) fn shuffled(mut rows: Vec<usize>, key: &StreamKey, index: u64) -> Vec<usize> {
    let mut rng = key.rng(index);
    for at in (1..rows.len()).rev() {
        rows.swap(at, rng.random_range(0..=at));
    }
    rows
}

/// `folds` disjoint sets of rows, each with about the set's shares of the classes.
pub(super) fn stratified(set: &FeatureSet, folds: usize, key: &StreamKey) -> Vec<Vec<usize>> {
    let mut out = vec![Vec::new(); folds];
    let mut next = 0;
    for class in 0..set.classes() as u32 {
        let rows: Vec<usize> = (0..set.len())
            .filter(|&row| set.labels()[row] == class)
            .collect();
        for row in shuffled(rows, key, u64::from(class)) {
            out[next % folds].push(row);
            next += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_a_balanced_partition() {
        let labels: Vec<u32> = (0..30).map(|i| u32::from(i % 3 == 0)).collect();
        let set = FeatureSet::new(1, vec![0.0; 30], labels.clone(), 2).unwrap();
        let folds = stratified(&set, 5, &StreamKey::from_seed(4));
        let mut all: Vec<usize> = folds.concat();
        all.sort_unstable();
        assert_eq!(all, (0..30).collect::<Vec<_>>());
        for fold in &folds {
            let ones = fold.iter().filter(|&&row| labels[row] == 1).count();
            assert_eq!((fold.len(), ones), (6, 2));
        }
    }
}
