//! What a comparison found, as JUnit's XML: a suite an experiment, a test case a finding.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Outcome;
use super::finding::Verdict;
use crate::error::ReportError;

pub(super) fn render(outcome: &Outcome) -> Result<String, ReportError> {
    let mut report = Report::new("harness check");
    let mut experiments: Vec<&str> = Vec::new();
    for finding in &outcome.findings {
        if !experiments.contains(&finding.experiment.as_str()) {
            experiments.push(&finding.experiment);
        }
    }
    for experiment in experiments {
        let mut suite = TestSuite::new(experiment);
        let own = outcome.findings.iter();
        for finding in own.filter(|finding| finding.experiment == experiment) {
            let status = match finding.verdict {
                Verdict::New | Verdict::OtherSeed => TestCaseStatus::skipped(),
                verdict if verdict.fails() => {
                    let kind = match verdict {
                        Verdict::Regressed => NonSuccessKind::Failure,
                        _ => NonSuccessKind::Error,
                    };
                    let mut status = TestCaseStatus::non_success(kind);
                    status
                        .set_type(verdict.word())
                        .set_message(finding.to_string());
                    status
                }
                _ => TestCaseStatus::success(),
            };
            let name = format!("{}: {}", finding.cell, finding.what());
            let mut case = TestCase::new(name, status);
            case.set_classname(experiment);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| ReportError::Xml {
        why: error.to_string(),
    })
}
