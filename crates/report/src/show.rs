//! Runs side by side, as text: `harness show`.

use std::path::Path;

use polars::prelude::{Column, DataFrame, NamedFrom, PolarsError, Series, SortMultipleOptions};

use crate::columns::{Heading, headings, varying};
use crate::error::ReportError;
use crate::gate::{Ends, Pairs, accuracy, cell_name, difference, pairs, rate};
use crate::rows::ResultRow;
use crate::table::{Table, csv};
use crate::text_table::{Layout, TextTable};

/// How tables are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Aligned columns.
    #[default]
    Text,
    /// A Markdown table.
    Markdown,
    /// CSV, with every column.
    Csv,
}

/// What tells a cell from another, in the order in which it is shown.
const CELL: [&str; 15] = [
    "run",
    "experiment",
    "dataset",
    "backbone",
    "head",
    "shots",
    "defence",
    "epsilon",
    "epsilon_replace_one",
    "clip",
    "attack",
    "release",
    "setting",
    "null",
    "queries",
];
/// What came out.
const FOUND: [&str; 5] = [
    "tpr_at_fpr_1pct",
    "auc",
    "accuracy",
    "mse",
    "success_at_tau",
];

/// One table of all runs, what leaked most first; failed cells last. Columns that hold the same in
/// every row stand above the table.
///
/// # Errors
/// If polars refuses.
pub fn show(tables: &[Table<ResultRow>], look: Look) -> Result<String, ReportError> {
    let refused = |error: PolarsError| ReportError::Table {
        doing: "lay out",
        path: tables
            .first()
            .map(|it| it.path().to_owned())
            .unwrap_or_default(),
        why: error.to_string(),
    };
    let mut rows = Vec::new();
    let mut runs = Vec::new();
    for table in tables {
        let own = table.rows()?;
        runs.extend(own.iter().map(|_| run_name(table.path())));
        rows.extend(own);
    }
    let frame = leaks_first(&rows, runs).map_err(refused)?;
    match look {
        Look::Csv => {
            let bytes = csv(&frame).map_err(refused)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Look::Text => text(&frame, Layout::Plain).map_err(refused),
        Look::Markdown => text(&frame, Layout::Markdown).map_err(refused),
    }
}

/// Sorted by what leaked: the rate at 1 % false positives, the area where there is none.
fn leaks_first(rows: &[ResultRow], runs: Vec<String>) -> Result<DataFrame, PolarsError> {
    let table = Table::from_rows(rows)
        .map_err(|error| PolarsError::ComputeError(error.to_string().into()))?;
    let mut frame = table.frame().clone();
    frame.insert_column(0, Series::new("run".into(), runs).into())?;
    let order = SortMultipleOptions::default()
        .with_order_descending(true)
        .with_nulls_last(true)
        .with_maintain_order(true);
    frame.sort(["tpr_at_fpr_1pct", "auc"], order)
}

fn text(frame: &DataFrame, layout: Layout) -> Result<String, PolarsError> {
    let mut names: Vec<&str> = CELL.to_vec();
    names.extend(FOUND);
    let mut kept = varying(frame, &names, &FOUND[..3]);
    if kept.is_empty() {
        kept.push("experiment".to_owned());
    }
    let shared = CELL[1..]
        .iter()
        .filter(|name| !kept.iter().any(|own| own == *name));
    let shared = frame.select(shared.copied())?;
    let shown = frame.select(&kept)?;
    let mut text = String::new();
    if frame.height() > 0 {
        let common = headings(&shared);
        let common = common
            .iter()
            .map(|heading| (heading, heading.cell(0).value));
        let common: Vec<String> = common
            .filter(|(_, value)| !value.is_empty())
            .map(|(heading, value)| format!("{}: {value}", heading.text))
            .collect();
        text += &format!("{}\n\n", common.join(" · "));
    }
    let columns = headings(&shown);
    let errors = frame.column("error")?.str()?;
    let fell = errors.null_count() < errors.len();
    let errors = fell.then(|| {
        errors
            .iter()
            .map(|error| error.unwrap_or_default().to_owned())
    });
    let errors = errors.map(Iterator::collect);
    Ok(text + &text_table(&columns, frame.height(), layout, errors).render())
}

fn text_table(
    columns: &[Heading<'_>],
    height: usize,
    layout: Layout,
    errors: Option<Vec<String>>,
) -> TextTable {
    let mut titles: Vec<&str> = columns.iter().map(|column| column.text.as_str()).collect();
    titles.extend(errors.as_ref().map(|_| "error"));
    let mut table = TextTable::new(&titles, layout);
    let numeric = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.numeric);
    numeric.for_each(|(at, _)| table.right(at));
    for row in 0..height {
        let cell = |column: &Heading<'_>| {
            let cell = column.cell(row);
            let interval = cell
                .interval
                .map_or_else(String::new, |it| format!(" {it}"));
            cell.value + &interval
        };
        let mut cells: Vec<String> = columns.iter().map(cell).collect();
        cells.extend(errors.as_ref().map(|errors| errors[row].clone()));
        table.row(cells);
    }
    table
}

/// Two runs cell by cell, what differs most first: what leaks and how accurate the heads are, in
/// both, and the differences with their intervals. Cells that only one run has come last. Runs that
/// share no experiment's name are compared whatever they are called.
///
/// # Errors
/// If two rows of a run ask for the same.
pub fn show_difference(
    a: &Table<ResultRow>,
    b: &Table<ResultRow>,
    look: Look,
) -> Result<String, ReportError> {
    let (before, now) = (a.rows()?, b.rows()?);
    let named = |name: &str| before.iter().any(|row| row.experiment == name);
    let strangers = !now.iter().any(|row| named(&row.experiment));
    let apart: &[&str] = if strangers { &["experiment"] } else { &[] };
    let Pairs {
        mut matched,
        lost,
        new,
    } = pairs(a, b, apart)?;
    let change = |&(b, n): &(usize, usize)| -> f64 {
        let (before, now) = (&before[b], &now[n]);
        let leak = before.tpr_at_fpr_1pct.zip(now.tpr_at_fpr_1pct);
        leak.or(before.auc.zip(now.auc))
            .map_or(0.0, |(a, b)| (b - a).abs())
    };
    matched.sort_by(|a, b| change(b).total_cmp(&change(a)));
    let pairs = matched
        .iter()
        .map(|&(b, n)| (Some(&before[b]), Some(&now[n])));
    let pairs = pairs
        .chain(lost.iter().map(|&b| (Some(&before[b]), None)))
        .chain(new.iter().map(|&n| (None, Some(&now[n]))));
    let refused = |error: PolarsError| ReportError::Table {
        doing: "lay out",
        path: a.path().to_owned(),
        why: error.to_string(),
    };
    let frame = differences(pairs.collect()).map_err(refused)?;
    let above = format!("A: {}\nB: {}\n\n", run_name(a.path()), run_name(b.path()));
    written(&frame, look, &above).map_err(refused)
}

/// A frame as it is to be looked at, with what stands `above` it where it is text.
pub(crate) fn written(frame: &DataFrame, look: Look, above: &str) -> Result<String, PolarsError> {
    let layout = match look {
        Look::Csv => return Ok(String::from_utf8_lossy(&csv(frame)?).into_owned()),
        Look::Markdown => Layout::Markdown,
        Look::Text => Layout::Plain,
    };
    let table = text_table(&headings(frame), frame.height(), layout, None).render();
    Ok(format!("{above}{table}"))
}

/// Typed columns of two runs' cells: what leaks and how accurate the heads are, with differences.
fn differences(
    pairs: Vec<(Option<&ResultRow>, Option<&ResultRow>)>,
) -> Result<DataFrame, PolarsError> {
    let names: Vec<String> = pairs
        .iter()
        .map(|(before, now)| before.or(*now).map_or_else(String::new, cell_name))
        .collect();
    let mut columns = vec![Column::from(Series::new("cell".into(), names))];
    type Measured = fn(&ResultRow) -> Option<Ends>;
    let measures: [(&str, Measured); 2] = [("leak", rate), ("accuracy", accuracy)];
    for (name, of) in measures {
        let values = |pick: usize| -> Vec<Option<Ends>> {
            let side = pairs.iter().map(|&(before, now)| [before, now][pick]);
            side.map(|row| row.and_then(of)).collect()
        };
        let (before, now) = (values(0), values(1));
        let apart = before.iter().zip(&now).map(|(before, now)| {
            let (before, now) = before.zip(*now)?;
            let (lo, hi) = difference(before, now);
            Some((now.0 - before.0, Some(lo), Some(hi)))
        });
        let apart: Vec<Option<Ends>> = apart.collect();
        for (suffix, values) in [("a", before), ("b", now), ("difference", apart)] {
            let part = |end: &str, pick: fn(Ends) -> Option<f64>| {
                let name = format!("{name}_{suffix}{end}");
                let values: Vec<Option<f64>> = values.iter().map(|it| it.and_then(pick)).collect();
                Column::from(Series::new(name.into(), values))
            };
            columns.push(part("", |(value, ..)| Some(value)));
            columns.push(part("_lo", |(_, lo, _)| lo));
            columns.push(part("_hi", |(.., hi)| hi));
        }
    }
    DataFrame::new(pairs.len(), columns)
}

/// A run's folder, or its file where that has a name of its own.
pub(crate) fn run_name(path: &Path) -> String {
    let named = if path.file_name().is_some_and(|name| name == "results.csv") {
        path.parent()
            .filter(|folder| !folder.as_os_str().is_empty())
    } else {
        None
    };
    named.unwrap_or(path).display().to_string()
}
