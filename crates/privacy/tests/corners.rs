//! Extreme points: what other accountants, and this one's earlier forms, failed on.

use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError,
    SampleRate, SampledGaussian, Spent, Steps, epsilon_answer,
};
use proptest::prelude::*;

fn run(noise: f64, rate: f64, steps: u64) -> Result<Composition, PrivacyError> {
    let step = SampledGaussian::new(NoiseMultiplier::new(noise)?, SampleRate::new(rate)?);
    Ok(Composition::repeated(step, Steps::new(steps)?))
}

fn prv(noise: f64, rate: f64, steps: u64, delta: f64) -> Result<Spent, PrivacyError> {
    run(noise, rate, steps)?.epsilon(Delta::new(delta)?, Accountant::Prv, Neighbour::AddRemove)
}

fn rdp(noise: f64, rate: f64, steps: u64, delta: f64) -> Result<Spent, PrivacyError> {
    run(noise, rate, steps)?.epsilon(Delta::new(delta)?, Accountant::Rdp, Neighbour::AddRemove)
}

#[test]
fn extreme_points_have_their_exact_values() -> Result<(), PrivacyError> {
    // One step: closed form in 60 digits (mpmath 1.4.1). The last row: the Gaussian limit.
    for (noise, rate, steps, delta, exact, tolerance) in [
        (0.02, 0.5, 1, 0.4, 1_206.217_418_518_28, 1e-12),
        (0.05, 1e-4, 1, 5e-5, 189.790_487_199_812, 1e-12),
        (0.3, 1e-3, 1, 1e-12, 18.069_968_823_004_8, 1e-12),
        (100.0, 0.5, 1, 1e-3, 0.002_475_418_396_154_65, 1e-12),
        (0.386, 1.16e-8, 1, 4.88e-17, 0.466_912_427_100_663, 1e-12),
        (1e5, 1e-3, 100_000_000, 1e-9, 3.923_606_369_75e-4, 1e-6),
    ] {
        let spent = prv(noise, rate, steps, delta)?;
        let hair = tolerance * exact;
        assert!(
            spent.lower <= exact + hair && exact - hair <= spent.upper,
            "σ {noise}, q {rate}, δ {delta}: {spent:?}, exact {exact}"
        );
        assert!(
            spent.upper - spent.lower <= 1e-2 * spent.upper,
            "σ {noise}, q {rate}, δ {delta}: {spent:?}"
        );
    }
    Ok(())
}

#[test]
fn more_steps_of_little_noise_spend_more_by_rdp_too() -> Result<(), PrivacyError> {
    let tight = prv(0.03, 0.5, 50, 1e-5)?;
    let (few, many) = (rdp(0.03, 0.5, 50, 1e-5)?, rdp(0.03, 0.5, 1_000, 1e-5)?);
    assert!(tight.lower > 20_000.0, "{tight:?}");
    assert!(few.upper >= tight.lower, "{few:?}, {tight:?}");
    assert!(many.upper > 10.0 * few.upper, "{many:?}, {few:?}");
    Ok(())
}

/// Rows on which prv-accountant 0.2.0 or Opacus gave errors or impossible answers, by their public
/// reports: δ near rounding, few steps of a few-shot run, ε far above 100.
#[test]
fn rows_that_failed_elsewhere_are_answered() -> Result<(), PrivacyError> {
    for (noise, rate, steps, delta) in [
        (4.0, 0.00033, 10_000, 1.1e-18),
        (4.0, 0.00033, 10_000, 1.13e-18),
        (4.0, 0.00038, 10_000, 1.11e-18),
        (4.0, 0.00038, 10_000, 1.13e-18),
        (1.0, 0.2, 10, 1e-5),
        (1.0, 0.2, 500, 1e-5),
        (0.1, 0.2, 500, 1e-5),
        (0.05, 0.9, 100, 1e-3),
        (0.2, 0.5, 64, 0.0794),
        (0.8, 1e-6, 1_000_000, 1e-7),
    ] {
        let what = format!("σ {noise}, q {rate}, {steps} steps, δ {delta}");
        let (tight, loose) = (
            prv(noise, rate, steps, delta)?,
            rdp(noise, rate, steps, delta)?,
        );
        assert!(tight.lower <= loose.upper, "{what}: {tight:?}, {loose:?}");
        assert!(
            tight.upper - tight.lower <= 5e-3 * tight.upper,
            "{what}: {tight:?}"
        );
        // Upper bounds that overshoot RDP's by much would be no gain.
        assert!(tight.upper <= loose.upper, "{what}: {tight:?}, {loose:?}");
    }
    // A hair's change of δ changes ε by a hair.
    let (a, b) = (
        prv(4.0, 0.00033, 10_000, 1.1e-18)?,
        prv(4.0, 0.00033, 10_000, 1.13e-18)?,
    );
    assert!((a.upper / b.upper - 1.0).abs() < 1e-2, "{a:?}, {b:?}");
    Ok(())
}

#[test]
fn noise_beyond_all_use_is_answered() -> Result<(), PrivacyError> {
    for noise in [1e7, 1e8, 1e100, 1e155, 1e300, f64::MAX] {
        for neighbour in [Neighbour::AddRemove, Neighbour::ReplaceOne] {
            for (rate, steps) in [(0.5, 1), (0.5, 64), (1.0, 64), (1e-9, 1_000)] {
                for accountant in [Accountant::Prv, Accountant::Rdp] {
                    let answer = epsilon_answer(
                        NoiseMultiplier::new(noise)?,
                        SampleRate::new(rate)?,
                        Steps::new(steps)?,
                        Delta::new(1e-9)?,
                        accountant,
                        neighbour,
                    )?;
                    assert!((0.0..0.01).contains(&answer.epsilon), "{noise}: {answer}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn noise_below_all_use_is_an_error_or_a_bound() -> Result<(), PrivacyError> {
    for noise in [f64::MIN_POSITIVE, 1e-200, 1e-100, 1e-9, 1e-3, 0.019] {
        for rate in [1e-6, 0.5, 1.0] {
            for accountant in [Accountant::Prv, Accountant::Rdp] {
                let spent = run(noise, rate, 64)?.epsilon(
                    Delta::new(1e-12)?,
                    accountant,
                    Neighbour::AddRemove,
                );
                match spent {
                    // One step gives the record away: (x − ½)/σ² at x near 1.
                    Ok(spent) => assert!(
                        spent.upper.is_finite() && spent.upper > 0.1 / (noise * noise),
                        "σ {noise}, q {rate}: {spent:?}"
                    ),
                    Err(error) => assert!(error.to_string().contains("\nhint: "), "{error}"),
                }
            }
        }
    }
    Ok(())
}

fn calibrated(
    epsilon: f64,
    delta: f64,
    rate: f64,
    steps: u64,
    accountant: Accountant,
    neighbour: Neighbour,
) -> Result<(NoiseMultiplier, f64), PrivacyError> {
    let found = Calibration {
        epsilon: Epsilon::new(epsilon)?,
        delta: Delta::new(delta)?,
        sample_rate: SampleRate::new(rate)?,
        steps: Steps::new(steps)?,
        accountant,
        neighbour,
    }
    .solve()?;
    // The noise as a shell would hand it over, and every steps' own account of it.
    let printed: f64 = found
        .noise_multiplier
        .to_string()
        .parse()
        .expect("a number");
    let spent = run(printed, rate, steps)?.epsilon(Delta::new(delta)?, accountant, neighbour)?;
    Ok((found.noise_multiplier, spent.upper))
}

#[test]
fn noise_for_tiny_rates_does_not_overspend() -> Result<(), PrivacyError> {
    let (target, delta, rate) = (0.008_505_5, 2.5e-18, 1.55e-9);
    let (noise, spent) = calibrated(
        target,
        delta,
        rate,
        11,
        Accountant::Prv,
        Neighbour::AddRemove,
    )?;
    assert!(spent <= target, "σ {noise}: {spent}");
    // Eleven steps spend more than one, whose ε is exact.
    assert!(prv(noise.get(), rate, 1, delta)?.upper <= target);
    Ok(())
}

#[test]
fn a_target_out_of_reach_says_what_is_reached() -> Result<(), PrivacyError> {
    for (epsilon, needles) in [
        (1e300, ["1e300", "the smallest tried, 0.02 gives epsilon 1"]),
        (
            1e-12,
            ["1e-12", "the largest tried, 1000000 gives epsilon "],
        ),
    ] {
        let error = calibrated(epsilon, 1e-9, 0.5, 1, Accountant::Prv, Neighbour::AddRemove)
            .expect_err("out of reach");
        let text = error.to_string();
        for needle in needles {
            assert!(text.contains(needle), "{text}");
        }
        assert!(text.contains("\nhint: "), "{text}");
    }
    Ok(())
}

/// The pairs of the noise of q = ½, 64 steps, δ = 10^-1.1: independent calculation.
#[test]
fn add_remove_and_replace_one_at_the_same_noise() -> Result<(), PrivacyError> {
    let delta = 10f64.powf(-1.1);
    for (target, replaced) in [(5.0, 14.0), (20.0, 44.1), (80.0, 116.6)] {
        let (noise, spent) = calibrated(
            target,
            delta,
            0.5,
            64,
            Accountant::Prv,
            Neighbour::AddRemove,
        )?;
        assert!(spent <= target && spent > target * (1.0 - 1e-4), "{spent}");
        let answer = epsilon_answer(
            noise,
            SampleRate::new(0.5)?,
            Steps::new(64)?,
            Delta::new(delta)?,
            Accountant::Prv,
            Neighbour::AddRemove,
        )?;
        assert_eq!(answer.epsilon, answer.epsilon_add_remove);
        assert!(
            (answer.epsilon_replace_one - replaced).abs() < 0.06,
            "{answer:?}, expected {replaced}"
        );
        assert!(answer.to_string().contains("under replace_one"), "{answer}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Over the whole accepted range: ordered bounds, and RDP never below PRV's lower one.
    #[test]
        fn accountants_agree_over_the_whole_range(
        ln_noise in 0.02f64.ln()..1e6f64.ln(),
        ln_rate in 1e-12f64.ln()..0.0,
        ln_steps in 0.0..1e8f64.ln(),
        ln_delta in 1e-18f64.ln()..0.5f64.ln(),
        replace in any::<bool>(),
    ) {
        let steps = (ln_steps.exp() as u64).max(1);
        let neighbour = if replace { Neighbour::ReplaceOne } else { Neighbour::AddRemove };
        let delta = Delta::new(ln_delta.exp()).expect("a delta");
        let run = run(ln_noise.exp(), ln_rate.exp(), steps).expect("a run");
        let tight = run.epsilon(delta, Accountant::Prv, neighbour);
        let loose = run.epsilon(delta, Accountant::Rdp, neighbour);
        if let Ok(tight) = &tight {
            prop_assert!(tight.lower >= 0.0 && tight.lower <= tight.estimate, "{tight:?}");
            prop_assert!(tight.estimate <= tight.upper && tight.upper.is_finite(), "{tight:?}");
            if let Ok(loose) = &loose {
                prop_assert!(loose.upper >= tight.lower, "{tight:?}, {loose:?}");
            }
        }
        for error in [tight.err(), loose.err()].into_iter().flatten() {
            prop_assert!(error.to_string().contains("\nhint: "), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// `noise`, then `epsilon` of its answer, never spends more than was asked for.
    #[test]
        fn noise_then_epsilon_stays_within_the_target(
        ln_epsilon in 0.01f64.ln()..300f64.ln(),
        ln_rate in 1e-6f64.ln()..0.0,
        ln_steps in 0.0..1e5f64.ln(),
        ln_delta in 1e-15f64.ln()..0.1f64.ln(),
        replace in any::<bool>(),
        by_rdp in any::<bool>(),
    ) {
        let neighbour = if replace { Neighbour::ReplaceOne } else { Neighbour::AddRemove };
        let accountant = if by_rdp { Accountant::Rdp } else { Accountant::Prv };
        let steps = (ln_steps.exp() as u64).max(1);
        match calibrated(ln_epsilon.exp(), ln_delta.exp(), ln_rate.exp(), steps, accountant, neighbour) {
            Ok((noise, spent)) => prop_assert!(spent <= ln_epsilon.exp(), "σ {noise}: {spent}"),
            Err(error) => prop_assert!(
                matches!(error, PrivacyError::Unreachable { .. } | PrivacyError::Unsupported { .. }),
                "{error}"
            ),
        }
    }
}
