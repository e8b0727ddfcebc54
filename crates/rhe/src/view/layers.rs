//! What the tests of all views of heads with a hidden layer share.

use super::Sight;
use crate::error::RheError;
use crate::head::{Activation, PlainHead};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(super) const FEATURES: usize = 100;
pub(super) const HIDDEN: usize = 3;
pub(super) const OUTPUTS: usize = 2;

/// The numbers of a head, and those beside them.
pub(super) type Seen = (Vec<f32>, Vec<f32>);

pub(super) fn weights() -> Vec<f32> {
    let count = HIDDEN * (FEATURES + 1) + OUTPUTS * (HIDDEN + 1);
    (0..count).map(|i| (i as f32 * 0.7).sin() + 0.1).collect()
}

/// What a view shows of [`weights`].
pub(super) fn seen(
    len: usize,
    beside: usize,
    seed: u64,
    simulate: impl Fn(&[f32], &mut ChaCha8Rng, &mut [f32], &mut [f32]) -> Result<(), RheError>,
) -> Seen {
    let (mut out, mut beside) = (vec![0.0; len], vec![0.0; beside]);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    simulate(&weights(), &mut rng, &mut out, &mut beside).unwrap();
    (out, beside)
}

/// The control: with the key the numbers are a head that computes the same. What lies beside is the
/// same in every sight, and repeats.
pub(super) fn the_key_shows_the_same_head(
    activation: Activation,
    seen: impl Fn(Sight, u64) -> Seen,
) {
    let features: Vec<f32> = (0..FEATURES)
        .map(|i| (i as f32 * 0.3).cos().max(0.0))
        .collect();
    let logits = |weights: &[f32]| {
        let head = PlainHead::mlp(FEATURES, &[HIDDEN], OUTPUTS, activation, weights).unwrap();
        head.logits(&features).unwrap()
    };
    let (opened, beside) = seen(Sight::KnownSecret, 1);
    for (found, right) in logits(&opened).iter().zip(logits(&weights())) {
        assert!(
            (found - right).abs() < 2e-3 * right.abs().max(1.0),
            "{found} {right}"
        );
    }
    assert_eq!(beside, seen(Sight::Released, 1).1);
}
