//! Rows in words.

use crate::figures::number;
use crate::rows::ResultRow;
use crate::words::{Given, defence_name, words};

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

/// A defence with what is given away under it, and its strength: `RHE, classes revealed`, `DP-SGD,
/// ε = 5`.
pub(crate) fn defence_words(row: &ResultRow) -> String {
    let name = format!("{}{}", defence_name(&row.defence), given(row).words());
    row.epsilon.map_or(name.clone(), |epsilon| {
        format!("{name}, ε = {}", number(epsilon))
    })
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
    parts.extend(row.setting.clone());
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
        assert_eq!(queries_name(300), "300 queries");
        assert_eq!(cost_words(Some(0.459)), "45.9 points of accuracy");
        assert_eq!(cost_words(Some(-0.01)), "no accuracy lost");
    }
}
