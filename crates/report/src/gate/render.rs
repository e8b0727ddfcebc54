//! What a comparison found, for people and for machines.

use std::fmt::Write;

use super::finding::{Finding, Verdict, percent};
use super::{Outcome, junit};
use crate::error::ReportError;
use crate::text_table::{Layout, TextTable};

/// How a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A line a finding.
    #[default]
    Text,
    /// A table, as code hosts show it.
    Markdown,
    /// JUnit's XML, as CI systems read it.
    Junit,
}

impl Outcome {
    /// The findings and a summary.
    ///
    /// # Errors
    /// If the XML cannot be written.
    pub fn render(&self, format: Format) -> Result<String, ReportError> {
        match format {
            Format::Text => Ok(self.text()),
            Format::Markdown => Ok(self.markdown()),
            Format::Junit => junit::render(self),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let _ = writeln!(text, "{finding}");
        }
        let _ = writeln!(text, "{}", self.summary());
        text
    }

    /// `ok: 8 comparisons (7 unchanged, 1 improved)`.
    pub fn summary(&self) -> String {
        let told = Verdict::ALL
            .into_iter()
            .map(|verdict| (self.count(verdict), verdict.word()));
        let told: Vec<String> = told
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let failed = self
            .findings
            .iter()
            .filter(|finding| finding.fails())
            .count();
        let all = match self.findings.len() {
            1 => "1 comparison".to_owned(),
            count => format!("{count} comparisons"),
        };
        match failed {
            0 => format!("ok: {all} ({})", told.join(", ")),
            _ => format!("fell short: {failed} of {all} ({})", told.join(", ")),
        }
    }

    fn markdown(&self) -> String {
        let header = ["verdict", "cell", "what", "baseline", "now", "difference"];
        let mut table = TextTable::new(&header, Layout::Markdown);
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        // What needs a look comes first; the sort keeps the order of the rest.
        findings.sort_by_key(|finding| {
            Verdict::ALL
                .iter()
                .position(|verdict| *verdict == finding.verdict)
        });
        for finding in findings {
            let share = |value: Option<f64>| value.map_or_else(String::new, percent);
            let verdict = match finding.fails() {
                true => format!("**{}**", finding.verdict.word()),
                false => finding.verdict.word().to_owned(),
            };
            let asides = [finding.error.clone(), finding.margin(), finding.choice()];
            let asides: Vec<String> = asides.into_iter().filter(|it| !it.is_empty()).collect();
            table.row(vec![
                verdict,
                finding.cell.clone(),
                finding.what(),
                share(finding.baseline),
                share(finding.current),
                asides.join("; "),
            ]);
        }
        let mark = if self.passes() { "✅" } else { "❌" };
        format!("{mark} {}\n\n{}", self.summary(), table.render())
    }
}
