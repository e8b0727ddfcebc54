//! The audit against a mechanism whose ε is known, and against one that is broken.

use privacy::{
    AttackCounts, Composition, Delta, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Steps, TradeOff, clopper_pearson, epsilon_lower_bound,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const RUNS: u64 = 200;
const TRIALS: u64 = 3_000;
const THRESHOLDS: [f64; 7] = [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0];
const CONFIDENCE: f64 = 0.95;

/// A target among 5 records that pull nothing; the score is what T steps released in all.
fn score(step: SampledGaussian, steps: u64, with: bool, rng: &mut ChaCha8Rng) -> f64 {
    let mut released = 0.0;
    for _ in 0..steps {
        let batch = step.draw_batch(5, rng);
        let mut sum = [if with && batch.contains(&0) { 1.0 } else { 0.0 }];
        step.add_noise(&mut sum, 1.0, rng);
        released += sum[0];
    }
    released
}

fn measure(step: SampledGaussian, steps: u64, seed: u64) -> Vec<AttackCounts> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |with| -> Vec<f64> {
        (0..TRIALS)
            .map(|_| score(step, steps, with, &mut rng))
            .collect()
    };
    let (with, without) = (draw(true), draw(false));
    let above = |scores: &[f64], t: f64| scores.iter().filter(|&&s| s > t).count() as u64;
    THRESHOLDS
        .iter()
        .map(|&t| AttackCounts {
            true_positives: above(&with, t),
            positives: TRIALS,
            false_positives: above(&without, t),
            negatives: TRIALS,
        })
        .collect()
}

#[test]
fn the_bound_holds_and_catches_halved_noise() -> Result<(), PrivacyError> {
    let delta = Delta::new(0.05)?;
    for (noise, rate, steps) in [(1.0, 1.0, 1u64), (0.8, 0.5, 2)] {
        let claimed_step =
            SampledGaussian::new(NoiseMultiplier::new(noise)?, SampleRate::new(rate)?);
        let broken_step =
            SampledGaussian::new(NoiseMultiplier::new(noise / 2.0)?, SampleRate::new(rate)?);
        let run = Composition::repeated(claimed_step, Steps::new(steps)?);
        let claimed = run
            .epsilon(delta, privacy::Accountant::Prv, Neighbour::AddRemove)?
            .upper;
        let (mut exceeded, mut caught, mut shown) = (0, 0, 0.0);
        for seed in 0..RUNS {
            let honest =
                epsilon_lower_bound(&measure(claimed_step, steps, seed), delta, CONFIDENCE)?;
            let broken = epsilon_lower_bound(
                &measure(broken_step, steps, 10_000 + seed),
                delta,
                CONFIDENCE,
            )?;
            assert!(honest.epsilon.is_finite() && broken.epsilon.is_finite());
            exceeded += u32::from(honest.epsilon > claimed);
            caught += u32::from(broken.epsilon > claimed);
            shown += honest.epsilon / RUNS as f64;
        }
        println!(
            "noise {noise}, rate {rate}: claimed {claimed:.3}, shown {shown:.3} on average, exceeded {exceeded}, halved noise caught {caught} of {RUNS}"
        );
        // At most 5 % may, by the confidence; Bonferroni leaves far fewer.
        assert!(
            exceeded <= 10,
            "{exceeded} of {RUNS} runs exceed a true claim"
        );
        assert_eq!(caught, 200, "halved noise must be caught every time");
        // A bound that shows nothing would pass the first check by being useless.
        assert!(shown > 0.4 * claimed, "{shown} of {claimed}");
    }
    Ok(())
}

#[test]
fn measured_rates_stay_under_the_trade_off() -> Result<(), PrivacyError> {
    let step = SampledGaussian::new(NoiseMultiplier::new(0.8)?, SampleRate::new(0.5)?);
    let bound = TradeOff::new(
        &Composition::repeated(step, Steps::new(2)?),
        Neighbour::AddRemove,
    )?;
    let mut nearest = f64::INFINITY;
    for c in measure(step, 2, 77) {
        let (tpr, fpr) = (
            clopper_pearson(c.true_positives, c.positives, 0.9999)?,
            clopper_pearson(c.false_positives, c.negatives, 0.9999)?,
        );
        assert!(tpr.0 <= bound.tpr_bound(fpr.1), "{c:?}");
        nearest = nearest.min(bound.tpr_bound(fpr.1) - tpr.0);
    }
    // The sum is nearly the best statistic, so the bound is nearly reached.
    assert!(nearest < 0.1, "{nearest}");
    Ok(())
}

#[test]
fn intervals_match_known_values() -> Result<(), PrivacyError> {
    // scipy.stats.beta: 3 of 50 at 95 %.
    let (low, high) = clopper_pearson(3, 50, 0.95)?;
    assert!((low - 0.012_548_6).abs() < 1e-6, "{low}");
    assert!((high - 0.165_481_9).abs() < 1e-6, "{high}");
    let (low, high) = clopper_pearson(0, 100, 0.95)?;
    assert_eq!(low, 0.0);
    assert!((high - (1.0 - 0.025f64.powf(0.01))).abs() < 1e-9, "{high}");
    Ok(())
}

#[test]
fn contradictory_counts_are_refused() -> Result<(), PrivacyError> {
    let delta = Delta::new(1e-5)?;
    let counts = AttackCounts {
        true_positives: 11,
        positives: 10,
        false_positives: 0,
        negatives: 10,
    };
    assert!(epsilon_lower_bound(&[counts], delta, 0.95).is_err());
    assert!(epsilon_lower_bound(&[], delta, 0.95).is_err());
    assert!(clopper_pearson(0, 0, 0.95).is_err());
    assert!(clopper_pearson(1, 2, 1.0).is_err());
    Ok(())
}
