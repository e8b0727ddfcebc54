//! The whole range of use: an answer or a clear error, soon, and never NaN.

use std::time::{Duration, Instant};

use privacy::{
    Accountant, Composition, Delta, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Spent, Steps,
};

/// What no answer may take.
const SLOW: Duration = Duration::from_secs(1);

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
                    let mut took = Duration::MAX;
                    let mut prv: Option<Spent> = None;
                    // A busy machine is not a slow accountant: the best of up to three.
                    for _ in 0..3 {
                        let start = Instant::now();
                        prv = Some(composition.epsilon(
                            delta_value,
                            Accountant::Prv,
                            Neighbour::AddRemove,
                        )?);
                        took = took.min(start.elapsed());
                        if took < SLOW {
                            break;
                        }
                    }
                    if took > slowest.0 {
                        slowest = (took, what.clone());
                    }
                    total += took;
                    let prv = prv.expect("at least one answer");
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
                    if gap > widest.0 {
                        widest = (gap, what);
                    }
                    count += 1;
                }
            }
        }
    }
    println!("{count} corners in {total:?}; slowest {slowest:?}; widest gap {widest:?}");
    assert!(widest.0 < 0.012, "{widest:?}");
    assert!(slowest.0 < SLOW, "{slowest:?}");
    Ok(())
}
