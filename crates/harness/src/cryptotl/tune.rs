//! One cell: repetitions on other examples, the encrypted path beside the plain one, membership.

use config::experiment::{CryptoTl, DpSgd, FineTuning, Privacy};
use cryptotl::{BinaryReport, DpFineTune, FineTune, LogisticRegression, UpperNetwork};
use privacy::{
    Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, SampleRate,
    SampledGaussian, Steps,
};

use super::Tuned;
use super::lower::{Bench, select};
use super::membership;
use crate::context::Context;
use crate::error::HarnessError;

/// Inverse strength of the baseline's L2 penalty.
const BASELINE_C: f32 = 10.0;
/// Learning rate of private fine-tuning.
const DP_LEARNING_RATE: f32 = 0.1;

/// Measures one training-set size under one kind of fine-tuning.
pub fn cell(
    context: &Context,
    bench: &Bench,
    wanted: &CryptoTl,
    size: usize,
    tuning: &FineTuning,
) -> Result<Tuned, HarnessError> {
    let mut tuned = Tuned::default();
    let recipe = recipe(wanted, size, tuning, &mut tuned)?;
    let step = context
        .progress
        .step("fine-tuning", (wanted.folds + wanted.victims) as u64);
    let test = select(&bench.features, &bench.test)?;
    let mut last = None;
    for fold in 0..wanted.folds {
        let rows = bench.draw(size, fold);
        let key = bench
            .root
            .child("fine-tuning")
            .child(&format!("{size} {fold}"));
        let network = recipe
            .run(None, &select(&bench.features, &rows)?, &key)?
            .upper;
        let answers = classes(&network, &test)?;
        let report = BinaryReport::new(test.labels(), &answers, &key.child("intervals"))?;
        tuned.accuracy.push(report.accuracy);
        tuned.f1 += report.f1 / wanted.folds as f64;
        tuned.kappa += report.kappa / wanted.folds as f64;
        let plain = LogisticRegression::fit(&bench.target, &rows, BASELINE_C)?;
        let right = bench
            .test
            .iter()
            .filter(|&&row| plain.classify(bench.target.row(row)) == bench.target.labels()[row]);
        tuned
            .baseline
            .push(right.count() as f64 / bench.test.len() as f64);
        last = Some(network);
        step.at(fold as u64 + 1, "");
    }
    if let (Some(network), true) = (&last, wanted.encrypted > 0) {
        tuned.label_agreement = Some(agreement(bench, wanted, network)?);
    }
    if wanted.victims > 0 {
        let scores = membership::scores(bench, wanted, &recipe, size, |done| {
            step.at((wanted.folds + done) as u64, "victims");
        })?;
        (tuned.members, tuned.others) = scores;
    }
    Ok(tuned)
}

fn classes(network: &UpperNetwork, set: &datasets::FeatureSet) -> Result<Vec<u32>, HarnessError> {
    let logits = network.logits(set)?;
    Ok(logits
        .into_iter()
        .map(|logit| u32::from(logit > 0.0))
        .collect())
}

/// Share of encrypted test texts whose label is the same from decrypted features as in the clear.
fn agreement(
    bench: &Bench,
    wanted: &CryptoTl,
    network: &UpperNetwork,
) -> Result<f64, HarnessError> {
    let decrypted = bench.decrypted(wanted)?;
    let mut same = 0;
    for (&row, features) in bench.test.iter().zip(decrypted) {
        let plain = network.classify(bench.features.row(row))?;
        same += usize::from(network.classify(features)? == plain);
    }
    Ok(same as f64 / decrypted.len() as f64)
}

/// How the upper network is tuned; DP-SGD's spending goes to `tuned`.
fn recipe(
    wanted: &CryptoTl,
    size: usize,
    tuning: &FineTuning,
    tuned: &mut Tuned,
) -> Result<FineTune, HarnessError> {
    let plain = FineTune {
        epochs: wanted.epochs,
        ..FineTune::default()
    };
    let FineTuning::DpSgd(dp) = tuning else {
        return Ok(plain);
    };
    let private = private(wanted, size, dp, tuned)?;
    Ok(FineTune {
        dp: Some(private),
        ..plain
    })
}

fn private(
    wanted: &CryptoTl,
    size: usize,
    dp: &DpSgd,
    tuned: &mut Tuned,
) -> Result<DpFineTune, HarnessError> {
    let rate = dp.sampling.rate();
    let steps = dp.sampling.steps(dp.epochs.unwrap_or(wanted.epochs));
    let delta = dp.delta.value(size);
    let accountant = dp.accountant;
    let (sample_rate, count) = (SampleRate::new(rate)?, Steps::new(steps as u64)?);
    let noise = match dp.privacy() {
        Privacy::NoiseMultiplier(noise) => NoiseMultiplier::new(noise)?,
        Privacy::Epsilon(epsilon) => {
            Calibration {
                epsilon: Epsilon::new(epsilon)?,
                delta: Delta::new(delta)?,
                sample_rate,
                steps: count,
                accountant,
                neighbour: Neighbour::AddRemove,
            }
            .solve()?
            .noise_multiplier
        }
    };
    let run = Composition::repeated(SampledGaussian::new(noise, sample_rate), count);
    let spent = run.epsilon(Delta::new(delta)?, accountant, Neighbour::AddRemove)?;
    let clip = dp.clip.unwrap_or(DpSgd::CLIP_FINE_TUNING);
    tuned.epsilon = Some(spent.upper);
    tuned.delta = Some(delta);
    tuned.noise_multiplier = Some(noise.get());
    tuned.clip = Some(clip);
    Ok(DpFineTune {
        clip: clip as f32,
        noise_multiplier: noise.get() as f32,
        sample_rate: rate,
        steps,
        learning_rate: dp
            .learning_rate
            .map_or(DP_LEARNING_RATE, |rate| rate as f32),
    })
}
