//! Runs that differ in their seed alone, as one table: `harness show --seeds`.

use polars::prelude::{Column, DataFrame, NamedFrom, PolarsError, Series};

use crate::error::ReportError;
use crate::gate::{accuracy, cell_name, pairs, rate};
use crate::rows::ResultRow;
use crate::show::{Look, run_name, written};
use crate::table::Table;

/// A value of a row.
type Measured = fn(&ResultRow) -> Option<f64>;

/// What is laid side by side: its name and its value in a row.
const MEASURES: [(&str, Measured); 4] = [
    ("leak", |row| rate(row).map(|it| it.0)),
    ("tpr_at_fpr_0_1pct", |row| row.tpr_at_fpr_0_1pct),
    ("mse", |row| row.mse),
    ("accuracy", |row| accuracy(row).map(|it| it.0)),
];

/// One row for each cell that any of the runs has: over how many seeds, and of what leaks, of its
/// error and of the accuracy the mean, the least and the most over them. What leaks most comes first.
/// An interval in one run says how far its own victims can be trusted; the spread over seeds holds
/// backbones, splits and fitted attacks too.
///
/// # Errors
/// If two runs have one seed, or two rows of a run ask for the same.
pub fn show_seeds(tables: &[Table<ResultRow>], look: Look) -> Result<String, ReportError> {
    let mut cells: Vec<Vec<ResultRow>> = Vec::new();
    let mut firsts: Vec<&Table<ResultRow>> = Vec::new();
    // Where each cell was first seen: its table and its row there.
    let mut seen: Vec<(usize, usize)> = Vec::new();
    for table in tables {
        let rows = table.rows()?;
        let mut found = vec![None; rows.len()];
        for (number, first) in firsts.iter().enumerate() {
            for (before, now) in pairs(first, table, &[])?.matched {
                let known = seen.iter().position(|it| *it == (number, before));
                found[now] = found[now].or(known);
            }
        }
        let number = firsts.len();
        firsts.push(table);
        for (at, (row, found)) in rows.into_iter().zip(found).enumerate() {
            match found {
                Some(cell) => {
                    if let Some(twin) = cells[cell].iter().find(|it| it.seed == row.seed) {
                        return Err(ReportError::Table {
                            doing: "lay out",
                            path: table.path().to_owned(),
                            why: format!(
                                "its seed {} is that of another run\nhint: give runs of other \
                                 seeds, made by `--set seed=.. --results DIR`",
                                twin.seed
                            ),
                        });
                    }
                    cells[cell].push(row);
                }
                None => {
                    seen.push((number, at));
                    cells.push(vec![row]);
                }
            }
        }
    }
    let path = tables.first().map(|it| it.path().to_owned());
    let refused = |error: PolarsError| ReportError::Table {
        doing: "lay out",
        path: path.clone().unwrap_or_default(),
        why: error.to_string(),
    };
    let leak = |rows: &Vec<ResultRow>| mean(&values(rows, MEASURES[0].1));
    cells.sort_by(|a, b| leak(b).unwrap_or(-1.0).total_cmp(&leak(a).unwrap_or(-1.0)));
    let frame = frame(&cells).map_err(refused)?;
    let runs: Vec<String> = tables.iter().map(|it| run_name(it.path())).collect();
    let above = format!("seeds of {}\n\n", runs.join(", "));
    written(&frame, look, &above).map_err(refused)
}

fn frame(cells: &[Vec<ResultRow>]) -> Result<DataFrame, PolarsError> {
    let names: Vec<String> = cells.iter().map(|rows| cell_name(&rows[0])).collect();
    let seeds: Vec<u64> = cells.iter().map(|rows| rows.len() as u64).collect();
    let mut columns = vec![
        Column::from(Series::new("cell".into(), names)),
        Column::from(Series::new("seeds".into(), seeds)),
    ];
    let least = |values: &[f64]| values.iter().copied().reduce(f64::min);
    let most = |values: &[f64]| values.iter().copied().reduce(f64::max);
    for (name, of) in MEASURES {
        let column = |end: &str, pick: &dyn Fn(&[f64]) -> Option<f64>| {
            let each = cells.iter().map(|rows| pick(&values(rows, of)));
            Column::from(Series::new(
                format!("{name}{end}").into(),
                each.collect::<Vec<_>>(),
            ))
        };
        columns.push(column("", &mean));
        columns.push(column("_lo", &least));
        columns.push(column("_hi", &most));
    }
    DataFrame::new(cells.len(), columns)
}

fn values(rows: &[ResultRow], of: Measured) -> Vec<f64> {
    rows.iter().filter_map(of).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, shots: &[u64], rate: f64) -> Table<ResultRow> {
        let row = |shots: &u64| ResultRow {
            shots: *shots,
            seed,
            attack: "unmixing".into(),
            tpr_at_fpr_1pct: Some(rate / *shots as f64),
            ..ResultRow::default()
        };
        Table::from_rows(&shots.iter().map(row).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn each_cell_has_its_mean_and_its_ends_over_seeds() {
        // The last run lacks a cell and brings one of its own.
        let runs = [
            run(1, &[1, 4], 0.8),
            run(2, &[4, 1], 0.6),
            run(3, &[1, 2], 0.7),
        ];
        let shown = show_seeds(&runs, Look::Csv).unwrap();
        let mut reader = csv::Reader::from_reader(shown.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let of = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!((of(0, 1), of(1, 1), of(2, 1)), (3.0, 1.0, 2.0));
        assert!((of(0, 2) - 0.7).abs() < 1e-12);
        assert_eq!((of(0, 3), of(0, 4)), (0.6, 0.8));
        assert!((of(2, 2) - 0.175).abs() < 1e-12);
    }

    #[test]
    fn a_seed_counts_once() {
        let runs = [run(1, &[1], 0.8), run(1, &[1], 0.8)];
        let error = show_seeds(&runs, Look::Text).unwrap_err().to_string();
        assert!(
            error.contains("its seed 1 is that of another run"),
            "{error}"
        );
    }
}
