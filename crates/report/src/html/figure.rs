//! A figure with its caption, its numbers and its files.

use maud::{Markup, PreEscaped, html};

use super::tables;
use crate::error::ReportError;
use crate::figures::Figure;

/// Bytes that all figures of a page may take, so that it stays under 2 MB.
const BYTES: usize = 1_000_000;

/// The figures: for wide screens and paper, the same for phones, and what is drawn. Where many would
/// make the page too large, the last have no form for phones, or are links.
pub(super) fn sections(figures: &[Figure]) -> Result<Vec<Markup>, ReportError> {
    let mut left = BYTES;
    let mut sections = Vec::with_capacity(figures.len());
    for figure in figures {
        let mut fitting = |svg: String| {
            let fits = svg.len() <= left;
            left -= if fits { svg.len() } else { 0 };
            fits.then_some(svg)
        };
        let wide = fitting(figure.svg()?);
        let narrow = figure.narrow_svg()?.filter(|_| wide.is_some());
        sections.push(section(figure, wide, narrow.and_then(&mut fitting)));
    }
    Ok(sections)
}

fn section(figure: &Figure, wide: Option<String>, narrow: Option<String>) -> Markup {
    html! {
        figure id=(figure.name) {
            h2.unseen { (figure.title) }
            @match (wide, narrow) {
                (Some(wide), Some(narrow)) => {
                    div.wide { (PreEscaped(wide)) }
                    div.narrow { (PreEscaped(narrow)) }
                }
                (Some(wide), None) => div.scroll { (PreEscaped(wide)) }
                (None, _) => p.note { (figure.title) ": too large for this page, see the files below." }
            }
            figcaption { (figure.caption) }
            details {
                summary { "The numbers" }
                (tables::table(&figure.numbers, &[]))
            }
            p.links {
                a href=(format!("figures/{}", figure.file("csv"))) { "the numbers as CSV" }
                " · " a href=(figure.source) { (figure.source) }
                " · " a href=(format!("figures/{}", figure.file("svg"))) { "SVG" }
                " · " a href=(format!("figures/{}", figure.file("png"))) { "PNG" }
            }
        }
    }
}
