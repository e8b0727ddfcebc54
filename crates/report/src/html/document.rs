//! What every page is wrapped in: one file, styled, without anything from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::style;

/// The document with this title and content.
pub(super) fn document(title: &str, content: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::sheet())) }
            }
            body { main { (content) } }
        }
    };
    document.into_string()
}
