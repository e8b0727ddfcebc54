//! A regression gate: a run against a saved baseline, with intervals and a noise threshold.

mod cells;
mod finding;
mod judge;
mod junit;
mod render;

pub use finding::{Finding, Measure, Verdict};
pub use render::Format;

pub(crate) use cells::{Pairs, cell_name, pairs};
pub(crate) use judge::{Ends, accuracy, difference, rate};

use std::path::Path;

use crate::error::ReportError;
use crate::rows::ResultRow;
use crate::table::Table;

/// By how much a measure may get worse before it counts, whatever the intervals say.
///
/// A change counts as a regression only if the whole interval of the difference lies beyond this:
/// neither noise in the estimate nor a true change too small to matter raises it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Fall of an attack's success on undefended heads.
    pub attack: f64,
    /// Rise of an attack's success on defended heads.
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

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Every comparison: in the baseline's order, then what is new.
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// Whether the gate stays open.
    pub fn passes(&self) -> bool {
        !self.findings.iter().any(Finding::fails)
    }

    /// Number of findings with this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let alike = self.findings.iter().filter(|it| it.verdict == verdict);
        alike.count()
    }
}

/// Compares cell by cell. Cells are matched by all that was asked for (dataset, head, recipe,
/// defence with its strength, attack and so on; see [`ResultRow`]), in whatever order the rows stand,
/// not by seed, commit or what was measured. Columns that one of the tables lacks, because an earlier
/// version wrote it, are left out of account.
///
/// # Errors
/// If the baseline holds no rows, or if two rows of a table ask for the same.
pub fn compare(
    baseline: &Table<ResultRow>,
    current: &Table<ResultRow>,
    gate: &Gate,
) -> Result<Outcome, ReportError> {
    if baseline.height() == 0 {
        return Err(ReportError::Empty {
            path: baseline.path().to_owned(),
        });
    }
    let Pairs { matched, lost, new } = pairs(baseline, current, &[])?;
    let (before, now) = (baseline.rows()?, current.rows()?);
    let mut by_baseline: Vec<(usize, Option<usize>)> =
        matched.iter().map(|&(b, n)| (b, Some(n))).collect();
    by_baseline.extend(lost.iter().map(|&b| (b, None)));
    by_baseline.sort_unstable();
    let mut findings = Vec::new();
    for (b, n) in by_baseline {
        judge::cell(&before[b], n.map(|n| &now[n]), gate, &mut findings);
    }
    let new = new.iter().map(|&n| Finding::of_cell(&now[n], Verdict::New));
    findings.extend(new);
    Ok(Outcome { findings })
}

/// Whether results may become a baseline.
///
/// # Errors
/// If they hold no rows, a failed cell, or two rows that ask for the same: a gate could not hold
/// anything against them.
pub fn check_baseline(results: &Table<ResultRow>) -> Result<(), ReportError> {
    let from = results.path().to_owned();
    if results.height() == 0 {
        return Err(ReportError::Empty { path: from });
    }
    let rows = results.rows()?;
    if let Some(failed) = rows.iter().find(|row| row.failed()) {
        return Err(ReportError::FailedCell {
            path: from,
            cell: cell_name(failed),
            error: failed.error.clone(),
        });
    }
    pairs(results, results, &[])?;
    Ok(())
}

/// The rows of several tables as those of one sweep.
///
/// # Errors
/// If two rows ask for the same, as those of two seeds do, or a table does not hold its rows.
pub fn together(tables: &[Table<ResultRow>]) -> Result<Vec<ResultRow>, ReportError> {
    let mut rows = Vec::new();
    for table in tables {
        rows.extend(table.rows()?);
    }
    let all = Table::from_rows(&rows)?;
    pairs(&all, &all, &[])?;
    Ok(rows)
}

/// Makes results a baseline: writes them, whole, in place of the file at `path`.
///
/// # Errors
/// As [`check_baseline`], and if the file cannot be written.
pub fn save_baseline(results: &Table<ResultRow>, path: &Path) -> Result<(), ReportError> {
    check_baseline(results)?;
    results.write(path)
}

#[cfg(test)]
mod tests;
