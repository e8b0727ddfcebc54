//! `audit.json`.

use serde::Serialize;
use spec::DefenceKind;

use super::page::Parts;
use super::threat;
use super::verdict::{ERROR_RATE, Verdict, stands_out};
use crate::heads::given::{Agreement, Confidence, Fit, Record, Share};
use crate::provenance::COMMIT;

/// Version of the file's form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    experiment: &'a str,
    head: &'a str,
    commit: &'a str,
    seed: u64,
    shots: usize,
    verdict: &'a Verdict,
    error_rate: f64,
    tau: f64,
    null_heads: usize,
    fit: &'a Fit,
    share: Option<Share>,
    agreement: Option<Agreement>,
    records: Vec<OfRecord>,
    targets: Vec<OfTarget>,
    like_it: Vec<OfHeads<'a>>,
    threat: Vec<(String, String)>,
}

#[derive(Serialize)]
struct OfRecord {
    rank: usize,
    record: usize,
    class: usize,
    error: f64,
    error_null: f64,
    p: f64,
    p_adjusted: f64,
    read_back: bool,
    within_tau: bool,
    membership: f64,
    membership_p: f64,
    membership_p_adjusted: f64,
    recognised: bool,
}

#[derive(Serialize)]
struct OfTarget {
    class: Option<usize>,
    confidence: Option<Confidence>,
}

#[derive(Serialize)]
struct OfHeads<'a> {
    defence: &'a str,
    epsilon: Option<f64>,
    attack: &'a str,
    tpr_at_fpr_1pct: Option<f64>,
    tpr_at_fpr_1pct_lo: Option<f64>,
    tpr_at_fpr_1pct_hi: Option<f64>,
    accuracy: Option<f64>,
    victims: Option<u64>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
}

/// The file.
pub fn json(parts: &Parts<'_>) -> Vec<u8> {
    let finding = parts.finding;
    let record = |(at, it): (usize, &Record)| OfRecord {
        rank: at + 1,
        record: it.index,
        class: it.class,
        error: it.error,
        error_null: it.error_null,
        p: it.p,
        p_adjusted: it.adjusted,
        read_back: stands_out(it.adjusted),
        within_tau: it.error <= finding.tau,
        membership: it.membership,
        membership_p: it.membership_p,
        membership_p_adjusted: it.membership_adjusted,
        recognised: stands_out(it.membership_adjusted),
    };
    let rows = parts.rows.iter();
    let file = File {
        version: VERSION,
        experiment: &parts.experiment.name,
        head: parts.head,
        commit: COMMIT,
        seed: parts.experiment.seed,
        shots: parts.audit.shots,
        verdict: parts.verdict,
        error_rate: ERROR_RATE,
        tau: finding.tau,
        null_heads: finding.null_heads,
        fit: &finding.fit,
        share: finding.share,
        agreement: finding.agreement,
        records: finding.records.iter().enumerate().map(record).collect(),
        targets: finding
            .targets
            .iter()
            .map(|it| OfTarget {
                class: it.class,
                confidence: it.confidence,
            })
            .collect(),
        like_it: rows
            .map(|row| OfHeads {
                defence: &row.defence,
                epsilon: row.epsilon.filter(|_| row.defence == DefenceKind::DpSgd),
                attack: &row.attack,
                tpr_at_fpr_1pct: row.tpr_at_fpr_1pct,
                tpr_at_fpr_1pct_lo: row.tpr_at_fpr_1pct_lo,
                tpr_at_fpr_1pct_hi: row.tpr_at_fpr_1pct_hi,
                accuracy: row.accuracy,
                victims: row.victims,
                error: &row.error,
            })
            .collect(),
        threat: threat::model(parts.experiment, parts.audit),
    };
    let mut bytes = serde_json::to_vec_pretty(&file).expect("an audit has a JSON form");
    bytes.push(b'\n');
    bytes
}
