//! From what a cell measured to its row.

use config::experiment::{CryptoTl, Embedding, Experiment, FineTuning};
use datasets::StreamKey;
use evaluation::{Bootstrap, RocReport, Scores, mean_interval, roc};
use report::ResultRow;
use spec::{AttackKind, DefenceKind, Null, Release};

use super::outcome::{BothWays, TextOutcome};
use crate::error::HarnessError;
use crate::provenance::COMMIT;
use crate::rows::Measured;
use crate::stages::StageKey;

/// What a cell is, before anything is measured.
pub fn described(
    experiment: &Experiment,
    wanted: &CryptoTl,
    size: usize,
    tuning: &FineTuning,
) -> ResultRow {
    let width = match wanted.embedding() {
        Embedding::Hashing { width } => format!("hashing({width})"),
        Embedding::Precomputed => "embeddings".into(),
    };
    let attacked = (wanted.victims > 0).then_some((AttackKind::Membership, Null::Independent));
    ResultRow {
        experiment: experiment.name.clone(),
        dataset: wanted.target.describe().name.into(),
        backbone: format!("cryptotl on {width}"),
        head: "dense-relu-pool-dense".into(),
        shots: size as u64 / 2,
        n: size as u64,
        defence: match tuning {
            FineTuning::None => DefenceKind::None,
            FineTuning::DpSgd(_) => DefenceKind::DpSgd,
        }
        .to_string(),
        release: Release::Weights.to_string(),
        attack: attacked.map_or_else(String::new, |(attack, _)| attack.to_string()),
        null: attacked.map_or_else(String::new, |(_, null)| null.to_string()),
        seed: experiment.seed,
        commit: COMMIT.into(),
        ..ResultRow::default()
    }
}

/// What the same task under RHE is.
pub fn described_encrypted(experiment: &Experiment, wanted: &CryptoTl, shots: usize) -> ResultRow {
    ResultRow {
        backbone: "plain embeddings".into(),
        head: "linear".into(),
        defence: DefenceKind::Rhe.to_string(),
        release: Release::Ciphertexts.to_string(),
        attack: AttackKind::Membership.to_string(),
        null: Null::Independent.to_string(),
        config_hash: "both-ways".into(),
        ..described(experiment, wanted, 2 * shots, &FineTuning::None)
    }
}

/// Statistics of the same task under RHE.
pub fn measured_encrypted(
    mut row: ResultRow,
    both: &BothWays,
    seed: u64,
) -> Result<Measured, HarnessError> {
    let (members, others) = (&both.membership.members, &both.membership.others);
    let scores = Scores::new(members.clone(), others.clone())?;
    row.label_agreement = Some(both.label_agreement);
    accuracy(&mut row, &both.accuracy)?;
    let key = StreamKey::from_seed(seed)
        .child("bootstrap")
        .child("both ways");
    let report = roc(&scores, &Bootstrap::new(*key.bytes()))?;
    rates(&mut row, &report);
    Ok(Measured {
        row,
        roc: Some(report),
        classes: Vec::new(),
        trade_off: None,
        outcome: None,
    })
}

/// Statistics of a measured cell.
pub fn measured(
    mut row: ResultRow,
    tuned: TextOutcome,
    key: &StageKey,
    seed: u64,
) -> Result<Measured, HarnessError> {
    row.config_hash = key.hash()[..12].into();
    accuracy(&mut row, &tuned.accuracy)?;
    row.epsilon = tuned.spending.map(|spent| spent.epsilon);
    row.epsilon_replace_one = tuned.spending.map(|spent| spent.epsilon_replace_one);
    row.delta = tuned.spending.map(|spent| spent.delta);
    row.noise_multiplier = tuned.spending.map(|spent| spent.noise_multiplier);
    row.clip = tuned.spending.map(|spent| spent.clip);
    row.label_agreement = tuned.label_agreement;
    row.f1 = Some(tuned.f1);
    row.kappa = Some(tuned.kappa);
    row.baseline_accuracy =
        Some(tuned.baseline.iter().sum::<f64>() / tuned.baseline.len().max(1) as f64);
    let mut curve = None;
    if let Some(membership) = tuned.membership {
        let scores = Scores::new(membership.members, membership.others)?;
        let key = StreamKey::from_seed(seed)
            .child("bootstrap")
            .child(&row.config_hash);
        let report = roc(&scores, &Bootstrap::new(*key.bytes()))?;
        rates(&mut row, &report);
        curve = Some(report);
    }
    Ok(Measured {
        row,
        roc: curve,
        classes: Vec::new(),
        trade_off: None,
        outcome: None,
    })
}

/// An attack's rates, where the null is large enough for them.
fn rates(row: &mut ResultRow, report: &RocReport) {
    row.victims = Some(report.victims as u64);
    row.null_scores = Some(report.null_scores as u64);
    if report.resolves(0.01) {
        row.tpr_at_fpr_1pct = Some(report.tpr_at_1pct.value);
        row.tpr_at_fpr_1pct_lo = Some(report.tpr_at_1pct.lo);
        row.tpr_at_fpr_1pct_hi = Some(report.tpr_at_1pct.hi);
        row.fpr_realised = Some(report.tpr_at_1pct.fpr_realised);
    }
    row.tpr_at_fpr_10pct = report.resolves(0.1).then_some(report.tpr_at_10pct.value);
    row.auc = Some(report.auc.value);
    row.auc_lo = Some(report.auc.lo);
    row.auc_hi = Some(report.auc.hi);
}

/// Mean accuracy over repetitions, with its interval where there are several.
fn accuracy(row: &mut ResultRow, accuracies: &[f64]) -> Result<(), HarnessError> {
    let interval = mean_interval(accuracies, 0.95)?;
    row.accuracy = Some(interval.value);
    if accuracies.len() > 1 {
        row.accuracy_lo = Some(interval.lo.max(0.0));
        row.accuracy_hi = Some(interval.hi.min(1.0));
    }
    Ok(())
}

/// The row of a cell that failed.
pub fn failed(mut row: ResultRow, error: &str) -> Measured {
    row.error = error.replace('\n', "; ");
    Measured {
        row,
        roc: None,
        classes: Vec::new(),
        trade_off: None,
        outcome: None,
    }
}
