//! One cell against its baseline.

use super::Gate;
use super::finding::{Finding, Measure, Verdict};
use crate::phrases::given;
use crate::rows::ResultRow;
use crate::words::Given;
use spec::DefenceKind;

/// A value with the ends of its interval; a value without interval counts as exact.
pub(crate) type Ends = (f64, Option<f64>, Option<f64>);

/// An attack's true positive rate at 1 % false positives.
pub(crate) fn rate(row: &ResultRow) -> Option<Ends> {
    let (lo, hi) = (row.tpr_at_fpr_1pct_lo, row.tpr_at_fpr_1pct_hi);
    row.tpr_at_fpr_1pct.map(|value| (value, lo, hi))
}

fn area(row: &ResultRow) -> Option<Ends> {
    row.auc.map(|value| (value, row.auc_lo, row.auc_hi))
}

/// The heads' accuracy.
pub(crate) fn accuracy(row: &ResultRow) -> Option<Ends> {
    let (lo, hi) = (row.accuracy_lo, row.accuracy_hi);
    row.accuracy.map(|value| (value, lo, hi))
}

/// Judges a cell of the baseline by the run's; `None` where the run lacks it.
pub(super) fn cell(
    before: &ResultRow,
    now: Option<&ResultRow>,
    gate: &Gate,
    findings: &mut Vec<Finding>,
) {
    let whole = |row, verdict| Finding::of_cell(row, verdict);
    let Some(now) = now else {
        return findings.push(whole(before, Verdict::Missing));
    };
    let first = findings.len();
    match (before.failed(), now.failed()) {
        (true, true) => findings.push(whole(now, Verdict::Unchanged)),
        (true, false) => findings.push(whole(now, Verdict::Improved)),
        // Named as the baseline names it: a failed row may not know its strength.
        (false, true) => findings.push(Finding {
            error: now.error.clone(),
            ..whole(before, Verdict::Failed)
        }),
        (false, false) => {
            let held: Vec<Finding> = [success(before, now, gate), kept_accuracy(before, now, gate)]
                .into_iter()
                .flatten()
                .collect();
            if held.is_empty() {
                findings.push(whole(now, Verdict::Unchanged));
            }
            findings.extend(held);
        }
    }
    let same = before.tuned == now.tuned && before.sampling == now.sampling;
    if !same && !before.failed() && !now.failed() {
        let chosen = choice(before).zip(choice(now));
        let own = &mut findings[first..];
        own.iter_mut().for_each(|it| it.chosen.clone_from(&chosen));
    }
}

/// What a search chose, the sampling included, which is a column of its own.
fn choice(row: &ResultRow) -> Option<String> {
    let sampling = Some(row.sampling.as_str()).filter(|it| !it.is_empty());
    let sampling = sampling.map_or_else(String::new, |it| format!(", {it} batches"));
    Some(&row.tuned)
        .filter(|tuned| !tuned.is_empty())
        .map(|tuned| format!("`{tuned}{sampling}`"))
}

/// The attack's success: its rate at 1 % false positives, or its AUC where the null is too small to
/// resolve that rate.
fn success(before: &ResultRow, now: &ResultRow, gate: &Gate) -> Option<Finding> {
    type Statistic = fn(&ResultRow) -> Option<Ends>;
    let (statistic, of): (_, Statistic) = match rate(before) {
        Some(_) => ("TPR at 1 % FPR", rate),
        None => ("AUC", area),
    };
    // A control must go on succeeding, as the attack on an undefended head must.
    let control = given(before) == Given::Key;
    let (measure, sign, threshold) = if before.defence == DefenceKind::None || control {
        (Measure::AttackSuccess, 1.0, gate.attack)
    } else {
        (Measure::DefenceLeak, -1.0, gate.defence)
    };
    let finding = Finding {
        measure,
        statistic,
        threshold,
        ..Finding::of_cell(now, Verdict::Missing)
    };
    Some(held(finding, of(before)?, of(now), sign))
}

/// The accuracy, held only against one of the same seed: another seed pre-trains another network, whose
/// heads are worse or better by points (at one shot 66.5 % with the quickstart's seed, 52 to 64 % with
/// seventeen of twenty others), and the interval knows the victims alone.
fn kept_accuracy(before: &ResultRow, now: &ResultRow, gate: &Gate) -> Option<Finding> {
    let finding = Finding {
        measure: Measure::Accuracy,
        threshold: gate.accuracy,
        ..Finding::of_cell(now, Verdict::Missing)
    };
    let held = held(finding, accuracy(before)?, accuracy(now), 1.0);
    if before.seed == now.seed || held.current.is_none() {
        return Some(held);
    }
    Some(Finding {
        verdict: Verdict::OtherSeed,
        ..held
    })
}

/// Fills in what a difference says; `sign` is positive where up is better.
fn held(finding: Finding, before: Ends, now: Option<Ends>, sign: f64) -> Finding {
    let baseline = Some(before.0);
    let Some(now) = now else {
        return Finding {
            baseline,
            ..finding
        };
    };
    let (lo, hi) = difference(before, now);
    let (worst, best) = if sign > 0.0 { (lo, hi) } else { (-hi, -lo) };
    let verdict = if best < -finding.threshold {
        Verdict::Regressed
    } else if worst > finding.threshold {
        Verdict::Improved
    } else {
        Verdict::Unchanged
    };
    Finding {
        verdict,
        baseline,
        current: Some(now.0),
        difference: Some((lo, hi)),
        ..finding
    }
}

/// The interval of a difference, after Newcombe (1998): each side's distances to its interval's
/// ends, added in squares.
pub(crate) fn difference(before: Ends, now: Ends) -> (f64, f64) {
    let below = |(value, lo, _): Ends| value - lo.unwrap_or(value);
    let above = |(value, _, hi): Ends| hi.unwrap_or(value) - value;
    let middle = now.0 - before.0;
    (
        middle - below(now).hypot(above(before)),
        middle + above(now).hypot(below(before)),
    )
}
