//! Trade-off, calibration and the laws that any accountant must keep.

use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, Phase,
    PrivacyAnswer, PrivacyError, SampleRate, SampledGaussian, Steps, TradeOff, epsilon_answer,
    gaussian_epsilon, gaussian_tpr, noise_answer, tpr_bound_from_epsilon,
};
use proptest::prelude::*;

fn step(noise: f64, rate: f64) -> Result<SampledGaussian, PrivacyError> {
    Ok(SampledGaussian::new(
        NoiseMultiplier::new(noise)?,
        SampleRate::new(rate)?,
    ))
}

fn run(noise: f64, rate: f64, steps: u64) -> Result<Composition, PrivacyError> {
    Ok(Composition::repeated(
        step(noise, rate)?,
        Steps::new(steps)?,
    ))
}

#[test]
fn sampling_nearly_everything_is_nearly_the_gaussian() -> Result<(), PrivacyError> {
    let delta = Delta::new(1e-5)?;
    for (neighbour, mu) in [(Neighbour::AddRemove, 5.0), (Neighbour::ReplaceOne, 10.0)] {
        let nearly = run(2.0, 1.0 - 1e-7, 100)?;
        let exact = gaussian_epsilon(mu, delta);
        let ours = nearly.epsilon(delta, Accountant::Prv, neighbour)?;
        assert!(
            (ours.lower - exact).abs() < 1e-3 * exact,
            "{ours:?}, {exact}"
        );
        assert!(
            (ours.upper - exact).abs() < 1e-3 * exact,
            "{ours:?}, {exact}"
        );
        let full = run(2.0, 1.0, 100)?;
        assert_eq!(
            full.epsilon(delta, Accountant::Prv, neighbour)?.upper,
            exact
        );
        let roc = TradeOff::new(&nearly, neighbour)?;
        for fpr in [1e-6, 1e-3, 0.01, 0.3] {
            let (bound, exact) = (roc.tpr_bound(fpr), gaussian_tpr(mu, fpr));
            assert!(
                bound >= exact - 1e-6 && bound < exact + 1e-3,
                "{fpr}: {bound}, {exact}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_mixture_of_phases_is_composed() -> Result<(), PrivacyError> {
    let delta = Delta::new(1e-5)?;
    let phase = |noise, rate, steps| -> Result<Phase, PrivacyError> {
        Ok(Phase {
            mechanism: step(noise, rate)?,
            steps: Steps::new(steps)?,
        })
    };
    let spend = |phases: Vec<Phase>| {
        Composition::new(phases)?.epsilon(delta, Accountant::Prv, Neighbour::AddRemove)
    };
    // Splitting a phase changes nothing.
    let whole = spend(vec![phase(1.0, 0.1, 60)?])?;
    assert_eq!(
        spend(vec![phase(1.0, 0.1, 20)?, phase(1.0, 0.1, 40)?])?,
        whole
    );
    // A hair's difference in noise takes the path of different mechanisms to the same answer.
    let split = spend(vec![phase(1.0, 0.1, 20)?, phase(1.0 + 1e-9, 0.1, 40)?])?;
    assert!(
        (split.estimate / whole.estimate - 1.0).abs() < 1e-4,
        "{split:?}, {whole:?}"
    );
    // Full batches among sampled ones, within what each alone and both by Rényi allow.
    let mixed = vec![phase(1.0, 0.1, 60)?, phase(20.0, 1.0, 30)?];
    let both = spend(mixed.clone())?;
    let rdp = Composition::new(mixed)?.epsilon(delta, Accountant::Rdp, Neighbour::AddRemove)?;
    assert!(
        both.lower > whole.upper && both.upper < rdp.upper,
        "{both:?}, {rdp:?}"
    );
    assert!(both.upper - both.lower < 1e-3 * both.upper);
    assert!(Composition::new([]).is_err());
    Ok(())
}

#[test]
fn the_trade_off_is_never_looser_than_epsilon_and_delta() -> Result<(), PrivacyError> {
    for neighbour in [Neighbour::AddRemove, Neighbour::ReplaceOne] {
        for (noise, rate, steps) in [
            (1.82, 0.5, 64),
            (0.6, 0.5, 64),
            (1.0, 0.01, 1000),
            (0.374, 0.5, 96),
        ] {
            let run = run(noise, rate, steps)?;
            let roc = TradeOff::new(&run, neighbour)?;
            assert_eq!(roc.tpr_bound(1.0), 1.0);
            let mut last = (0.0, 0.0);
            for i in 0..=200 {
                let fpr = f64::from(i) / 200.0;
                let tpr = roc.tpr_bound(fpr);
                assert!(
                    tpr >= fpr - 1e-12 && tpr >= last.1 && tpr <= 1.0,
                    "{fpr}: {tpr}"
                );
                assert_eq!(roc.false_negative_bound(fpr), 1.0 - tpr);
                last = (fpr, tpr);
            }
            for delta in [1e-5, 1e-3, 0.08] {
                let delta = Delta::new(delta)?;
                let spent = run.epsilon(delta, Accountant::Prv, neighbour)?;
                let epsilon = Epsilon::new(spent.upper)?;
                for fpr in [1e-4, 0.001, 0.01, 0.1, 0.5, 0.9] {
                    let line = tpr_bound_from_epsilon(epsilon, delta, fpr);
                    let tpr = roc.tpr_bound(fpr);
                    assert!(
                        tpr <= line + 2e-3 * line,
                        "{neighbour} {noise} {fpr}: {tpr}, {line}"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn replacing_costs_more_than_removing_and_less_than_twice_in_sequence() -> Result<(), PrivacyError>
{
    for (noise, rate, steps) in [(1.82, 0.5, 64), (0.85, 0.5, 64), (1.0, 0.01, 1000)] {
        let run = run(noise, rate, steps)?;
        let (one, two) = (
            TradeOff::new(&run, Neighbour::AddRemove)?,
            TradeOff::new(&run, Neighbour::ReplaceOne)?,
        );
        for fpr in [1e-4, 0.01, 0.1, 0.5] {
            let replaced = two.tpr_bound(fpr);
            // Replacing is removing and then adding: the bound applied to its own result.
            let sequence = one.tpr_bound(one.tpr_bound(fpr));
            assert!(replaced >= one.tpr_bound(fpr) - 1e-6, "{noise} {fpr}");
            assert!(
                replaced <= sequence + 1e-4,
                "{noise} {fpr}: {replaced}, {sequence}"
            );
        }
    }
    Ok(())
}

#[test]
fn calibration_meets_its_target() -> Result<(), PrivacyError> {
    for accountant in [Accountant::Prv, Accountant::Rdp] {
        for (epsilon, delta, rate, steps) in [
            (10.0, 0.0794, 0.5, 64),
            (160.0, 0.0794, 0.5, 96),
            (1.0, 1e-5, 0.01, 10_000),
            (2.0, 1e-6, 1.0, 100),
        ] {
            let query = Calibration {
                epsilon: Epsilon::new(epsilon)?,
                delta: Delta::new(delta)?,
                sample_rate: SampleRate::new(rate)?,
                steps: Steps::new(steps)?,
                accountant,
                neighbour: Neighbour::AddRemove,
            };
            let start = std::time::Instant::now();
            let answer = noise_answer(query)?;
            println!(
                "{accountant} {epsilon} {rate} {steps}: {:?}: {answer}",
                start.elapsed()
            );
            assert!(answer.epsilon <= epsilon, "{answer}");
            assert!(answer.epsilon > epsilon * (1.0 - 1e-4), "{answer}");
            let line = serde_json::to_string(&answer).expect("json");
            let back: PrivacyAnswer = serde_json::from_str(&line).expect("json");
            // The last digit may be lost where serde_json reads numbers the fast way.
            let kept = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-14;
            assert!(kept(back.epsilon, answer.epsilon), "{line}");
            assert!(kept(
                back.noise_multiplier.get(),
                answer.noise_multiplier.get()
            ));
            assert_eq!(back.target_epsilon, Some(query.epsilon));
            assert_eq!(back.order.is_some(), accountant == Accountant::Rdp);
        }
    }
    Ok(())
}

#[test]
fn what_cannot_be_says_why() -> Result<(), PrivacyError> {
    for (error, needle) in [
        (Epsilon::new(0.0).err(), "epsilon is 0"),
        (Epsilon::new(f64::INFINITY).err(), "epsilon is inf"),
        (Delta::new(1.0).err(), "delta is 1"),
        (Delta::new(f64::NAN).err(), "delta is NaN"),
        (SampleRate::new(1.5).err(), "sample rate is 1.5"),
        (SampleRate::new(0.0).err(), "sample rate is 0"),
        (NoiseMultiplier::new(-1.0).err(), "noise multiplier is -1"),
        (Steps::new(0).err(), "steps is 0"),
        (
            SampleRate::new(0.01)?.expected_batch(10).err(),
            "at least 0.1",
        ),
    ] {
        let text = error.map(|e| e.to_string()).unwrap_or_default();
        assert!(
            text.contains(needle) && text.contains("hint:"),
            "{needle}: {text}"
        );
    }
    assert_eq!(SampleRate::new(0.1)?.expected_batch(30)?, 3);
    let delta = Delta::new(1e-5)?;
    for accountant in [Accountant::Prv, Accountant::Rdp] {
        let silent = run(0.0, 0.5, 10)?.epsilon(delta, accountant, Neighbour::AddRemove);
        assert_eq!(silent.err(), Some(PrivacyError::NoNoise));
    }
    assert_eq!(
        TradeOff::new(&run(0.0, 1.0, 1)?, Neighbour::AddRemove).err(),
        Some(PrivacyError::NoNoise)
    );
    let query = |epsilon, delta, rate, accountant| -> Result<_, PrivacyError> {
        Calibration {
            epsilon: Epsilon::new(epsilon)?,
            delta: Delta::new(delta)?,
            sample_rate: SampleRate::new(rate)?,
            steps: Steps::new(1)?,
            accountant,
            neighbour: Neighbour::AddRemove,
        }
        .solve()
    };
    // Rényi orders end before so small an ε; sampling one step in ten thousand never spends 5.
    for failed in [
        query(1e-9, 1e-12, 0.5, Accountant::Rdp),
        query(5.0, 0.1, 1e-4, Accountant::Prv),
    ] {
        let text = failed.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text.contains("no noise multiplier reaches"), "{text}");
    }
    assert!("moments".parse::<Accountant>().is_err());
    assert_eq!("rdp".parse(), Ok(Accountant::Rdp));
    let answer = epsilon_answer(
        NoiseMultiplier::new(1.0)?,
        SampleRate::new(0.01)?,
        Steps::new(1000)?,
        delta,
        Accountant::Rdp,
        Neighbour::AddRemove,
    )?;
    assert!(answer.to_string().starts_with("epsilon 2.1"), "{answer}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// More steps, more sampling, less noise and a smaller δ never spend less; bounds stay ordered.
    #[test]
    fn epsilon_is_monotone(
        ln_noise in -0.7f64..2.5,
        ln_rate in -5.0f64..-0.01,
        steps in 1u64..3000,
        ln_delta in -20.0f64..-2.5,
    ) {
        let delta = Delta::new(ln_delta.exp()).expect("delta");
        let less = Delta::new(ln_delta.exp() * 0.5).expect("delta");
        let (noise, rate) = (ln_noise.exp(), ln_rate.exp());
        for neighbour in [Neighbour::AddRemove, Neighbour::ReplaceOne] {
            let spend = |noise: f64, rate: f64, steps: u64, delta| {
                run(noise, rate, steps)
                    .and_then(|r| r.epsilon(delta, Accountant::Prv, neighbour))
                    .expect("epsilon")
            };
            let base = spend(noise, rate, steps, delta);
            prop_assert!(base.lower <= base.estimate && base.estimate <= base.upper);
            prop_assert!(base.upper - base.lower <= 2e-3 * base.upper.max(1e-3), "{base:?}");
            for more in [
                spend(noise, rate, 2 * steps, delta),
                spend(noise, (rate * 1.2).min(1.0), steps, delta),
                spend(noise * 0.8, rate, steps, delta),
                spend(noise, rate, steps, less),
            ] {
                prop_assert!(more.upper >= base.lower, "{more:?} below {base:?}");
            }
            let rdp = run(noise, rate, steps)
                .and_then(|r| r.epsilon(delta, Accountant::Rdp, neighbour))
                .expect("epsilon");
            prop_assert!(base.lower <= rdp.upper * (1.0 + 1e-9), "{base:?}, {rdp:?}");
        }
        let one = run(noise, rate, steps)
            .and_then(|r| r.epsilon(delta, Accountant::Prv, Neighbour::AddRemove))
            .expect("epsilon");
        let two = run(noise, rate, steps)
            .and_then(|r| r.epsilon(delta, Accountant::Prv, Neighbour::ReplaceOne))
            .expect("epsilon");
        prop_assert!(two.upper >= one.lower);
    }
}
