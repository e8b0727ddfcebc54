//! A figure with its caption, its numbers and its files.

use maud::{Markup, PreEscaped, html};

use super::tables;
use crate::error::ReportError;
use crate::figures::Figure;

/// A figure for wide screens and paper, the same for phones, and what is drawn.
pub(super) fn section(figure: &Figure) -> Result<Markup, ReportError> {
    let wide = figure.svg()?;
    let narrow = figure.narrow_svg()?;
    Ok(html! {
        figure id=(figure.name) {
            h2.unseen { (figure.title) }
            @match narrow {
                Some(narrow) => {
                    div.wide { (PreEscaped(wide)) }
                    div.narrow { (PreEscaped(narrow)) }
                }
                None => div.scroll { (PreEscaped(wide)) }
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
    })
}
