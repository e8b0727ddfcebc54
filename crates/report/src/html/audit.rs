//! The page of an audit: a verdict about one head, and what it rests on.

use std::path::Path;

use maud::{Markup, html};

use super::document::document;
use super::tables;
use crate::error::ReportError;
use crate::export::png::data_uri;
use crate::rows::ResultRow;
use crate::scene::Raster;
use crate::writing::write_atomically;

/// Records that a page shows; the rest is in `audit.json`.
const SHOWN: usize = 100;

/// How a verdict is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something leaks.
    Bad,
    /// Nothing is shown either way.
    Open,
    /// Nothing was found.
    Good,
}

/// One training record.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// What it is called.
    pub name: String,
    /// Its class.
    pub class: String,
    /// The record.
    pub original: Raster,
    /// What the attack gives of its class.
    pub reconstruction: Raster,
    /// Mean squared error between them.
    pub error: f64,
    /// Middle of that error from heads that never saw it.
    pub error_null: f64,
    /// Share of these with as small an error; the same for all records together.
    pub p: [f64; 2],
    /// Whether it is called read back.
    pub read_back: bool,
    /// Log-likelihood ratio of membership.
    pub membership: f64,
    /// Share of heads that never saw it with as large a ratio; the same for all records together.
    pub membership_p: [f64; 2],
    /// Whether it is called a training example.
    pub recognised: bool,
}

/// One image that the attack gives.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditTarget {
    /// Its class.
    pub class: String,
    /// The image.
    pub reconstruction: Raster,
    /// Probability that it is a training image, with the ends of its interval.
    pub confidence: Option<(f64, f64, f64)>,
    /// Whether it is called read back.
    pub called: bool,
}

/// What the page of an audit is made of.
#[derive(Debug, Clone, Copy)]
pub struct AuditPage<'a> {
    /// Name of the audit.
    pub title: &'a str,
    /// Name of the head.
    pub head: &'a str,
    /// How the verdict is to be taken.
    pub tone: Tone,
    /// The verdict in a sentence.
    pub sentence: &'a str,
    /// What it rests on.
    pub reasons: &'a [String],
    /// Numbers of the head, each with its name.
    pub facts: &'a [(String, String)],
    /// The owner's records, most at risk first; may be empty.
    pub records: &'a [AuditRecord],
    /// What the attack gives.
    pub targets: &'a [AuditTarget],
    /// Heads like this one, under every defence.
    pub rows: &'a [ResultRow],
    /// The threat model.
    pub threat: &'a [(String, String)],
    /// Facts about the run.
    pub provenance: &'a [(String, String)],
    /// The resolved config as text.
    pub config: &'a str,
}

/// The page as one HTML document without external resources.
///
/// # Errors
/// If a picture cannot be encoded.
pub fn render(page: &AuditPage<'_>) -> Result<String, ReportError> {
    let (word, class) = match page.tone {
        Tone::Bad => ("✗ ", "miss"),
        Tone::Open => ("? ", ""),
        Tone::Good => ("✓ ", "hit"),
    };
    let content = html! {
        header {
            h1 { (page.title) }
            p.lead { "May this head be released? " (page.head) }
            ul.facts {
                @for (name, value) in page.facts { li { (name) " " b { (value) } } }
            }
        }
        section #verdict {
            div.card {
                h2 { "Verdict" }
                p { span.big class=(class) { (word) (page.sentence) } }
                ul { @for reason in page.reasons { li { (reason) } } }
            }
        }
        (records(page)?)
        (targets(page)?)
        section #alike {
            h2 { "Heads like this one" }
            p.note {
                "Trained by the same recipe on other examples, attacked as they are, under \
                 DP-SGD and under RHE."
            }
            (tables::cells(page.rows)?)
            p.links { a href="results.csv" { "results.csv" } " " a href="audit.json" { "audit.json" } }
        }
        section #threat {
            h2 { "What the adversary has, and what was not tried" }
            dl.box { @for (name, words) in page.threat { dt { (name) } dd { (words) } } }
        }
        section #provenance {
            h2 { "How to make this page again" }
            dl { @for (name, words) in page.provenance { dt { (name) } dd { (words) } } }
            details { summary { "The config, as it ran" } pre { (page.config) } }
        }
    };
    Ok(document(page.title, &content))
}

/// Renders the page and writes it under a temporary name that is renamed once whole.
///
/// # Errors
/// If a picture cannot be encoded or the file not be written.
pub fn write_audit(path: &Path, page: &AuditPage<'_>) -> Result<(), ReportError> {
    write_atomically(path, render(page)?.as_bytes())
}

fn records(page: &AuditPage<'_>) -> Result<Markup, ReportError> {
    if page.records.is_empty() {
        return Ok(html! {});
    }
    let shown = &page.records[..page.records.len().min(SHOWN)];
    let mut lines = Vec::with_capacity(shown.len());
    for record in shown {
        lines.push((
            record,
            picture(&record.original)?,
            picture(&record.reconstruction)?,
        ));
    }
    Ok(html! {
        section #records {
            h2 { "Records most at risk" }
            p.note {
                "Each record beside what the attack gives of its class. p is the share of heads that never saw \
                 the record which do as well; p over all is the same for the best of all records. "
                @if shown.len() < page.records.len() {
                    "The first " (shown.len()) " of " (page.records.len()) "; all are in audit.json."
                }
            }
            div.scroll {
                table {
                    thead { tr {
                        th.number { "rank" } th { "record" } th { "class" } th { "it" } th { "read back" }
                        th.number { "error" } th.number { "of other heads" }
                        th.number { "p" } th.number { "p over all" } th { "" }
                        th.number { "membership" } th.number { "p" } th.number { "p over all" } th { "" }
                    } }
                    tbody {
                        @for (rank, (record, original, reconstruction)) in lines.iter().enumerate() {
                            tr {
                                td.number { (rank + 1) } td { (record.name) } td { (record.class) }
                                td { (original) } td { (reconstruction) }
                                td.number { (format!("{:.4}", record.error)) }
                                td.number { (format!("{:.4}", record.error_null)) }
                                (probabilities(record.p))
                                td { (called(record.read_back, "read back")) }
                                td.number { (format!("{:+.2}", record.membership)) }
                                (probabilities(record.membership_p))
                                td { (called(record.recognised, "recognised")) }
                            }
                        }
                    }
                }
            }
        }
    })
}

fn targets(page: &AuditPage<'_>) -> Result<Markup, ReportError> {
    let shown = &page.targets[..page.targets.len().min(SHOWN)];
    let mut figures = Vec::with_capacity(shown.len());
    for target in shown {
        figures.push((target, picture(&target.reconstruction)?));
    }
    let believed = shown.iter().any(|target| target.confidence.is_some());
    Ok(html! {
        section #reconstructions {
            h2 { "What the attack gives" }
            p.note {
                "One image a class, from the weights alone."
                @if believed {
                    " Beneath each how many of the simulated reconstructions that agreed as well were within τ \
                     of a training image, with its 95 % interval."
                }
            }
            div.pairs {
                @for (target, image) in &figures {
                    figure.pair {
                        (image)
                        figcaption class=(if target.called { "hit" } else { "" }) {
                            "class " (target.class)
                            @if let Some((value, lo, hi)) = target.confidence {
                                br; (format!("{:.0} %", 100.0 * value))
                                br; (format!("[{:.0}, {:.0}]", 100.0 * lo, 100.0 * hi))
                            }
                        }
                    }
                }
            }
        }
    })
}

fn probabilities([own, all]: [f64; 2]) -> Markup {
    html! {
        td.number { (format!("{own:.4}")) }
        td.number { (format!("{all:.4}")) }
    }
}

fn called(is: bool, word: &str) -> Markup {
    html! { @if is { span.miss { "✗ " (word) } } }
}

fn picture(raster: &Raster) -> Result<Markup, ReportError> {
    let file = data_uri(raster).map_err(|why| ReportError::Draw {
        name: "a record".into(),
        why,
    })?;
    Ok(html! { img src=(file) alt="" width="48" style="image-rendering:pixelated"; })
}
