//! Rates of every class.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::columns::share;
use crate::phrases::cell_label;
use crate::rows::{ClassRow, ResultRow};

/// A row a cell and a column a class; `None` where no class has a rate.
pub(super) fn table_of(rows: &[ClassRow]) -> Option<Markup> {
    let rated = |row: &&ClassRow| row.tpr_at_fpr_1pct.is_some();
    let classes: BTreeSet<u64> = rows.iter().filter(rated).map(|row| row.class).collect();
    if classes.is_empty() {
        return None;
    }
    // The rows of a cell stand together.
    let cells = rows.chunk_by(|a, b| a.config_hash == b.config_hash);
    Some(html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        th scope="col" { "cell" }
                        @for class in &classes { th.number scope="col" { (class) } }
                    }
                }
                tbody {
                    @for cell in cells {
                        tr {
                            th scope="row" { (label(&cell[0])) }
                            @for class in &classes { td.number { (rate(cell, *class)) } }
                        }
                    }
                }
            }
        }
    })
}

/// The cell in a few words, with its null.
fn label(row: &ClassRow) -> String {
    let cell = ResultRow {
        attack: row.attack.clone(),
        shots: row.shots,
        defence: row.defence.clone(),
        epsilon: row.epsilon,
        release: row.release.clone(),
        queries: row.queries,
        setting: row.setting.clone(),
        ..ResultRow::default()
    };
    format!(
        "{}, null {}",
        cell_label(&cell),
        crate::words::words(&row.null)
    )
}

fn rate(cell: &[ClassRow], class: u64) -> Markup {
    let of_class = cell.iter().find(|row| row.class == class);
    let rate = of_class.and_then(|row| Some((row, row.tpr_at_fpr_1pct?)));
    html! {
        @if let Some((row, value)) = rate {
            @let text = share(value, row.tpr_at_fpr_1pct_lo, row.tpr_at_fpr_1pct_hi);
            @let (value, interval) = text.split_once(" [").unwrap_or((&text, ""));
            (value)
            @if !interval.is_empty() { small { "[" (interval) } }
        }
    }
}
