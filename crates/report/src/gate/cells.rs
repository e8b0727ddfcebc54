//! Which row of one table is which of another: joined on all that was asked for.

use polars::prelude::{
    Column, DataFrame, DataFrameJoinOps, JoinArgs, JoinType, NamedFrom, PolarsError, Series,
};

use crate::error::ReportError;
use crate::phrases::{queries_name, shots_name};
use crate::rows::ResultRow;
use crate::table::Table;

/// The columns that say what was asked for. What was measured, how often (`victims`) and how long
/// (`samples`, `attack_steps`), the seed, and what names the code are not among them.
const ASKED: [&str; 22] = [
    "experiment",
    "dataset",
    "backbone",
    "head",
    "shots",
    "defence",
    "epsilon",
    "delta",
    "noise_multiplier",
    "clip",
    "sampling",
    "tuned",
    "release",
    "attack",
    "null",
    "queries",
    "setting",
    "optimiser",
    "init_std",
    "weight_decay",
    "learning_rate",
    "steps",
];

/// What tuning chooses, and therefore nobody asked for.
const CHOSEN: [&str; 3] = ["clip", "learning_rate", "steps"];

/// What tuning chooses where several are listed, but what a sweep may have asked for where not.
const LISTED: &str = "sampling";

/// What a row that failed may not know yet.
const LATE: [&str; 9] = [
    "epsilon",
    "delta",
    "noise_multiplier",
    "clip",
    "sampling",
    "tuned",
    "queries",
    "learning_rate",
    "steps",
];

/// Of these, what a defence replaces by its own.
const RECIPE: [&str; 2] = ["learning_rate", "steps"];

/// Rows of two tables, by their places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pairs {
    /// A row of the first table and the one of the second that asks for the same.
    pub matched: Vec<(usize, usize)>,
    /// Rows of the first table alone.
    pub lost: Vec<usize>,
    /// Rows of the second table alone.
    pub new: Vec<usize>,
}

/// Pairs the rows of two tables, leaving the columns `apart` out of account.
///
/// # Errors
/// If two rows of one table ask for the same.
pub(crate) fn pairs(
    before: &Table<ResultRow>,
    now: &Table<ResultRow>,
    apart: &[&str],
) -> Result<Pairs, ReportError> {
    let has = |table: &Table<ResultRow>, name: &str| table.frame().column(name).is_ok();
    let keys: Vec<&str> = ASKED
        .into_iter()
        .filter(|name| !apart.contains(name) && has(before, name) && has(now, name))
        .collect();
    let failed = |error: PolarsError| ReportError::Table {
        doing: "match the rows of",
        path: now.path().to_owned(),
        why: error.to_string(),
    };
    let sides = [
        Side::new(before, &keys, "before").map_err(failed)?,
        Side::new(now, &keys, "now").map_err(failed)?,
    ];
    for (side, table) in sides.iter().zip([before, now]) {
        side.refuse_twins(table, &keys)?;
    }
    let [before, now] = &sides;
    let args = JoinArgs {
        nulls_equal: true,
        ..JoinArgs::new(JoinType::Full)
    };
    let joined = before
        .whole
        .join(&now.whole, &keys, &keys, args, None)
        .map_err(failed)?;
    let places = |name: &str| -> Result<Vec<Option<u64>>, ReportError> {
        let column = joined.column(name).and_then(Column::u64);
        Ok(column.map_err(failed)?.iter().collect())
    };
    let mut pairs = Pairs::default();
    for pair in places("before")?.into_iter().zip(places("now")?) {
        match pair {
            (Some(b), Some(n)) => pairs.matched.push((b as usize, n as usize)),
            (Some(b), None) => pairs.lost.push(b as usize),
            (None, Some(n)) => pairs.new.push(n as usize),
            (None, None) => {}
        }
    }
    pairs.lost.extend(&before.failed);
    pairs.new.extend(&now.failed);
    pairs.lost.sort_unstable();
    pairs.new.sort_unstable();
    pair_failed(&mut pairs, before, now);
    pair_tuned(&mut pairs, before, now);
    pairs.matched.sort_unstable();
    Ok(pairs)
}

/// One table's keys.
struct Side {
    /// The keys of every row.
    keys: DataFrame,
    /// The keys of the rows that did not fail, with their places.
    whole: DataFrame,
    /// The places of those that did.
    failed: Vec<usize>,
}

impl Side {
    fn new(table: &Table<ResultRow>, names: &[&str], place: &str) -> Result<Self, PolarsError> {
        let frame = table.frame();
        let set = |name: &str| -> Vec<bool> {
            let column = frame.column(name).and_then(Column::str);
            column.map_or(vec![false; frame.height()], |texts| {
                texts.iter().map(|text| text.is_some()).collect()
            })
        };
        let (tuned, failures) = (set("tuned"), set("error"));
        let claimed: Vec<bool> = match frame.column("epsilon").and_then(Column::f64) {
            Ok(column) => column.iter().map(|epsilon| epsilon.is_some()).collect(),
            Err(_) => vec![false; frame.height()],
        };
        let mut columns = Vec::with_capacity(names.len());
        for &name in names {
            let kept = |row: usize| match name {
                // Either is found from the other.
                "noise_multiplier" => !claimed[row],
                _ => !(tuned[row] && CHOSEN.contains(&name)),
            };
            columns.push(key(frame.column(name)?, name, kept)?);
        }
        let keys = DataFrame::new(frame.height(), columns)?;
        let rows: Vec<u64> = (0..frame.height() as u64).collect();
        let mut whole = keys.clone();
        whole.with_column(Series::new(place.into(), rows).into())?;
        let measured = Series::new(
            "measured".into(),
            failures.iter().map(|it| !it).collect::<Vec<_>>(),
        );
        let whole = whole.filter(measured.bool()?)?;
        let failed = (0..frame.height()).filter(|&row| failures[row]).collect();
        Ok(Self {
            keys,
            whole,
            failed,
        })
    }

    /// Two rows that ask for the same could each be held against either.
    fn refuse_twins(&self, table: &Table<ResultRow>, names: &[&str]) -> Result<(), ReportError> {
        let failed = |error: PolarsError| ReportError::Table {
            doing: "group the rows of",
            path: table.path().to_owned(),
            why: error.to_string(),
        };
        let groups = self.whole.group_by_stable(names).map_err(failed)?;
        let places = self.whole.columns().last().map(Column::u64);
        let Some(Ok(places)) = places else {
            return Ok(());
        };
        for group in groups.get_groups().iter() {
            if group.len() < 2 {
                continue;
            }
            // The group as rows of the table.
            let rows: Vec<usize> = match group {
                polars::prelude::GroupsIndicator::Idx((_, rows)) => {
                    rows.iter().map(|&row| row as usize).collect()
                }
                polars::prelude::GroupsIndicator::Slice([first, count]) => {
                    (first as usize..(first + count) as usize).collect()
                }
            };
            let mut rows: Vec<usize> = rows
                .into_iter()
                .filter_map(|row| places.get(row).map(|place| place as usize))
                .collect();
            rows.sort_unstable();
            return Err(ReportError::Ambiguous {
                path: table.path().to_owned(),
                rows: (rows[0] + 1, rows[1] + 1),
                cell: cell_name(&table.rows()?[rows[0]]),
            });
        }
        Ok(())
    }

    /// Whether two rows, both tuned, differ in no key but what a search may have chosen.
    fn asks_the_same(&self, row: usize, other: &Self, twin: usize) -> bool {
        let columns = self.keys.columns().iter().zip(other.keys.columns());
        columns.into_iter().all(|(a, b)| {
            let (Ok(own), Ok(theirs)) = (a.get(row), b.get(twin)) else {
                return false;
            };
            match a.name().as_str() {
                "tuned" => own == theirs && !own.is_null(),
                LISTED => true,
                _ => own == theirs,
            }
        })
    }

    /// Whether two rows are the same cell, one of which failed before all of its columns were known.
    fn may_be(&self, row: usize, other: &Self, twin: usize) -> bool {
        let columns = self.keys.columns().iter().zip(other.keys.columns());
        columns.into_iter().all(|(a, b)| {
            let (Ok(own), Ok(theirs)) = (a.get(row), b.get(twin)) else {
                return false;
            };
            let late = LATE.contains(&a.name().as_str());
            own == theirs
                || late
                    && (own.is_null() || theirs.is_null() || RECIPE.contains(&a.name().as_str()))
        })
    }
}

/// Pairs what is left of tuned rows that differ in nothing but what the search chose, where there is one such
/// row on either side.
fn pair_tuned(pairs: &mut Pairs, before: &Side, now: &Side) {
    let Pairs { matched, lost, new } = pairs;
    let alike = |b: usize, n: usize| before.asks_the_same(b, now, n);
    let lone = |b: usize| {
        let twins: Vec<usize> = new.iter().copied().filter(|&n| alike(b, n)).collect();
        let [twin] = twins.as_slice() else {
            return None;
        };
        let rivals = lost.iter().filter(|&&other| alike(other, *twin)).count();
        (rivals == 1).then_some((b, *twin))
    };
    let found: Vec<(usize, usize)> = lost.iter().filter_map(|&b| lone(b)).collect();
    lost.retain(|b| !found.iter().any(|(row, _)| row == b));
    new.retain(|n| !found.iter().any(|(_, row)| row == n));
    matched.extend(found);
}

/// Pairs what is left where one of two rows failed.
fn pair_failed(pairs: &mut Pairs, before: &Side, now: &Side) {
    let Pairs { matched, lost, new } = pairs;
    lost.retain(|&b| {
        let found = new.iter().position(|&n| {
            let fell = before.failed.contains(&b) || now.failed.contains(&n);
            fell && before.may_be(b, now, n)
        });
        let Some(found) = found else { return true };
        matched.push((b, new.remove(found)));
        false
    });
}

/// A column of keys. Numbers count to four digits, because an accountant may find its last ones
/// otherwise; of what was tuned, only that it was.
fn key(column: &Column, name: &str, kept: impl Fn(usize) -> bool) -> Result<Column, PolarsError> {
    let series = if let Ok(numbers) = column.f64() {
        let texts = numbers.iter().enumerate().map(|(row, number)| {
            number
                .filter(|_| kept(row))
                .map(|number| format!("{number:.3e}"))
        });
        Series::new(name.into(), texts.collect::<Vec<_>>())
    } else if let Ok(counts) = column.u64() {
        let counts = counts.iter().enumerate();
        let counts = counts.map(|(row, count)| count.filter(|_| kept(row)));
        Series::new(name.into(), counts.collect::<Vec<_>>())
    } else {
        let texts = column.str()?.iter();
        let texts = texts.map(|text| match name {
            "tuned" => text.map(|_| "tuned"),
            _ => text,
        });
        Series::new(name.into(), texts.collect::<Vec<_>>())
    };
    Ok(series.into())
}

/// What a row asks for, in words.
pub(crate) fn cell_name(row: &ResultRow) -> String {
    let epsilon = row
        .epsilon
        .map(|e| format!("epsilon {}", crate::digits::number(e)));
    let noise = row.noise_multiplier.filter(|_| row.epsilon.is_none());
    let noise = noise.map(|s| format!("noise {}", crate::digits::number(s)));
    let queries = row.queries.map(queries_name);
    let shots = shots_name(row.shots);
    let parts = [
        Some(row.experiment.as_str()),
        Some(row.dataset.as_str()),
        Some(row.head.as_str()),
        Some(shots.as_str()),
        Some(row.defence.as_str()),
        epsilon.as_deref(),
        noise.as_deref(),
        Some(row.release.as_str()),
        Some(row.attack.as_str()),
        Some(row.null.as_str()),
        queries.as_deref(),
        row.setting.as_deref(),
    ];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}
