//! The page.

use std::path::Path;

use maud::{Markup, html};

use super::document::document;
use super::gallery::{self, Gallery};
use super::{answer, classes, figure, guide, pairs, tables, threat};
use crate::error::ReportError;
use crate::figures::Figure;
use crate::rows::{BothWaysRow, ClassRow, PairRow, ResultRow, TimingRow};
use crate::writing::write_atomically;

/// What a page is made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'a> {
    /// Name of the experiment.
    pub experiment: &'a str,
    /// What it asks, in a sentence or two; may be empty.
    pub purpose: &'a str,
    /// Its cells.
    pub results: &'a [ResultRow],
    /// The same task with inputs encrypted and with the head encrypted; may be empty.
    pub both_ways: &'a [BothWaysRow],
    /// Its cells class by class; may be empty.
    pub classes: &'a [ClassRow],
    /// Attacks on the same victims against one another; may be empty.
    pub pairs: &'a [PairRow],
    /// Its figures, in reading order.
    pub figures: &'a [Figure],
    /// The pictures of its cells; may be empty.
    pub galleries: &'a [Gallery],
    /// What the adversary knows beside what the cells say, each with its name; may be empty.
    pub known: &'a [(String, String)],
    /// How long it took; may be empty.
    pub timings: &'a [TimingRow],
    /// Facts about the run: version, machine, dates.
    pub provenance: &'a [(String, String)],
    /// The resolved config as text; may be empty.
    pub config: &'a str,
}

/// The page as one HTML document without external resources.
///
/// # Errors
/// If a figure cannot be drawn.
pub fn render(page: &Page) -> Result<String, ReportError> {
    let figures = figure::sections(page.figures)?;
    let failures = tables::failures(page.results);
    let threat = threat::section(page.results, page.known);
    let gallery = gallery::section(page.results, page.galleries)?;
    let both_ways = tables::both_ways(page.both_ways);
    let pairs = pairs::table_of(page.pairs)?;
    let classes = classes::table_of(page.classes);
    let timings = tables::timings(page.timings)?;
    let told = !page.provenance.is_empty() || !page.config.is_empty();
    let links = [
        ("#failures", "failures", failures.is_some()),
        ("#threat", "adversary", threat.is_some()),
        ("#both-ways-round", "both ways", both_ways.is_some()),
        ("#figures", "figures", !figures.is_empty()),
        ("#reconstructions", "pictures", gallery.is_some()),
        ("#pairs", "like with like", pairs.is_some()),
        ("#classes", "class by class", classes.is_some()),
        ("#cells", "all cells", true),
        ("#words", "words", true),
        ("#provenance", "how it was made", told),
    ];
    let content = html! {
        header {
            h1 { (page.experiment) }
            @if !page.purpose.is_empty() { p.lead { (page.purpose) } }
            (facts(page))
        }
        (answer::section(page.results, page.galleries)?)
        nav {
            @for (link, name, _) in links.iter().filter(|(.., there)| *there) {
                a href=(link) { (name) } " "
            }
        }
        @if let Some(table) = failures {
            (section("failures", "Failed cells", guide::FAILURES, table))
        }
        @if let Some(threat) = threat { (threat) }
        @if let Some(table) = both_ways {
            (section("both-ways-round", "Both ways round", guide::BOTH_WAYS, table))
        }
        @if !figures.is_empty() {
            section #figures {
                h2 { "Figures" }
                @for figure in figures { (figure) }
            }
        }
        @if let Some(gallery) = gallery { (gallery) }
        @if let Some(table) = pairs {
            (section("pairs", "Like with like", guide::PAIRS, html! {
                (table)
                p.links { a href="pairs.csv" { "pairs.csv" } }
            }))
        }
        @if let Some(table) = classes {
            (section("classes", "Class by class", guide::CLASSES, html! {
                (table)
                p.links { a href="classes.csv" { "classes.csv" } }
            }))
        }
        (section("cells", "All cells", guide::CELLS, html! {
            (tables::cells(page.results)?)
            p.links { a href="results.csv" { "results.csv" } }
        }))
        (section("words", "What the words mean", "", definitions(&guide::WORDS)))
        @if let Some(table) = timings {
            (section("timings", "Time", guide::TIMINGS, html! {
                details { summary { "The stages" } (table) }
                p.links { a href="timings.csv" { "timings.csv" } }
            }))
        }
        @if told {
            (section("provenance", "How to make this page again", "", provenance(page)))
        }
    };
    Ok(document(page.experiment, &content))
}

/// Renders the page and writes it under a temporary name that is renamed once whole.
///
/// # Errors
/// If a figure cannot be drawn or the file not be written.
pub fn write_html(path: &Path, page: &Page) -> Result<(), ReportError> {
    write_atomically(path, render(page)?.as_bytes())
}

fn facts(page: &Page) -> Markup {
    let failed = page.results.iter().filter(|row| row.failed()).count();
    let victims = page.results.iter().filter_map(|row| row.victims).max();
    let mut facts = vec![(page.results.len().to_string(), "cells")];
    if failed > 0 {
        facts.push((failed.to_string(), "failed"));
    }
    facts.extend(victims.map(|count| (count.to_string(), "victims a cell")));
    if let Some(row) = page.results.first() {
        facts.push((row.seed.to_string(), "seed"));
        let short = |hash: &str| hash.chars().take(10).collect::<String>();
        for (hash, name) in [(&row.config_hash, "config"), (&row.commit, "commit")] {
            if !hash.is_empty() {
                facts.push((short(hash), name));
            }
        }
    }
    html! {
        ul.facts {
            @for (value, name) in facts {
                li { b { (value) } " " (name) }
            }
        }
    }
}

fn section(id: &str, title: &str, note: &str, content: Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            @if !note.is_empty() { p.note { (note) } }
            (content)
        }
    }
}

fn definitions<A: AsRef<str>, B: AsRef<str>>(pairs: &[(A, B)]) -> Markup {
    html! {
        dl {
            @for (word, meaning) in pairs {
                dt { (word.as_ref()) }
                dd { (meaning.as_ref()) }
            }
        }
    }
}

fn provenance(page: &Page) -> Markup {
    html! {
        @if !page.provenance.is_empty() { (definitions(page.provenance)) }
        @if !page.config.is_empty() {
            details {
                summary { "The config, as it ran" }
                pre { (page.config) }
            }
        }
    }
}
