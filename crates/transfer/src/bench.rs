//! How fast shadow heads are made: `harness bench shadow`.

use std::time::Instant;

use datasets::{FeatureSet, Pool, StreamKey};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::lanes::instruction_set;
use crate::normal::fill_normal;
use crate::{DpSgd, HeadShape, Recipe, Sampling, ShadowStream, TransferError};

/// Heads in a batch, as an attack asks for them.
const BATCH: usize = 256;
/// Examples of the synthetic pool: with 1024 features, 40 MiB, more than caches hold.
const EXAMPLES: usize = 10_000;

/// What was measured, and on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowBench {
    /// Inputs d of the linear heads.
    pub features: usize,
    /// Classes K.
    pub classes: usize,
    /// Shots c; N = K·c.
    pub shots: usize,
    /// Heads made for each timing.
    pub heads: usize,
    /// Vector instructions used: `avx512`, `avx2`, `neon` or `scalar`.
    pub instructions: String,
    /// One entry for each defence and number of threads.
    pub rates: Vec<ShadowRate>,
    /// Converged logistic regression: one entry for each number of threads.
    pub converged: Vec<ConvergedRate>,
}

/// The rate at which heads of converged logistic regression (C = 1, one shot) are made, drawing of
/// examples included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConvergedRate {
    /// Inputs d: as wide as EfficientNet's.
    pub features: usize,
    /// Threads.
    pub threads: usize,
    /// Heads a second, the median timing.
    pub heads_per_second: f64,
    /// Heads a second, the fastest timing: what a quiet machine would do.
    pub heads_per_second_best: f64,
}

/// The rate at which heads are made, drawing of examples, weights and noise included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowRate {
    /// `none` or `dp_sgd` (Poisson batches, q = .5).
    pub defence: String,
    /// Training steps.
    pub steps: usize,
    /// Threads.
    pub threads: usize,
    /// Heads a second, the median timing.
    pub heads_per_second: f64,
    /// Heads a second, the fastest timing: what a quiet machine would do.
    pub heads_per_second_best: f64,
}

/// A synthetic feature set and pool of the paper's MNIST sizes, for benchmarks.
pub fn synthetic(features: usize, classes: usize) -> Result<(FeatureSet, Pool), TransferError> {
    let mut values = vec![0.0; EXAMPLES * features];
    let whole = values.len() / 16 * 16;
    fill_normal(&mut ChaCha8Rng::seed_from_u64(1), 0.3, &mut values[..whole]);
    for value in &mut values {
        *value = value.max(0.0);
    }
    let labels: Vec<u32> = (0..EXAMPLES).map(|i| (i % classes) as u32).collect();
    let pool = Pool::new(&labels, classes, 0..EXAMPLES as u32);
    Ok((FeatureSet::new(features, values, labels, classes)?, pool))
}

/// The paper's MNIST recipe, and with DP-SGD the same over twice the steps at q = .5.
pub fn recipes(shots: usize) -> [(&'static str, Recipe); 2] {
    let plain = Recipe::mnist(shots);
    let private = Recipe {
        steps: 2 * plain.steps,
        ..plain.with_dp(DpSgd {
            clip: 4.0,
            noise_multiplier: 0.5,
            sampling: Sampling::Poisson(0.5),
        })
    };
    [("none", plain), ("dp_sgd", private)]
}

/// Times `repeats` times the making of `heads` linear heads 1024 → 10 with one shot, with and
/// without DP-SGD, and of converged heads 1280 → 10, on each of these numbers of `threads`.
pub fn shadow(
    heads: usize,
    repeats: usize,
    threads: &[usize],
) -> Result<ShadowBench, TransferError> {
    let shape = HeadShape::linear(1024, 10);
    let shots = 1;
    let (features, pool) = synthetic(shape.features, shape.classes)?;
    let key = StreamKey::from_seed(1);
    let mut rates = Vec::new();
    for (defence, recipe) in recipes(shots) {
        let stream = ShadowStream::new(&features, &pool, shape, recipe, shots, key)?;
        for &threads in threads {
            let [median, best] = timed(&stream, heads, repeats, threads)?;
            rates.push(ShadowRate {
                defence: defence.to_owned(),
                steps: recipe.steps,
                threads,
                heads_per_second: median,
                heads_per_second_best: best,
            });
        }
    }
    let wide = HeadShape::linear(1280, 10);
    let (wide_features, pool) = synthetic(wide.features, wide.classes)?;
    let recipe = Recipe::logistic_regression(1.0);
    let stream = ShadowStream::new(&wide_features, &pool, wide, recipe, shots, key)?;
    let mut converged = Vec::new();
    for &threads in threads {
        let [median, best] = timed(&stream, heads, repeats, threads)?;
        converged.push(ConvergedRate {
            features: wide.features,
            threads,
            heads_per_second: median,
            heads_per_second_best: best,
        });
    }
    Ok(ShadowBench {
        features: shape.features,
        classes: shape.classes,
        shots,
        heads,
        instructions: instruction_set().to_owned(),
        rates,
        converged,
    })
}

/// Heads a second on so many threads: the median and the fastest of `repeats` timings.
fn timed(
    stream: &ShadowStream<'_>,
    heads: usize,
    repeats: usize,
    threads: usize,
) -> Result<[f64; 2], TransferError> {
    let workers = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let mut times: Vec<f64> = (0..repeats.max(1))
        .map(|_| workers.install(|| time(stream, heads)))
        .collect::<Result<_, _>>()?;
    times.sort_by(f64::total_cmp);
    Ok([times[times.len() / 2], times[0]].map(|seconds| heads as f64 / seconds))
}

/// Seconds that `heads` heads take.
fn time(stream: &ShadowStream, heads: usize) -> Result<f64, TransferError> {
    let mut batch = stream.batch(BATCH.min(heads));
    let start = Instant::now();
    let mut done = 0;
    while done < heads {
        batch.heads = BATCH.min(heads - done);
        stream.fill(done as u64, &mut batch)?;
        done += batch.heads;
    }
    Ok(start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defence_and_number_of_threads_is_timed() {
        let bench = shadow(2048, 9, &[1, 2]).unwrap();
        println!("{bench:#?}");
        let rows = bench.rates.iter();
        let rows: Vec<_> = rows
            .map(|r| (r.defence.as_str(), r.threads, r.steps))
            .collect();
        assert_eq!(
            rows,
            [
                ("none", 1, 32),
                ("none", 2, 32),
                ("dp_sgd", 1, 64),
                ("dp_sgd", 2, 64)
            ]
        );
        assert!(bench.rates.iter().all(|r| r.heads_per_second > 0.0));
        let converged = bench.converged.iter().map(|r| (r.features, r.threads));
        assert_eq!(converged.collect::<Vec<_>>(), [(1280, 1), (1280, 2)]);
        assert!(bench.converged.iter().all(|r| r.heads_per_second > 0.0));
        let text = serde_json::to_string(&bench).unwrap();
        let back: ShadowBench = serde_json::from_str(&text).unwrap();
        assert_eq!(back.rates.len(), 4);
    }
}
