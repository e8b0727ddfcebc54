//! What a figure draws, as a table.

use polars::prelude::DataFrame;

use super::series::Traits;
use crate::columns::varying;
use crate::row::Row;
use crate::rows::ResultRow;

/// The drawn rows: what sets them apart, then the columns `measured` with their intervals.
pub fn numbers(rows: &[&ResultRow], measured: &[&str]) -> DataFrame {
    let rows: Vec<ResultRow> = rows.iter().map(|row| (*row).clone()).collect();
    let whole = DataFrame::new(rows.len(), ResultRow::columns(&rows)).unwrap_or_default();
    let mut names: Vec<&str> = Traits::COLUMNS.to_vec();
    names.extend(measured);
    // Columns that a frame of results always has.
    whole
        .select(varying(&whole, &names, measured))
        .unwrap_or_default()
}

/// What a figure shows, in a sentence for readers who cannot see it.
pub fn described(title: &str, common: &str, series: &[String]) -> String {
    let mut text = title.trim_end_matches('?').to_owned();
    if !common.is_empty() {
        text += &format!(" ({common})");
    }
    let named: Vec<&str> = series
        .iter()
        .map(String::as_str)
        .filter(|label| !label.is_empty())
        .collect();
    if !named.is_empty() {
        text += &format!(": {}", named.join("; "));
    }
    text + ". The numbers are in the table below the figure."
}
