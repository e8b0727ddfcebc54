//! What everything costs on this machine: the numbers of `harness bench rhe`.

mod decision;
mod linear;
mod private;
mod relu;
mod square;

pub use decision::{DecisionBench, bench_decision};
pub use linear::{LinearBench, bench_linear};
pub use private::{PrivateBench, bench_private};
pub use relu::{ReluBench, bench_relu};
pub use square::{SquareBench, bench_square};

use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::error::RheError;
use crate::{Activation, PlainHead, Scheme};

/// All of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RheBench {
    /// 10 × 1024.
    pub linear: LinearBench,
    /// The same, hidden by a pad in the place of ring ciphertexts.
    pub pad: LinearBench,
    /// 1000 × 2048, 1000 × 8192 and 10 × 50 000.
    pub wide: [LinearBench; 3],
    /// 1024 → 8 → 1.
    pub relu: ReluBench,
    /// 10 × 1024 to the encrypted class.
    pub decision: DecisionBench,
    /// 10 × 1024, hiding the features from the owner.
    pub private: PrivateBench,
    /// 2048 → 4 → 1 and 1024 → 8 → 1.
    pub square: [SquareBench; 2],
}

/// Runs every benchmark with the shapes of the papers; about a minute.
pub fn run() -> Result<RheBench, RheError> {
    Ok(RheBench {
        linear: bench_linear(10, 1024, Scheme::Lattice, 256, 100)?,
        pad: bench_linear(10, 1024, Scheme::Pad, 256, 100)?,
        wide: [
            bench_linear(1000, 2048, Scheme::Lattice, 128, 3)?,
            bench_linear(1000, 8192, Scheme::Lattice, 128, 1)?,
            bench_linear(10, 50_000, Scheme::Lattice, 128, 3)?,
        ],
        relu: bench_relu(1024, 8, 50)?,
        decision: bench_decision(10, 1024, 10)?,
        private: bench_private(10, 1024, 20)?,
        square: [bench_square(2048, 4, 20)?, bench_square(1024, 8, 20)?],
    })
}

/// K × d random weights with a bias behind each row. The numbers benchmarked on are no secrets: keys
/// and noise come from the system as always.
fn random_weights(classes: usize, features: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..classes * (features + 1))
        .map(|_| rng.random_range(-0.1..0.1))
        .collect()
}

/// Random features, half of them zero as behind a ReLU; at least one row.
fn random_rows(images: usize, features: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..images.max(1) * features)
        .map(|_| rng.random_range(-3f32..3.0).max(0.0))
        .collect()
}

/// A head of one logit with a hidden layer and random weights.
fn random_mlp(
    features: usize,
    hidden: usize,
    activation: Activation,
    rng: &mut ChaCha8Rng,
) -> Result<PlainHead, RheError> {
    let first = (hidden * (features + 1), 1.0 / (features as f32).sqrt());
    let weights: Vec<f32> = [first, (hidden + 1, 1.0)]
        .into_iter()
        .flat_map(|(count, range)| {
            let draw = (0..count).map(|_| rng.random_range(-range..range));
            draw.collect::<Vec<f32>>()
        })
        .collect();
    PlainHead::mlp(features, &[hidden], 1, activation, &weights)
}

/// The shortest of `rounds` runs, in microseconds for one of the `items` that each does. Other
/// work on the machine only adds to a run, so the least is the nearest to what the code costs.
pub(crate) fn shortest(rounds: usize, items: usize, mut work: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e6 / items.max(1) as f64
}

/// Runs `work` on a rayon pool of its own.
pub(crate) fn on_threads<R: Send>(
    threads: usize,
    work: impl FnOnce() -> R + Send,
) -> Result<R, RheError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|e| RheError::setting(format!("{threads} threads"), e.to_string()))?;
    Ok(pool.install(work))
}
