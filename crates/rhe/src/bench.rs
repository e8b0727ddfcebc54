//! What everything costs on this machine: the numbers of `harness bench rhe`.

mod linear;

pub use linear::{LinearBench, bench_linear};

use std::time::{Duration, Instant};

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
) -> Result<R, crate::RheError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|e| crate::RheError::setting(format!("{threads} threads"), e.to_string()))?;
    Ok(pool.install(work))
}
