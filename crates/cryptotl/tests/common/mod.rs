//! The real sentence embeddings, and few-shot draws from them.

#![allow(dead_code, reason = "each test file uses its part")]

use datasets::{FeatureSet, Reading, StreamKey, read_features};
use rand::RngExt;
use std::path::PathBuf;

/// The embeddings of one set of texts, below `RHEA_DATA`.
pub fn embeddings(name: &str) -> FeatureSet {
    let data = std::env::var_os("RHEA_DATA").expect("RHEA_DATA names the folder of real data");
    let path = PathBuf::from(data).join(format!("embeddings/{name}-minilm-l6-v2.safetensors"));
    read_features(&path, None, &mut Reading::default()).unwrap()
}

/// Some of the rows.
pub fn subset(set: &FeatureSet, rows: &[usize]) -> FeatureSet {
    let values = rows.iter().flat_map(|&row| set.row(row)).copied().collect();
    let labels = rows.iter().map(|&row| set.labels()[row]).collect();
    FeatureSet::new(set.width(), values, labels, 2).unwrap()
}

/// `shots` of each class to tune on, at random; the rest to test.
pub fn split(set: &FeatureSet, shots: usize, key: &StreamKey) -> (Vec<usize>, Vec<usize>) {
    let mut rng = key.rng(0);
    let mut rows: Vec<usize> = (0..set.len()).collect();
    for at in (1..rows.len()).rev() {
        rows.swap(at, rng.random_range(0..=at));
    }
    let mut left = [shots; 2];
    rows.into_iter().partition(|&row| {
        let left = &mut left[set.labels()[row] as usize];
        let take = *left > 0;
        *left -= usize::from(take);
        take
    })
}
