//! Initial weights from a ChaCha stream: the same bits on every machine and thread count, which
//! burn's process-wide generator cannot promise.

use datasets::StreamKey;
use rand::RngExt;

use crate::NamedTensors;

/// Adds `{name}.weight` of `shape` (`[out, in, ...]`), uniform with variance `gain / fan_in` (He et
/// al. 2015 for ReLU: `gain` 2), and `{name}.bias` of zeros.
pub(crate) fn layer(
    tensors: &mut NamedTensors,
    name: &str,
    shape: &[usize],
    gain: f32,
    key: StreamKey,
) {
    let fan_in: usize = shape[1..].iter().product();
    let bound = (3.0 * gain / fan_in as f32).sqrt();
    let mut rng = key.child(name).rng(0);
    let len = shape.iter().product();
    let weight = (0..len)
        .map(|_| (2.0 * rng.random::<f32>() - 1.0) * bound)
        .collect();
    tensors.insert(format!("{name}.weight"), shape, weight);
    tensors.insert(format!("{name}.bias"), &shape[..1], vec![0.0; shape[0]]);
}
