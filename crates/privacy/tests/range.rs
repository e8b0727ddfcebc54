//! The whole range of use: an answer or a clear error, and never NaN.

use privacy::{
    Accountant, Composition, Delta, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Spent, Steps,
};
use rayon::prelude::*;

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

/// Checks both accountants at one point; the width of PRV's bounds there.
fn corner(noise: f64, rate: f64, steps: u64, delta: f64) -> Result<(f64, String), PrivacyError> {
    let composition = run(noise, rate, steps)?;
    let spent =
        |accountant| composition.epsilon(Delta::new(delta)?, accountant, Neighbour::AddRemove);
    let what = format!("σ {noise}, q {rate}, {steps} steps, δ {delta}");
    let (prv, rdp) = (spent(Accountant::Prv)?, spent(Accountant::Rdp)?);
    check(&what, &prv);
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
    Ok((gap, what))
}

#[test]
fn every_corner_answers() -> Result<(), PrivacyError> {
    let mut corners = Vec::new();
    for noise in [0.2, 0.5, 1.0, 4.0, 20.0, 100.0] {
        for rate in [1e-4, 0.01, 0.5, 0.99, 1.0] {
            for steps in [1, 100, 10_000, 1_000_000] {
                corners.extend([1e-12, 1e-5, 0.1].map(|delta| (noise, rate, steps, delta)));
            }
        }
    }
    let widths = corners
        .par_iter()
        .map(|&(noise, rate, steps, delta)| corner(noise, rate, steps, delta))
        .collect::<Result<Vec<_>, _>>()?;
    let widest = widths.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    println!("{} corners; widest gap {widest:?}", widths.len());
    Ok(())
}
