//! One cell: repetitions on other examples, the encrypted path beside the plain one, membership.

use config::experiment::{CryptoTl, DpSgd, FineTuning, Privacy};
use cryptotl::{BinaryReport, DpFineTune, FineTune, LogisticRegression, UpperNetwork};
use privacy::{
    Accountant, Calibration, Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, SampleRate,
    SampledGaussian, Steps,
};

use super::grid::TextGrid;
use super::membership;
use super::outcome::{Spending, TextOutcome};
use super::tasks::{Tasks, select};
use crate::error::HarnessError;

/// Inverse strength of the baseline's L2 penalty.
const BASELINE_C: f32 = 10.0;
/// Learning rate of private fine-tuning.
const DP_LEARNING_RATE: f32 = 0.1;

/// Measures one training-set size under one kind of fine-tuning.
pub fn cell(
    grid: &TextGrid<'_>,
    tasks: &Tasks,
    size: usize,
    tuning: &FineTuning,
) -> Result<TextOutcome, HarnessError> {
    let wanted = grid.wanted;
    let (recipe, spending) = recipe(wanted, size, tuning)?;
    let mut outcome = TextOutcome {
        accuracy: Vec::new(),
        baseline: Vec::new(),
        f1: 0.0,
        kappa: 0.0,
        label_agreement: None,
        spending,
        membership: None,
    };
    let progress = &grid.context.progress;
    let step = progress.step("fine-tuning", (wanted.folds + wanted.victims) as u64);
    let test = select(&tasks.features, &tasks.test)?;
    let mut last = None;
    for fold in 0..wanted.folds {
        let rows = tasks.draw(size, fold);
        let key = tasks
            .root
            .child("fine-tuning")
            .child(&format!("{size} {fold}"));
        let network = recipe
            .run(None, &select(&tasks.features, &rows)?, &key)?
            .upper;
        let answers = classes(&network, &test)?;
        let report = BinaryReport::new(test.labels(), &answers, &key.child("intervals"))?;
        outcome.accuracy.push(report.accuracy);
        outcome.f1 += report.f1 / wanted.folds as f64;
        outcome.kappa += report.kappa / wanted.folds as f64;
        let plain = LogisticRegression::fit(&tasks.target, &rows, BASELINE_C)?;
        let right = tasks
            .test
            .iter()
            .filter(|&&row| plain.classify(tasks.target.row(row)) == tasks.target.labels()[row]);
        outcome
            .baseline
            .push(right.count() as f64 / tasks.test.len() as f64);
        last = Some(network);
        step.at(fold as u64 + 1, "");
    }
    if let (Some(network), true) = (&last, wanted.encrypted > 0) {
        outcome.label_agreement = Some(agreement(tasks, wanted, network)?);
    }
    if wanted.victims > 0 {
        let scores = membership::scores(tasks, wanted, &recipe, size, |done| {
            step.at((wanted.folds + done) as u64, "victims");
        })?;
        outcome.membership = Some(scores);
    }
    Ok(outcome)
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
    tasks: &Tasks,
    wanted: &CryptoTl,
    network: &UpperNetwork,
) -> Result<f64, HarnessError> {
    let decrypted = tasks.decrypted(wanted)?;
    let mut same = 0;
    for (&row, features) in tasks.test.iter().zip(decrypted) {
        let plain = network.classify(tasks.features.row(row))?;
        same += usize::from(network.classify(features)? == plain);
    }
    Ok(same as f64 / decrypted.len() as f64)
}

/// How the upper network is tuned, and what DP-SGD spends.
fn recipe(
    wanted: &CryptoTl,
    size: usize,
    tuning: &FineTuning,
) -> Result<(FineTune, Option<Spending>), HarnessError> {
    let plain = FineTune {
        epochs: wanted.epochs,
        ..FineTune::default()
    };
    let FineTuning::DpSgd(dp) = tuning else {
        return Ok((plain, None));
    };
    let (private, spending) = private(wanted, size, dp)?;
    let private = FineTune {
        dp: Some(private),
        ..plain
    };
    Ok((private, Some(spending)))
}

fn private(
    wanted: &CryptoTl,
    size: usize,
    dp: &DpSgd,
) -> Result<(DpFineTune, Spending), HarnessError> {
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
    let spent = |neighbour, accountant| run.epsilon(Delta::new(delta)?, accountant, neighbour);
    let clip = dp.clip.unwrap_or(DpSgd::CLIP_FINE_TUNING);
    let spending = Spending {
        epsilon: spent(Neighbour::AddRemove, accountant)?.upper,
        epsilon_replace_one: spent(Neighbour::ReplaceOne, Accountant::Prv)?.upper,
        delta,
        noise_multiplier: noise.get(),
        clip,
    };
    let recipe = DpFineTune {
        clip: clip as f32,
        noise_multiplier: noise.get() as f32,
        sample_rate: rate,
        steps,
        learning_rate: dp
            .learning_rate
            .map_or(DP_LEARNING_RATE, |rate| rate as f32),
    };
    Ok((recipe, spending))
}
