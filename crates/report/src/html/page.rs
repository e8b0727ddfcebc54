//! The page.

use std::fmt::Write;
use std::path::Path;

use super::{escape, guide, style, tables};
use crate::error::ReportError;
use crate::figures::Figure;
use crate::files::write_atomically;
use crate::rows::{BothWaysRow, ResultRow, TimingRow};

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
    /// Its pictures, in reading order.
    pub figures: &'a [Figure],
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
    let mut html = String::new();
    let name = escape(page.experiment);
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{name}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{name}</h1>\n",
        style::sheet()
    );
    if !page.purpose.is_empty() {
        let _ = writeln!(html, "<p class=\"lead\">{}</p>", escape(page.purpose));
    }
    html.push_str(&facts(page));
    html.push_str("</header>\n");

    if let Some(table) = tables::failures(page.results) {
        section(
            &mut html,
            "failures",
            "Failed cells",
            guide::FAILURES,
            &table,
        );
    }
    if let Some(table) = tables::strongest(page.results) {
        section(
            &mut html,
            "strongest",
            "The strongest attack on each defence",
            guide::STRONGEST,
            &table,
        );
    }
    if let Some(table) = tables::both_ways(page.both_ways) {
        section(
            &mut html,
            "both-ways",
            "Both ways round",
            guide::BOTH_WAYS,
            &table,
        );
    }
    if !page.figures.is_empty() {
        html.push_str("<section id=\"figures\">\n<h2>Figures</h2>\n");
        for figure in page.figures {
            let _ = writeln!(
                html,
                "<figure id=\"{}\">\n{}\n<figcaption>{}</figcaption>\n</figure>",
                escape(&figure.name),
                figure.svg()?,
                escape(&figure.caption)
            );
        }
        html.push_str("</section>\n");
    }
    section(
        &mut html,
        "cells",
        "All cells",
        guide::CELLS,
        &tables::cells(page.results),
    );
    section(
        &mut html,
        "words",
        "What the words mean",
        "",
        &definitions(&guide::WORDS),
    );
    if let Some(table) = tables::timings(page.timings) {
        section(&mut html, "timings", "Time", guide::TIMINGS, &table);
    }
    provenance(&mut html, page);
    html.push_str("</main>\n</body>\n</html>\n");
    Ok(html)
}

/// Renders the page and writes it under a temporary name that is renamed once whole.
///
/// # Errors
/// If a figure cannot be drawn or the file not be written.
pub fn write_html(path: &Path, page: &Page) -> Result<(), ReportError> {
    write_atomically(path, render(page)?.as_bytes())
}

fn facts(page: &Page) -> String {
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
    let mut html = String::from("<ul class=\"facts\">\n");
    for (value, name) in facts {
        let _ = writeln!(
            html,
            "<li><b>{}</b><span>{name}</span></li>",
            escape(&value)
        );
    }
    html.push_str("</ul>\n");
    html
}

fn section(html: &mut String, id: &str, title: &str, note: &str, content: &str) {
    let _ = writeln!(html, "<section id=\"{id}\">\n<h2>{title}</h2>");
    if !note.is_empty() {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escape(note));
    }
    let _ = writeln!(html, "{content}</section>");
}

fn definitions<A: AsRef<str>, B: AsRef<str>>(pairs: &[(A, B)]) -> String {
    let mut html = String::from("<dl>\n");
    for (word, meaning) in pairs {
        let (word, meaning) = (escape(word.as_ref()), escape(meaning.as_ref()));
        let _ = writeln!(html, "<dt>{word}</dt><dd>{meaning}</dd>");
    }
    html.push_str("</dl>\n");
    html
}

fn provenance(html: &mut String, page: &Page) {
    if page.provenance.is_empty() && page.config.is_empty() {
        return;
    }
    let mut content = String::new();
    if !page.provenance.is_empty() {
        content.push_str(&definitions(page.provenance));
    }
    if !page.config.is_empty() {
        let _ = writeln!(
            content,
            "<details><summary>The config, as it ran</summary><pre>{}</pre></details>",
            escape(page.config)
        );
    }
    section(
        html,
        "provenance",
        "How to make this page again",
        "",
        &content,
    );
}
