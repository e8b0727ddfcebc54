//! The whole range of use: an answer or a clear error, soon, and never NaN.

use std::time::{Duration, Instant};

use privacy::{
    Accountant, Composition, Delta, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Spent, Steps,
};

/// The result of `work`, and the processor time it took where the system tells (a busy machine is
/// not a slow accountant), else the time by the clock.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let on_processor = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    };
    let (clock, before) = (Instant::now(), on_processor());
    let result = work();
    let took = match (before, on_processor()) {
        (Some(before), Some(after)) if after > before => after - before,
        _ => clock.elapsed(),
    };
    (result, took)
}

fn run(noise: f64, rate: f64, steps: u64) -> Result<Composition, PrivacyError> {
    let step = SampledGaussian::new(NoiseMultiplier::new(noise)?, SampleRate::new(rate)?);
    Ok(Composition::repeated(step, Steps::new(steps)?))
}

fn check(what: &str, spent: &Spent) {
    for value in [spent.lower, spent.estimate, spent.upper] {
        assert!(value.is_finite() && value >= 0.0, "{what}: {spent:?}");
    }
    assert!(
        spent.lower <= spent.estimate && spent.estimate <= spent.upper,
        "{what}: {spent:?}"
    );
}

#[test]
fn every_corner_answers() -> Result<(), PrivacyError> {
    // One thread, so that its processor time is all of it.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread");
    let mut slowest = (Duration::ZERO, String::new());
    let mut widest = (0.0f64, String::new());
    let (mut count, mut total) = (0, Duration::ZERO);
    for noise in [0.2, 0.5, 1.0, 4.0, 20.0, 100.0] {
        for rate in [1e-4, 0.01, 0.5, 0.99, 1.0] {
            for steps in [1, 100, 10_000, 1_000_000] {
                for delta in [1e-12, 1e-5, 0.1] {
                    let composition = run(noise, rate, steps)?;
                    let delta_value = Delta::new(delta)?;
                    let what = format!("σ {noise}, q {rate}, {steps} steps, δ {delta}");
                    let (prv, took) = pool.install(|| {
                        timed(|| {
                            composition.epsilon(delta_value, Accountant::Prv, Neighbour::AddRemove)
                        })
                    });
                    let prv = prv?;
                    if took > slowest.0 {
                        slowest = (took, what.clone());
                    }
                    total += took;
                    check(&what, &prv);
                    let rdp =
                        composition.epsilon(delta_value, Accountant::Rdp, Neighbour::AddRemove)?;
                    check(&what, &rdp);
                    // Two independent accountants: the tight one cannot exceed the loose one.
                    assert!(
                        prv.lower <= rdp.upper * (1.0 + 1e-9),
                        "{what}: prv {prv:?}, rdp {rdp:?}"
                    );
                    let gap = (prv.upper - prv.lower) / prv.upper.max(1e-3);
                    // Far tails of rare losses widen the window, and with it the lattice's step.
                    let allowed = if delta < 1e-5 { 0.035 } else { 5e-3 };
                    assert!(gap <= allowed, "{what}: {prv:?}");
                    if gap > widest.0 {
                        widest = (gap, what);
                    }
                    count += 1;
                }
            }
        }
    }
    println!("{count} corners in {total:?}; slowest {slowest:?}; widest gap {widest:?}");
    Ok(())
}
