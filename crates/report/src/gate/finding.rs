//! What one comparison found.

use serde::Serialize;

use super::cells::cell_name;
use crate::rows::ResultRow;

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Success against undefended heads, which must not fall.
    AttackSuccess,
    /// Success against defended heads, which must not rise.
    DefenceLeak,
    /// Accuracy, which must not fall.
    Accuracy,
    /// The cell as a whole.
    Cell,
}

impl Measure {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AttackSuccess => "attack success",
            Self::DefenceLeak => "leak through the defence",
            Self::Accuracy => "accuracy",
            Self::Cell => "cell",
        }
    }
}

/// What the comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Worse beyond interval and threshold.
    Regressed,
    /// The baseline has it, the run does not.
    Missing,
    /// The run's cell failed, the baseline's did not.
    Failed,
    /// Better beyond interval and threshold.
    Improved,
    /// The run has it, the baseline does not.
    New,
    /// Neither worse nor better.
    Unchanged,
    /// Not held against each other: of another seed.
    OtherSeed,
}

impl Verdict {
    /// All of them, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Regressed,
        Self::Missing,
        Self::Failed,
        Self::Improved,
        Self::New,
        Self::Unchanged,
        Self::OtherSeed,
    ];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::Missing => "missing",
            Self::Failed => "failed",
            Self::New => "new",
            Self::OtherSeed => "not compared: another seed",
        }
    }

    /// Whether the gate must stay shut.
    pub fn fails(self) -> bool {
        matches!(self, Self::Regressed | Self::Missing | Self::Failed)
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The experiment of the cell.
    pub experiment: String,
    /// Which cell, in words.
    pub cell: String,
    /// What was compared.
    pub measure: Measure,
    /// By which number, as in `TPR at 1 % FPR`; empty where the cell as a whole was.
    pub statistic: &'static str,
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
    /// What a search chose in the baseline and chooses now, where these differ.
    pub chosen: Option<(String, String)>,
}

impl Finding {
    /// Whether the gate must stay shut.
    pub fn fails(&self) -> bool {
        self.verdict.fails()
    }

    /// About a cell as a whole.
    pub(super) fn of_cell(row: &ResultRow, verdict: Verdict) -> Self {
        Self {
            experiment: row.experiment.clone(),
            cell: cell_name(row),
            measure: Measure::Cell,
            statistic: "",
            verdict,
            baseline: None,
            current: None,
            difference: None,
            threshold: 0.0,
            error: row.error.clone(),
            chosen: None,
        }
    }

    /// That a search chose other settings; empty where it did not.
    pub(super) fn choice(&self) -> String {
        self.chosen
            .as_ref()
            .map_or_else(String::new, |(before, now)| {
                format!("the search chose {now}; in the baseline {before}")
            })
    }

    /// What was compared, with the number it was compared by.
    pub(super) fn what(&self) -> String {
        let measure = self.measure.words();
        match self.statistic {
            "" => measure.to_owned(),
            statistic => format!("{measure} ({statistic})"),
        }
    }

    /// The difference and what it was held against, in points; empty where there is none.
    pub(super) fn margin(&self) -> String {
        self.difference.map_or_else(String::new, |(lo, hi)| {
            let (lo, hi, threshold) = (100.0 * lo, 100.0 * hi, 100.0 * self.threshold);
            format!("difference {lo:+.1} to {hi:+.1} points, threshold {threshold:.1}")
        })
    }
}

/// A share in per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.cell, self.what(), self.verdict.word())?;
        if let (Some(before), Some(now)) = (self.baseline, self.current) {
            write!(f, ", {} to {}", percent(before), percent(now))?;
        }
        let margin = self.margin();
        if !margin.is_empty() {
            write!(f, " ({margin})")?;
        }
        if self.chosen.is_some() {
            write!(f, "; {}", self.choice())?;
        }
        if !self.error.is_empty() {
            write!(f, ": {}", self.error)?;
        }
        Ok(())
    }
}
