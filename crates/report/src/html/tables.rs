//! Tables of the page.

use std::fmt::Write;

use super::escape;
use crate::figures::{byte_size, defence_name, number, system_name, words};
use crate::rows::{BothWaysRow, ResultRow, TimingRow};

/// A column: its heading and whether it holds numbers.
struct Column(&'static str, bool);

/// Headings and rows of ready HTML cells, as a table that scrolls on narrow screens.
fn table(columns: &[Column], rows: &[(bool, Vec<String>)]) -> String {
    let class = |column: &Column| if column.1 { " class=\"number\"" } else { "" };
    let mut html = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
    for column in columns {
        let _ = write!(html, "<th{}>{}</th>", class(column), escape(column.0));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (failed, cells) in rows {
        html.push_str(if *failed {
            "<tr class=\"failed\">"
        } else {
            "<tr>"
        });
        for (column, cell) in columns.iter().zip(cells) {
            let _ = write!(html, "<td{}>{cell}</td>", class(column));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// The strongest attack on each defended head.
pub(super) fn strongest(rows: &[ResultRow]) -> Option<String> {
    let rate = |row: &ResultRow| row.tpr_at_fpr_1pct.unwrap_or(-1.0);
    let cell = |row: &ResultRow| {
        (
            (row.dataset.clone(), row.head.clone(), row.shots),
            (row.defence.clone(), row.epsilon, row.clip),
        )
    };
    let mut best: Vec<&ResultRow> = Vec::new();
    for row in rows
        .iter()
        .filter(|row| !row.failed() && row.tpr_at_fpr_1pct.is_some())
    {
        match best.iter_mut().find(|other| cell(other) == cell(row)) {
            Some(other) if rate(row) > rate(other) => *other = row,
            Some(_) => {}
            None => best.push(row),
        }
    }
    if best.is_empty() {
        return None;
    }
    let columns = [
        Column("dataset", false),
        Column("head", false),
        Column("shots", true),
        Column("defence", false),
        Column("accuracy", true),
        Column("strongest attack", false),
        Column("TPR at 1 % FPR", true),
        Column("AUC", true),
    ];
    let rows: Vec<(bool, Vec<String>)> = best
        .iter()
        .map(|row| {
            let cells = vec![
                escape(&row.dataset),
                escape(&row.head),
                row.shots.to_string(),
                defence(row),
                percent(row.accuracy, row.accuracy_lo, row.accuracy_hi),
                attack(row),
                percent(
                    row.tpr_at_fpr_1pct,
                    row.tpr_at_fpr_1pct_lo,
                    row.tpr_at_fpr_1pct_hi,
                ),
                decimals(row.auc, 3),
            ];
            (false, cells)
        })
        .collect();
    Some(table(&columns, &rows))
}

/// Every cell with its main columns; failed ones are marked.
pub(super) fn cells(rows: &[ResultRow]) -> String {
    let columns = [
        Column("dataset", false),
        Column("head", false),
        Column("shots", true),
        Column("defence", false),
        Column("attack", false),
        Column("null", false),
        Column("victims", true),
        Column("accuracy", true),
        Column("TPR at 0.1 %", true),
        Column("TPR at 1 %", true),
        Column("TPR at 10 %", true),
        Column("FPR realised", true),
        Column("AUC", true),
        Column("MSE", true),
        Column("MSE, null", true),
        Column("success at τ", true),
        Column("ε lower bound", true),
        Column("queries", true),
    ];
    let rows: Vec<(bool, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let mut attacked = attack(row);
            if row.failed() {
                attacked.push_str(" <small>failed</small>");
            }
            let cells = vec![
                escape(&row.dataset),
                escape(&row.head),
                row.shots.to_string(),
                defence(row),
                attacked,
                escape(&words(&row.null)),
                row.victims.map_or_else(String::new, |n| n.to_string()),
                percent(row.accuracy, row.accuracy_lo, row.accuracy_hi),
                percent(row.tpr_at_fpr_0_1pct, None, None),
                percent(
                    row.tpr_at_fpr_1pct,
                    row.tpr_at_fpr_1pct_lo,
                    row.tpr_at_fpr_1pct_hi,
                ),
                percent(row.tpr_at_fpr_10pct, None, None),
                row.fpr_realised
                    .map_or_else(String::new, |v| format!("{:.2} %", 100.0 * v)),
                decimals(row.auc, 3),
                decimals(row.mse, 4),
                decimals(row.mse_null, 4),
                percent(row.success_at_tau, None, None),
                row.epsilon_lower_bound.map_or_else(String::new, number),
                row.queries.map_or_else(String::new, |n| n.to_string()),
            ];
            (row.failed(), cells)
        })
        .collect();
    table(&columns, &rows)
}

/// Both ways of encrypting one task, a column each; `None` if there are none.
pub(super) fn both_ways(rows: &[BothWaysRow]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let mut html = String::from("<div class=\"scroll\"><table>\n<thead><tr><th></th>");
    for row in rows {
        let _ = write!(html, "<th>{}</th>", escape(system_name(&row.system)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    let bytes = |value: Option<u64>| match value {
        Some(0) => "none".to_owned(),
        Some(bytes) => byte_size(bytes),
        None => String::new(),
    };
    type Cell<'a> = &'a dyn Fn(&BothWaysRow) -> String;
    let lines: [(&str, Cell<'_>); 13] = [
        ("protects", &|row| escape(&row.protects)),
        ("encrypted", &|row| escape(&row.encrypted)),
        ("in the clear", &|row| escape(&row.clear)),
        ("training examples", &|row| row.n.to_string()),
        ("test accuracy", &|row| {
            percent(row.accuracy, row.accuracy_lo, row.accuracy_hi)
        }),
        ("labels as in the clear", &|row| {
            percent(row.label_agreement, None, None)
        }),
        ("attack: TPR at 1 % FPR", &|row| {
            percent(
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            )
        }),
        ("attack: AUC", &|row| {
            let mut text = decimals(row.auc, 3);
            if let Some((lo, hi)) = row.auc_lo.zip(row.auc_hi) {
                let _ = write!(text, "<small>[{lo:.3}, {hi:.3}]</small>");
            }
            text
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
    for (name, cell) in lines {
        let _ = write!(html, "<tr><th scope=\"row\">{name}</th>");
        for row in rows {
            let _ = write!(html, "<td class=\"wide\">{}</td>", cell(row));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    Some(html)
}

/// The failed cells with their errors; `None` if there are none.
pub(super) fn failures(rows: &[ResultRow]) -> Option<String> {
    let failed: Vec<&ResultRow> = rows.iter().filter(|row| row.failed()).collect();
    if failed.is_empty() {
        return None;
    }
    let mut html = String::from(
        "<div class=\"scroll\"><table>\n<thead><tr><th>cell</th><th>error</th></tr></thead>\n<tbody>\n",
    );
    for row in failed {
        let _ = writeln!(
            html,
            "<tr class=\"failed\"><td>{}, {} shots, {}, {}</td><td class=\"wide\">{}</td></tr>",
            escape(&row.dataset),
            row.shots,
            defence(row),
            attack(row),
            escape(&row.error)
        );
    }
    html.push_str("</tbody></table></div>\n");
    Some(html)
}

/// How long stages took; `None` if nothing was timed.
pub(super) fn timings(rows: &[TimingRow]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let columns = [
        Column("stage", false),
        Column("cell", false),
        Column("from cache", false),
        Column("time", true),
        Column("items", true),
        Column("items a second", true),
    ];
    let rows: Vec<(bool, Vec<String>)> = rows
        .iter()
        .map(|row| {
            let cells = vec![
                escape(&row.stage),
                escape(&row.cell),
                escape(&row.cached),
                seconds(row.seconds),
                row.items.map_or_else(String::new, |n| n.to_string()),
                row.items_per_second
                    .map_or_else(String::new, |rate| format!("{rate:.0}")),
            ];
            (false, cells)
        })
        .collect();
    Some(table(&columns, &rows))
}

fn defence(row: &ResultRow) -> String {
    let name = escape(defence_name(&row.defence));
    row.epsilon.map_or(name.clone(), |epsilon| {
        format!("{name}, ε = {}", number(epsilon))
    })
}

fn attack(row: &ResultRow) -> String {
    let name = escape(&words(&row.attack));
    if row.release.is_empty() {
        return name;
    }
    format!("{name}<small>on {}</small>", escape(&row.release))
}

fn percent(value: Option<f64>, lo: Option<f64>, hi: Option<f64>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let mut text = format!("{:.1} %", 100.0 * value);
    if let Some((lo, hi)) = lo.zip(hi) {
        let _ = write!(
            text,
            "<small>[{:.1}, {:.1}]</small>",
            100.0 * lo,
            100.0 * hi
        );
    }
    text
}

fn decimals(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.digits$}"))
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.1 => format!("{:.1} ms", 1000.0 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}
