//! Attacks on the same victims, against one another.

use maud::Markup;
use polars::prelude::{NamedFrom, Series};

use super::tables::{refused, table};
use crate::columns::varying;
use crate::error::ReportError;
use crate::phrases::queries_name;
use crate::rows::PairRow;
use crate::table::Table;
use crate::words::words;

/// The columns that say what the victims are, and what was found.
const SHOWN: [&str; 14] = [
    "dataset",
    "backbone",
    "head",
    "shots",
    "defence",
    "epsilon",
    "A",
    "B",
    "tpr_at_fpr_1pct_a",
    "tpr_at_fpr_1pct_b",
    "difference_at_fpr_1pct",
    "tpr_at_fpr_0_1pct_a",
    "tpr_at_fpr_0_1pct_b",
    "difference_at_fpr_0_1pct",
];

/// A row a pair; `None` if there are none.
pub(super) fn table_of(rows: &[PairRow]) -> Result<Option<Markup>, ReportError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let mut frame = Table::from_rows(rows)?.frame().clone();
    let first = rows.iter().map(|row| {
        name(
            &row.attack_a,
            &row.release_a,
            row.queries_a,
            row.setting_a.as_deref(),
        )
    });
    let second = rows.iter().map(|row| {
        name(
            &row.attack_b,
            &row.release_b,
            row.queries_b,
            row.setting_b.as_deref(),
        )
    });
    for (column, names) in [("A", first.collect::<Vec<_>>()), ("B", second.collect())] {
        let column = Series::new(column.into(), names).into();
        frame.with_column(column).map_err(refused)?;
    }
    let kept = varying(&frame, &SHOWN, &SHOWN[6..]);
    Ok(Some(table(&frame.select(kept).map_err(refused)?, &[])))
}

/// `labels+unmixing on labels, 300 queries`.
fn name(attack: &str, release: &str, queries: Option<u64>, setting: Option<&str>) -> String {
    let mut parts = vec![format!("{} on {release}", words(attack))];
    parts.extend(queries.map(queries_name));
    parts.extend(setting.map(str::to_owned));
    parts.join(", ")
}
