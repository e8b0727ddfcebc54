//! The first screen: what leaked, what stopped it, and at what cost.

use maud::{Markup, html};

use super::gallery::Gallery;
use super::{gallery, guide, tables};
use crate::answer::{Answer, open_words};
use crate::error::ReportError;
use crate::gate::rate;
use crate::phrases::{attack_words, cost_words, defence_words, shots_name};
use crate::rows::ResultRow;

/// The answer in three cards, the strongest attacks beside the worst cell's pictures.
pub(super) fn section(rows: &[ResultRow], galleries: &[Gallery]) -> Result<Markup, ReportError> {
    let answer = Answer::of(rows);
    let pictures = worst(rows, &answer, galleries)
        .map(|worst| gallery::pictures(worst, gallery::FIRST))
        .transpose()?;
    let table = tables::strongest(rows)?;
    Ok(html! {
        section #answer {
            div.cards {
                (leaked(&answer))
                (stopped(&answer))
                (cost(&answer))
            }
            @if table.is_some() || pictures.is_some() {
                div.beside.whole[pictures.is_none()] {
                    @if let Some(table) = table {
                        div {
                            h2 #strongest { "The strongest attack on each defence" }
                            (table)
                            p.note { (guide::STRONGEST) }
                        }
                    }
                    @if let Some(pictures) = pictures {
                        div {
                            h2 { "What leaked most, to look at" }
                            (pictures)
                        }
                    }
                }
            }
        }
    })
}

/// The gallery of the cell that leaked most.
fn worst<'a>(
    rows: &[ResultRow],
    answer: &Answer<'_>,
    galleries: &'a [Gallery],
) -> Option<&'a Gallery> {
    let of = |gallery: &&Gallery| rows.get(gallery.cell);
    let same = |gallery: &&Gallery| of(gallery).zip(answer.leaked).is_some_and(|(a, b)| a == b);
    let highest = |gallery: &&Gallery| of(gallery).and_then(rate).map_or(0.0, |(tpr, ..)| tpr);
    let exact = galleries.iter().find(same);
    // Another attack may have leaked more without making pictures.
    exact.or_else(|| {
        galleries
            .iter()
            .max_by(|a, b| highest(a).total_cmp(&highest(b)))
    })
}

fn card(question: &str, number: Markup, words: Markup) -> Markup {
    html! {
        div.card {
            h2 { (question) }
            p.big { (number) }
            (words)
        }
    }
}

fn found(row: &ResultRow) -> Markup {
    let Some((tpr, lo, hi)) = rate(row) else {
        return html! {};
    };
    html! {
        span.found {
            (format!("{:.1} %", 100.0 * tpr))
            @if let Some((lo, hi)) = lo.zip(hi) {
                small { (format!("[{:.1}, {:.1}]", 100.0 * lo, 100.0 * hi)) }
            }
        }
    }
}

fn leaked(answer: &Answer<'_>) -> Markup {
    let Some(row) = answer.leaked else {
        let words = html! { p { "No attack was measured whose null resolves a rate of 1 %." } };
        return card("What leaked?", html! { "–" }, words);
    };
    let words = html! {
        p {
            "found by " b { (attack_words(row)) } " at 1 % false positives; a guess finds 1 %. "
            (shots_name(row.shots)) ", " (defence_words(row)) "."
        }
        @for row in &answer.besides {
            p { b { (attack_words(row)) } ": " (found(row)) "." }
        }
    };
    card("What leaked?", found(row), words)
}

fn stopped(answer: &Answer<'_>) -> Markup {
    let open = html! {
        @for open in &answer.open {
            p { (open_words(open.row)) " " b { (defence_words(open.row)) } ": " (found(open.row)) "." }
        }
    };
    let question = "What stopped it?";
    match (answer.stopped.as_slice(), answer.defended) {
        (_, false) => {
            let words = html! { p { "No defence of such heads was run." } };
            card(question, html! { "–" }, words)
        }
        ([], true) => card(question, html! { "nothing, as far as shown" }, open),
        ([first, rest @ ..], true) => {
            let words = html! {
                p { "leaves at most " (found(first.row)) " to the attacks that were run." }
                @for stopped in rest {
                    p { b { (defence_words(stopped.row)) } ": " (found(stopped.row)) "." }
                }
                (open)
            };
            card(question, html! { (defence_words(first.row)) }, words)
        }
    }
}

fn cost(answer: &Answer<'_>) -> Markup {
    let question = "At what cost?";
    let open = html! {
        @for open in &answer.open {
            p { b { (defence_words(open.row)) } ": " (cost_words(open.lost)) "." }
        }
    };
    let [first, rest @ ..] = answer.stopped.as_slice() else {
        let accuracy = answer.leaked.and_then(|row| row.accuracy);
        let words = html! {
            @if let Some(accuracy) = accuracy {
                p { "The heads that leaked are right on " (format!("{:.1} %", 100.0 * accuracy)) " of test examples." }
            }
        };
        let words = html! { (words) (open) };
        return card(question, html! { "–" }, words);
    };
    let words = html! {
        p { b { (defence_words(first.row)) } ", against the undefended head." }
        @for stopped in rest {
            p { b { (defence_words(stopped.row)) } ": " (cost_words(stopped.lost)) "." }
        }
        (open)
    };
    card(question, html! { (cost_words(first.lost)) }, words)
}
