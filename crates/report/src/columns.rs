//! How columns are shown to readers: their headings, and the form of their cells.

use polars::prelude::{AnyValue, Column, DataFrame};

use crate::digits::number;
use crate::words::{defence_name, words};

/// The form of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As it stands.
    Plain,
    /// A lower_snake word.
    Word,
    /// A defence.
    Defence,
    /// A number to four digits.
    Number,
    /// A share in per cent, to this many decimals.
    Share(usize),
    /// A difference of shares in points, with its sign.
    Points,
    /// A number to this many decimals.
    Decimals(usize),
    /// Seconds with their unit.
    Seconds,
}

/// Headings and forms by name; a column that is not here is shown as it stands.
const SHOWN: [(&str, &str, Form); 48] = [
    ("defence", "defence", Form::Defence),
    ("epsilon", "ε, add/remove", Form::Number),
    ("epsilon_replace_one", "ε, replace one", Form::Number),
    ("clip", "clip", Form::Number),
    ("attack", "attack", Form::Word),
    ("release", "sees", Form::Plain),
    ("null", "null", Form::Word),
    ("accuracy", "accuracy", Form::Share(1)),
    ("tpr_at_fpr_0_1pct", "TPR at 0.1 % FPR", Form::Share(1)),
    ("tpr_at_fpr_1pct", "TPR at 1 % FPR", Form::Share(1)),
    ("tpr_at_fpr_10pct", "TPR at 10 % FPR", Form::Share(1)),
    ("tpr_bound_at_fpr_1pct", "bound on it", Form::Share(1)),
    ("fpr_realised", "FPR realised", Form::Share(2)),
    ("auc", "AUC", Form::Decimals(3)),
    ("mse", "MSE", Form::Decimals(4)),
    ("mse_null", "MSE, null", Form::Decimals(4)),
    ("success_at_tau", "success at τ", Form::Share(1)),
    ("success_at_tau_blind", "blind", Form::Share(1)),
    ("success_bound_at_tau", "bound on success", Form::Share(1)),
    ("epsilon_lower_bound", "ε lower bound", Form::Number),
    ("label_agreement", "labels agree", Form::Share(1)),
    (
        "encrypted_agreement",
        "labels agree, encrypted",
        Form::Share(2),
    ),
    ("cosine", "cosine", Form::Decimals(3)),
    ("cached", "from cache", Form::Plain),
    ("seconds", "time", Form::Seconds),
    ("items_per_second", "items a second", Form::Decimals(0)),
    ("accuracy_lost", "accuracy lost", Form::Share(1)),
    ("cheapest_epsilon", "cheapest ε", Form::Number),
    ("victims_median", "MSE, median", Form::Decimals(4)),
    ("victims_p05", "MSE, 5 %", Form::Decimals(4)),
    ("victims_p95", "MSE, 95 %", Form::Decimals(4)),
    ("null_median", "null, median", Form::Decimals(4)),
    ("null_p05", "null, 5 %", Form::Decimals(4)),
    ("null_p95", "null, 95 %", Form::Decimals(4)),
    ("tau", "τ", Form::Decimals(4)),
    ("latency_ms", "time [ms]", Form::Number),
    ("leak_a", "TPR at 1 % FPR, A", Form::Share(1)),
    ("leak_b", "TPR at 1 % FPR, B", Form::Share(1)),
    ("leak_difference", "B - A [points]", Form::Points),
    ("accuracy_a", "accuracy, A", Form::Share(1)),
    ("accuracy_b", "accuracy, B", Form::Share(1)),
    ("accuracy_difference", "B - A [points]", Form::Points),
    ("tpr_at_fpr_1pct_a", "A at 1 % FPR", Form::Share(1)),
    ("tpr_at_fpr_1pct_b", "B at 1 % FPR", Form::Share(1)),
    ("difference_at_fpr_1pct", "A - B [points]", Form::Points),
    ("tpr_at_fpr_0_1pct_a", "A at 0.1 % FPR", Form::Share(1)),
    ("tpr_at_fpr_0_1pct_b", "B at 0.1 % FPR", Form::Share(1)),
    ("difference_at_fpr_0_1pct", "A - B [points]", Form::Points),
];

/// A cell's text, with the interval of its value where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shown {
    /// The value; empty where it is undefined.
    pub value: String,
    /// Its interval, as `[0.1, 0.2]`.
    pub interval: Option<String>,
}

/// A column as readers see it.
pub(crate) struct Heading<'a> {
    /// What stands above it.
    pub text: String,
    /// Whether it holds numbers.
    pub numeric: bool,
    form: Form,
    values: &'a Column,
    ends: Option<(&'a Column, &'a Column)>,
}

/// The columns of a table as readers see them: an interval's ends beside its value, and `error`
/// left to the caller.
pub(crate) fn headings(frame: &DataFrame) -> Vec<Heading<'_>> {
    let is_end = |name: &str| {
        let value = name.strip_suffix("_lo").or(name.strip_suffix("_hi"));
        value.is_some_and(|value| frame.column(value).is_ok())
    };
    let columns = frame.columns().iter();
    columns
        .filter(|column| !is_end(column.name()) && column.name() != "error")
        .map(|values| {
            let name = values.name().as_str();
            let known = SHOWN.iter().find(|(own, ..)| *own == name);
            let (text, form) = known.map_or((words(name), Form::Plain), |(_, text, form)| {
                ((*text).to_owned(), *form)
            });
            let end = |suffix: &str| frame.column(&format!("{name}{suffix}")).ok();
            Heading {
                text,
                numeric: values.str().is_err(),
                form,
                values,
                ends: end("_lo").zip(end("_hi")),
            }
        })
        .collect()
}

impl Heading<'_> {
    /// The cell of a row.
    pub(crate) fn cell(&self, row: usize) -> Shown {
        let Ok(value) = self.values.get(row) else {
            return Shown::default();
        };
        let number = |column: &Column| column.get(row).ok().and_then(|cell| as_number(&cell));
        let ends = self.ends.and_then(|(lo, hi)| number(lo).zip(number(hi)));
        Shown {
            value: self.text_of(&value),
            interval: ends
                .filter(|_| !value.is_null())
                .map(|(lo, hi)| self.interval(lo, hi)),
        }
    }

    fn text_of(&self, value: &AnyValue<'_>) -> String {
        let text = value.get_str().unwrap_or_default();
        match (as_number(value), self.form) {
            (None, Form::Word) => words(text),
            (None, Form::Defence) => defence_name(text).to_owned(),
            (None, _) => text.to_owned(),
            (Some(_), Form::Plain | Form::Word | Form::Defence) => value.to_string(),
            (Some(share), Form::Share(digits)) => format!("{:.digits$} %", 100.0 * share),
            (Some(share), Form::Points) => format!("{:+.1}", 100.0 * share),
            (Some(value), Form::Decimals(digits)) => format!("{value:.digits$}"),
            (Some(value), Form::Number) => number(value),
            (Some(value), Form::Seconds) => seconds(value),
        }
    }

    fn interval(&self, lo: f64, hi: f64) -> String {
        match self.form {
            Form::Share(digits) => format!("[{:.digits$}, {:.digits$}]", 100.0 * lo, 100.0 * hi),
            Form::Points => format!("[{:+.1}, {:+.1}]", 100.0 * lo, 100.0 * hi),
            Form::Decimals(digits) => format!("[{lo:.digits$}, {hi:.digits$}]"),
            _ => format!("[{}, {}]", number(lo), number(hi)),
        }
    }
}

fn as_number(value: &AnyValue<'_>) -> Option<f64> {
    match value {
        AnyValue::Float64(number) => Some(*number),
        AnyValue::UInt64(count) => Some(*count as f64),
        _ => None,
    }
}

/// A share in per cent with its interval: `81.4 % [78.4, 84.2]`.
pub(crate) fn share(value: f64, lo: Option<f64>, hi: Option<f64>) -> String {
    let ends = lo.zip(hi).map_or_else(String::new, |(lo, hi)| {
        format!(" [{:.1}, {:.1}]", 100.0 * lo, 100.0 * hi)
    });
    format!("{:.1} %{ends}", 100.0 * value)
}

/// Seconds with their unit.
pub(crate) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.1 => format!("{:.1} ms", 1000.0 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// The columns of a table, without those that hold the same in every row and those that are
/// undefined throughout; `always` stay. Ends of intervals go with their value.
pub(crate) fn varying(frame: &DataFrame, names: &[&str], always: &[&str]) -> Vec<String> {
    let varies = |column: &Column| {
        let first = column.get(0).ok();
        (1..column.len()).any(|row| column.get(row).ok() != first)
    };
    let defined = |column: &Column| column.null_count() < column.len();
    let mut kept = Vec::new();
    for name in names {
        let Ok(column) = frame.column(name) else {
            continue;
        };
        if always.contains(name) && defined(column) || varies(column) {
            kept.push((*name).to_owned());
            for end in ["_lo", "_hi"].map(|end| format!("{name}{end}")) {
                if frame.column(&end).is_ok_and(defined) {
                    kept.push(end);
                }
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
    use crate::rows::ResultRow;

    #[test]
    fn cells_have_the_form_of_their_column() {
        let row = ResultRow {
            defence: "dp_sgd".into(),
            shots: 4,
            epsilon: Some(19.9999),
            accuracy: Some(0.5),
            accuracy_lo: Some(0.45),
            accuracy_hi: Some(0.55),
            ..ResultRow::default()
        };
        let frame = DataFrame::new(1, ResultRow::columns(&[row])).unwrap();
        let headings = headings(&frame);
        let cell = |name: &str| {
            let heading = headings
                .iter()
                .find(|heading| heading.text == name)
                .unwrap();
            heading.cell(0)
        };
        assert_eq!(cell("defence").value, "DP-SGD");
        assert_eq!(cell("shots").value, "4");
        assert_eq!(cell("ε, add/remove").value, "20");
        assert_eq!(cell("accuracy").value, "50.0 %");
        assert_eq!(cell("accuracy").interval.unwrap(), "[45.0, 55.0]");
        assert_eq!(cell("AUC"), Shown::default());
        assert!(headings.iter().all(|heading| !heading.text.ends_with("lo")));
    }

    #[test]
    fn what_is_the_same_throughout_is_left_out() {
        let row = |shots, defence: &str| ResultRow {
            shots,
            defence: defence.into(),
            auc: Some(0.5),
            auc_lo: Some(0.4),
            ..ResultRow::default()
        };
        let rows = [row(1, "none"), row(4, "none")];
        let frame = DataFrame::new(2, ResultRow::columns(&rows)).unwrap();
        let kept = varying(&frame, &["shots", "defence", "auc", "mse"], &["auc", "mse"]);
        assert_eq!(kept, ["shots", "auc", "auc_lo"]);
    }
}
