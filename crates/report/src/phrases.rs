//! Rows in words.

use crate::digits::number;
use crate::rows::ResultRow;
use crate::words::{Given, defence_name, is_private, words};

/// `1 query`, `300 queries`.
pub fn queries_name(queries: u64) -> String {
    match queries {
        1 => "1 query".to_owned(),
        _ => format!("{queries} queries"),
    }
}

/// `1 shot`, `4 shots`.
pub fn shots_name(shots: u64) -> String {
    format!("{shots} shot{}", if shots == 1 { "" } else { "s" })
}

/// What an adversary gets of the row's head, if it is encrypted, beside ciphertexts.
pub(crate) fn given(row: &ResultRow) -> Given {
    Given::of(&row.defence, &row.release)
}

/// What every ε of a figure is.
pub(crate) const NEIGHBOURS: &str = "ε is that of adding or removing an example; that of replacing one, which bounds and the null replace one speak of, stands beside it in the table.";

/// A defence with what is given away under it, and its strength under both kinds of neighbours:
/// `RHE, classes revealed`, `DP-SGD, ε = 5 (replace one: 14)`.
pub(crate) fn defence_words(row: &ResultRow) -> String {
    let name = defence_name(&row.defence);
    let made = made_from(row).map_or_else(String::new, |it| format!(" ({})", words(it)));
    let name = format!("{name}{made}{}", given(row).words());
    let Some(epsilon) = row.epsilon else {
        return name;
    };
    let replaced = row
        .epsilon_replace_one
        .map_or_else(String::new, |it| format!(" (replace one: {})", number(it)));
    format!("{name}, ε = {}{replaced}", number(epsilon))
}

/// What a private head of one release is made from, or along which directions DP-SGD trained it, which stand
/// in `setting`: it is another defence for each.
pub(crate) fn made_from(row: &ResultRow) -> Option<&str> {
    let setting = row.setting.as_deref();
    setting.filter(|it| is_private(&row.defence) && !it.is_empty())
}

/// An attack with what it sees: `unmixing on weights`.
pub(crate) fn attack_words(row: &ResultRow) -> String {
    let name = words(&row.attack);
    if row.release.is_empty() {
        return name;
    }
    format!("{name} on {}", row.release)
}

/// Points of accuracy that a defence costs, in words.
pub(crate) fn cost_words(lost: Option<f64>) -> String {
    match lost {
        None => "accuracy not measured".to_owned(),
        Some(lost) if lost < 5e-4 => "no accuracy lost".to_owned(),
        Some(lost) => format!("{:.1} points of accuracy", 100.0 * lost),
    }
}

/// A cell in a few words: `unmixing, 4 shots, DP-SGD, ε = 5`.
pub fn cell_label(row: &ResultRow) -> String {
    let mut parts = vec![
        words(&row.attack),
        shots_name(row.shots),
        defence_words(row),
    ];
    parts.extend(row.queries.map(queries_name));
    parts.extend(row.setting.clone().filter(|_| made_from(row).is_none()));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_one_are_singular() {
        let row = ResultRow {
            attack: "labels+unmixing".into(),
            defence: "dp_sgd".into(),
            epsilon: Some(4.99997),
            shots: 1,
            queries: Some(1),
            ..ResultRow::default()
        };
        assert_eq!(
            cell_label(&row),
            "labels+unmixing, 1 shot, DP-SGD, ε = 5, 1 query"
        );
        let both = ResultRow {
            epsilon_replace_one: Some(14.02),
            ..row
        };
        assert_eq!(defence_words(&both), "DP-SGD, ε = 5 (replace one: 14.02)");
        let along = |directions: &str| ResultRow {
            setting: Some(directions.into()),
            ..both.clone()
        };
        assert_eq!(
            defence_words(&along("no labels")),
            "DP-SGD (no labels), ε = 5 (replace one: 14.02)"
        );
        assert_eq!(queries_name(300), "300 queries");
        assert_eq!(cost_words(Some(0.459)), "45.9 points of accuracy");
        assert_eq!(cost_words(Some(-0.01)), "no accuracy lost");
    }
}
