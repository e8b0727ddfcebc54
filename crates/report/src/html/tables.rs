//! Tables of the page.

use maud::{Markup, html};
use polars::prelude::{Column, DataFrame, PolarsError};

use crate::columns::{headings, seconds, share, varying};
use crate::digits::byte_size;
use crate::error::ReportError;
use crate::phrases::{defence_words, given, made_from};
use crate::row::Row;
use crate::rows::{BothWaysRow, ResultRow, TimingRow};
use crate::strongest;
use crate::table::Table;
use crate::words::{Given, defence_name, system_name, words};

/// A table of typed columns that scrolls on narrow screens; rows of `failed` are marked.
pub(super) fn table(frame: &DataFrame, failed: &[bool]) -> Markup {
    let columns = headings(frame);
    let class = |numeric: bool| numeric.then_some("number");
    html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        @for column in &columns {
                            th scope="col" class=[class(column.numeric)] { (column.text) }
                        }
                    }
                }
                tbody {
                    @for row in 0..frame.height() {
                        tr class=[failed.get(row).is_some_and(|it| *it).then_some("failed")] {
                            @for column in &columns {
                                @let cell = column.cell(row);
                                td class=[class(column.numeric)] {
                                    (cell.value)
                                    @if let Some(interval) = cell.interval {
                                        small { (interval) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn refused(error: PolarsError) -> ReportError {
    ReportError::Table {
        doing: "lay out",
        path: "report.html".into(),
        why: error.to_string(),
    }
}

/// What sets the heads apart that are attacked.
const HEADS: [&str; 7] = [
    "dataset",
    "backbone",
    "head",
    "shots",
    "defence",
    "epsilon",
    "epsilon_replace_one",
];

/// What tells defended heads of a page apart.
fn heads(row: &ResultRow) -> impl PartialEq + use<> {
    let ResultRow {
        experiment,
        dataset,
        backbone,
        head,
        defence,
        ..
    } = row.clone();
    let strength = (
        row.epsilon,
        row.epsilon_replace_one,
        row.clip,
        strongest::made_alike(row),
    );
    (
        (experiment, dataset, backbone, head),
        row.shots,
        defence,
        strength,
    )
}

/// The strongest attack on each defended head, in the order of the cells; `None` where none has a
/// rate.
pub(super) fn strongest(rows: &[ResultRow]) -> Result<Option<Markup>, ReportError> {
    let measured = |row: &&ResultRow| !row.failed() && row.tpr_at_fpr_1pct.is_some();
    let mut rows: Vec<ResultRow> = rows.iter().filter(measured).cloned().collect();
    if rows.is_empty() {
        return Ok(None);
    }
    // An encrypted head whose classes are revealed, or whose key is known, is another thing.
    for row in &mut rows {
        if given(row) != Given::Nothing {
            row.defence = defence_words(row);
        }
    }
    let mut rows = strongest::strongest(rows.iter(), heads);
    // So is a private head that is made from something else, or along other directions.
    for row in &mut rows {
        if let Some(made) = made_from(row) {
            row.defence = format!("{}: {}", defence_name(&row.defence), words(made));
        }
    }
    let frame = Table::from_rows(&rows)?.frame().clone();
    let strongest = || -> Result<DataFrame, PolarsError> {
        let mut names = HEADS.to_vec();
        names.extend(["tpr_at_fpr_1pct", "accuracy", "attack", "release"]);
        let always = ["shots", "defence", "tpr_at_fpr_1pct", "accuracy", "attack"];
        frame.select(varying(&frame, &names, &always))
    };
    Ok(Some(table(&{ strongest }().map_err(refused)?, &[])))
}

/// Every cell with its main columns; failed ones are marked.
pub(super) fn cells(rows: &[ResultRow]) -> Result<Markup, ReportError> {
    let frame = Table::from_rows(rows)?.frame().clone();
    let names = [
        "dataset",
        "backbone",
        "head",
        "shots",
        "defence",
        "epsilon",
        "epsilon_replace_one",
        "attack",
        "release",
        "setting",
        "null",
        "victims",
        "accuracy",
        "tpr_at_fpr_0_1pct",
        "tpr_at_fpr_1pct",
        "tpr_bound_at_fpr_1pct",
        "tpr_at_fpr_10pct",
        "fpr_realised",
        "auc",
        "mse",
        "mse_null",
        "success_at_tau",
        "success_at_tau_blind",
        "success_bound_at_tau",
        "epsilon_lower_bound",
        "queries",
        "encrypted_agreement",
    ];
    let kept = varying(&frame, &names, &names);
    let failed: Vec<bool> = rows.iter().map(ResultRow::failed).collect();
    Ok(table(&frame.select(kept).map_err(refused)?, &failed))
}

/// The failed cells with their errors; `None` if there are none.
pub(super) fn failures(rows: &[ResultRow]) -> Option<Markup> {
    let failed: Vec<&ResultRow> = rows.iter().filter(|row| row.failed()).collect();
    if failed.is_empty() {
        return None;
    }
    Some(html! {
        div.scroll tabindex="0" {
            table {
                thead { tr { th scope="col" { "cell" } th scope="col" { "error" } } }
                tbody {
                    @for row in failed {
                        tr.failed {
                            td { (crate::gate::cell_name(row)) }
                            td.long { (row.error) }
                        }
                    }
                }
            }
        }
    })
}

/// Both ways of encrypting one task, a column each; `None` if there are none.
pub(super) fn both_ways(rows: &[BothWaysRow]) -> Option<Markup> {
    if rows.is_empty() {
        return None;
    }
    let bytes = |value: Option<u64>| match value {
        Some(0) => "none".to_owned(),
        Some(bytes) => byte_size(bytes),
        None => String::new(),
    };
    let rate =
        |value: Option<f64>, lo, hi| value.map_or_else(String::new, |value| share(value, lo, hi));
    type Cell<'a> = &'a dyn Fn(&BothWaysRow) -> String;
    let lines: [(&str, Cell<'_>); 13] = [
        ("protects", &|row| row.protects.clone()),
        ("encrypted", &|row| row.encrypted.clone()),
        ("in the clear", &|row| row.clear.clone()),
        ("training examples", &|row| row.n.to_string()),
        ("test accuracy", &|row| {
            rate(row.accuracy, row.accuracy_lo, row.accuracy_hi)
        }),
        ("labels as in the clear", &|row| {
            rate(row.label_agreement, None, None)
        }),
        ("attack: TPR at 1 % FPR", &|row| {
            rate(
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            )
        }),
        ("attack: AUC", &|row| {
            let ends = row.auc_lo.zip(row.auc_hi);
            let ends = ends.map_or_else(String::new, |(lo, hi)| format!(" [{lo:.3}, {hi:.3}]"));
            row.auc
                .map_or_else(String::new, |auc| format!("{auc:.3}{ends}"))
        }),
        ("victims", &|row| {
            row.victims.map_or_else(String::new, |n| n.to_string())
        }),
        ("time a prediction", &|row| {
            row.latency_ms
                .map_or_else(String::new, |ms| seconds(ms / 1e3))
        }),
        ("sent once", &|row| bytes(row.bytes_once)),
        ("sent up a prediction", &|row| bytes(row.bytes_up)),
        ("sent back a prediction", &|row| bytes(row.bytes_down)),
    ];
    Some(html! {
        div.scroll tabindex="0" {
            table {
                thead {
                    tr {
                        th {}
                        @for row in rows { th scope="col" { (system_name(&row.system)) } }
                    }
                }
                tbody {
                    @for (name, cell) in lines {
                        tr {
                            th scope="row" { (name) }
                            @for row in rows { td.wrap { (cell(row)) } }
                        }
                    }
                }
            }
        }
    })
}

/// How long stages took; `None` if nothing was timed.
pub(super) fn timings(rows: &[TimingRow]) -> Result<Option<Markup>, ReportError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let columns: Vec<Column> = TimingRow::columns(rows);
    let frame = DataFrame::new(rows.len(), columns).map_err(refused)?;
    let names = [
        "stage",
        "cell",
        "cached",
        "seconds",
        "items",
        "items_per_second",
    ];
    Ok(Some(table(&frame.select(names).map_err(refused)?, &[])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_along_other_directions_are_lines_of_their_own() {
        let along = |directions: &str, accuracy, tpr| ResultRow {
            shots: 1,
            defence: "dp_sgd".into(),
            epsilon: Some(5.0),
            attack: "membership".into(),
            setting: Some(directions.into()),
            accuracy: Some(accuracy),
            tpr_at_fpr_1pct: Some(tpr),
            ..ResultRow::default()
        };
        let rows = [
            along("all directions", 0.2, 0.01),
            along("no_labels", 0.4, 0.1),
            along("no_labels, 1000 samples", 0.4, 0.05),
        ];
        let table = strongest(&rows).expect("it is laid out").expect("rates");
        let table = table.into_string();
        for line in ["DP-SGD: all directions", "DP-SGD: no labels"] {
            assert!(table.contains(line), "{line}: {table}");
        }
        // The weaker attack on the same heads is not the strongest.
        assert!(!table.contains("1000 samples"), "{table}");
    }
}
