//! What the page of an audit shows.

use std::path::Path;

use config::experiment::{Audit, Experiment};
use report::{AuditPage, AuditRecord, AuditTarget, Raster, ResultRow, Tone};

use super::threat;
use super::verdict::{Level, Verdict, percent, stands_out};
use crate::error::HarnessError;
use crate::heads::given::Finding;
use crate::provenance::Provenance;

/// Everything that is said of an audit.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// The config.
    pub experiment: &'a Experiment,
    /// Its audit.
    pub audit: &'a Audit,
    /// What the head is called.
    pub head: &'a str,
    /// What was found of it.
    pub finding: &'a Finding,
    /// The answer.
    pub verdict: &'a Verdict,
    /// Heads like it.
    pub rows: &'a [ResultRow],
}

/// Writes the page.
///
/// # Errors
/// If a picture cannot be made, or the file not be written.
pub fn write(
    path: &Path,
    parts: &Parts<'_>,
    provenance: &Provenance,
    config: &str,
) -> Result<(), HarnessError> {
    let Parts {
        finding, verdict, ..
    } = parts;
    let shape = finding.shape;
    let raster =
        |pixels: &[f32]| Raster::from_pixels(shape.channels, shape.height, shape.width, pixels);
    let records: Vec<AuditRecord> = finding
        .records
        .iter()
        .map(|it| AuditRecord {
            name: it.index.to_string(),
            class: it.class.to_string(),
            original: raster(&it.original),
            reconstruction: raster(&finding.targets[it.target].reconstruction),
            error: it.error,
            error_null: it.error_null,
            p: [it.p, it.adjusted],
            read_back: stands_out(it.adjusted),
            membership: it.membership,
            membership_p: [it.membership_p, it.membership_adjusted],
            recognised: stands_out(it.membership_adjusted),
        })
        .collect();
    let targets: Vec<AuditTarget> = finding
        .targets
        .iter()
        .map(|it| AuditTarget {
            class: it.class.map_or("any".into(), |class| class.to_string()),
            reconstruction: raster(&it.reconstruction),
            confidence: it.confidence.map(|it| (it.within_tau, it.lo, it.hi)),
            called: it.confidence.is_some_and(|it| it.called),
        })
        .collect();
    let facts = [
        ("accuracy".to_owned(), percent(finding.fit.accuracy)),
        (
            "of heads like it".to_owned(),
            percent(finding.fit.accuracy_simulated),
        ),
        ("τ".to_owned(), format!("{:.4}", finding.tau)),
        (
            "heads of the null".to_owned(),
            finding.null_heads.to_string(),
        ),
        ("seed".to_owned(), parts.experiment.seed.to_string()),
    ];
    let page = AuditPage {
        title: &parts.experiment.name,
        head: parts.head,
        tone: match verdict.level {
            Level::Leaks => Tone::Bad,
            Level::Undecided => Tone::Open,
            Level::NothingFound => Tone::Good,
        },
        sentence: &verdict.sentence,
        reasons: &verdict.reasons,
        facts: &facts,
        records: &records,
        targets: &targets,
        rows: parts.rows,
        threat: &threat::model(parts.experiment, parts.audit),
        provenance: &provenance.lines(),
        config,
    };
    Ok(report::write_audit(path, &page)?)
}
