//! A regression gate: a run against a saved baseline, with intervals and a noise threshold.

use std::collections::HashMap;

use serde::Serialize;

use crate::rows::ResultRow;

/// By how much a measure may get worse before it counts, whatever the intervals say.
///
/// A change counts as a regression only if the whole interval of the difference lies beyond this:
/// neither noise in the estimate nor a true change too small to matter raises it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Fall of an attack's TPR at 1 % FPR on undefended heads.
    pub attack: f64,
    /// Rise of an attack's TPR at 1 % FPR on defended heads.
    pub defence: f64,
    /// Fall of accuracy.
    pub accuracy: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            attack: 0.02,
            defence: 0.01,
            accuracy: 0.01,
        }
    }
}

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// TPR at 1 % FPR against undefended heads, which must not fall.
    AttackSuccess,
    /// TPR at 1 % FPR against defended heads, which must not rise.
    DefenceLeak,
    /// Accuracy, which must not fall.
    Accuracy,
    /// The cell as a whole.
    Cell,
}

/// What the comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Worse beyond interval and threshold.
    Regressed,
    /// Better beyond interval and threshold.
    Improved,
    /// Neither.
    Unchanged,
    /// The baseline has it, the run does not.
    Missing,
    /// The run's cell failed, the baseline's did not.
    Failed,
    /// The run has it, the baseline does not.
    New,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which cell, in words.
    pub cell: String,
    /// What was compared.
    pub measure: Measure,
    /// What came out.
    pub verdict: Verdict,
    /// The baseline's value.
    pub baseline: Option<f64>,
    /// The run's value.
    pub current: Option<f64>,
    /// Interval of the difference, current less baseline.
    pub difference: Option<(f64, f64)>,
    /// The threshold it was held against.
    pub threshold: f64,
    /// The cell's error, where it failed.
    pub error: String,
}

impl Finding {
    /// Whether the gate must stay shut.
    pub fn fails(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Regressed | Verdict::Missing | Verdict::Failed
        )
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.measure {
            Measure::AttackSuccess => "attack success (TPR at 1 % FPR)",
            Measure::DefenceLeak => "leak through the defence (TPR at 1 % FPR)",
            Measure::Accuracy => "accuracy",
            Measure::Cell => "cell",
        };
        let verdict = match self.verdict {
            Verdict::Regressed => "regressed",
            Verdict::Improved => "improved",
            Verdict::Unchanged => "unchanged",
            Verdict::Missing => "missing",
            Verdict::Failed => "failed",
            Verdict::New => "new",
        };
        write!(f, "{}: {what} {verdict}", self.cell)?;
        if let (Some(before), Some(now)) = (self.baseline, self.current) {
            write!(f, ", {:.1} % to {:.1} %", 100.0 * before, 100.0 * now)?;
        }
        if let Some((lo, hi)) = self.difference {
            let threshold = 100.0 * self.threshold;
            write!(
                f,
                " (difference {:+.1} to {:+.1} points, threshold {threshold:.1})",
                100.0 * lo,
                100.0 * hi
            )?;
        }
        if !self.error.is_empty() {
            write!(f, ": {}", self.error)?;
        }
        Ok(())
    }
}

/// Compares cell by cell, in the baseline's order, then what is new.
///
/// Cells are matched by what was asked for (dataset, head, shots, defence, ε, attack and so on), not
/// by seed or commit. The interval of a difference is Newcombe's (1998): each side's distances to its
/// interval's ends, added in squares; a value without interval counts as exact.
pub fn compare(baseline: &[ResultRow], current: &[ResultRow], gate: &Gate) -> Vec<Finding> {
    let mut by_key: HashMap<String, Vec<&ResultRow>> = HashMap::new();
    for row in current.iter().rev() {
        by_key.entry(key(row)).or_default().push(row);
    }
    let mut findings = Vec::new();
    for before in baseline {
        // Cells alike in every respect are matched in their order.
        let now = by_key.get_mut(&key(before)).and_then(Vec::pop);
        compare_cell(before, now, gate, &mut findings);
    }
    for row in current {
        let left = by_key
            .get(&key(row))
            .is_some_and(|rows| rows.iter().any(|r| std::ptr::eq(*r, row)));
        if left {
            findings.push(whole_cell(row, Verdict::New));
        }
    }
    findings
}

fn compare_cell(
    before: &ResultRow,
    now: Option<&ResultRow>,
    gate: &Gate,
    findings: &mut Vec<Finding>,
) {
    let Some(now) = now else {
        findings.push(whole_cell(before, Verdict::Missing));
        return;
    };
    if before.failed() {
        let verdict = if now.failed() {
            Verdict::Unchanged
        } else {
            Verdict::Improved
        };
        findings.push(whole_cell(now, verdict));
        return;
    }
    if now.failed() {
        findings.push(whole_cell(now, Verdict::Failed));
        return;
    }
    let accuracy = |row: &ResultRow| (row.accuracy, row.accuracy_lo, row.accuracy_hi);
    let rate = |row: &ResultRow| {
        (
            row.tpr_at_fpr_1pct,
            row.tpr_at_fpr_1pct_lo,
            row.tpr_at_fpr_1pct_hi,
        )
    };
    let (measure, sign, threshold) = if before.defence == "none" {
        (Measure::AttackSuccess, 1.0, gate.attack)
    } else {
        (Measure::DefenceLeak, -1.0, gate.defence)
    };
    let held = [
        (measure, sign, threshold, rate(before), rate(now)),
        (
            Measure::Accuracy,
            1.0,
            gate.accuracy,
            accuracy(before),
            accuracy(now),
        ),
    ];
    for (measure, sign, threshold, before_value, now_value) in held {
        let Some(baseline) = before_value.0 else {
            continue;
        };
        let mut finding = Finding {
            measure,
            baseline: Some(baseline),
            current: now_value.0,
            threshold,
            ..whole_cell(now, Verdict::Missing)
        };
        if let Some(value) = now_value.0 {
            let (lo, hi) = difference(
                (baseline, before_value.1, before_value.2),
                (value, now_value.1, now_value.2),
            );
            // Turned so that up is better.
            let (worst, best) = if sign > 0.0 { (lo, hi) } else { (-hi, -lo) };
            finding.difference = Some((lo, hi));
            finding.verdict = if best < -threshold {
                Verdict::Regressed
            } else if worst > threshold {
                Verdict::Improved
            } else {
                Verdict::Unchanged
            };
        }
        findings.push(finding);
    }
}

type Ends = (f64, Option<f64>, Option<f64>);

fn difference(before: Ends, now: Ends) -> (f64, f64) {
    let below = |(value, lo, _): Ends| value - lo.unwrap_or(value);
    let above = |(value, _, hi): Ends| hi.unwrap_or(value) - value;
    let middle = now.0 - before.0;
    (
        middle - below(now).hypot(above(before)),
        middle + above(now).hypot(below(before)),
    )
}

fn whole_cell(row: &ResultRow, verdict: Verdict) -> Finding {
    Finding {
        cell: name(row),
        measure: Measure::Cell,
        verdict,
        baseline: None,
        current: None,
        difference: None,
        threshold: 0.0,
        error: row.error.clone(),
    }
}

/// What was asked for. ε is rounded, because an accountant may find its last digits otherwise; noise
/// and clipping norm name the cell only where ε does not.
fn key(row: &ResultRow) -> String {
    let defence = match (row.epsilon, row.noise_multiplier) {
        (Some(epsilon), _) => format!("epsilon {epsilon:.3e}"),
        (None, Some(noise)) => format!("noise {noise:.3e}"),
        (None, None) => String::new(),
    };
    let clip = if row.tuned.is_empty() { row.clip } else { None };
    format!(
        "{}|{}|{}|{}|{}|{}|{defence}|{clip:?}|{}|{}|{}|{:?}",
        row.experiment,
        row.dataset,
        row.backbone,
        row.head,
        row.shots,
        row.defence,
        row.release,
        row.attack,
        row.null,
        row.queries
    )
}

fn name(row: &ResultRow) -> String {
    let epsilon = row
        .epsilon
        .map(|e| format!("epsilon {}", crate::figures::number(e)));
    let queries = row.queries.map(|q| format!("{q} queries"));
    let shots = format!("{} shots", row.shots);
    let parts = [
        Some(row.experiment.as_str()),
        Some(row.dataset.as_str()),
        Some(row.head.as_str()),
        Some(shots.as_str()),
        Some(row.defence.as_str()),
        epsilon.as_deref(),
        Some(row.release.as_str()),
        Some(row.attack.as_str()),
        Some(row.null.as_str()),
        queries.as_deref(),
    ];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests;
