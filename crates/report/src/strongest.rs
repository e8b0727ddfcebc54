//! Of several attacks on the same heads the strongest, chosen on other victims than it is reported on.

use crate::groups::grouped;
use crate::rows::ResultRow;
use crate::words::is_private;

/// For each key, in the order of the rows, the row of the strongest attack.
///
/// The highest of several rates that were measured on the same victims is too high by what chance
/// added to it. So the attack is chosen by the first half of the victims, by AUC and TPR both
/// (`strength_first_half`), and its rate is that of the second half; an attack without competitors
/// was not chosen, and keeps the rate of all victims. Rows that do not know their halves are chosen
/// by their rate.
pub(crate) fn strongest<'a, K: PartialEq>(
    rows: impl Iterator<Item = &'a ResultRow>,
    heads: impl Fn(&ResultRow) -> K,
) -> Vec<ResultRow> {
    let groups = grouped(rows, |row| heads(row));
    let chosen = groups.into_iter().filter_map(|(_, rows)| choose(&rows));
    chosen.collect()
}

/// What tells private heads of one strength apart. Not `setting`, which holds options of the attack too: a
/// weak attack would answer for a strong one. Heads made in other ways, as along other directions, have
/// another accuracy; attacks on the same heads have the same, digit for digit.
pub(crate) fn made_alike(row: &ResultRow) -> Option<f64> {
    row.accuracy.filter(|_| is_private(&row.defence))
}

fn choose(rows: &[&ResultRow]) -> Option<ResultRow> {
    let halved = |row: &&ResultRow| row.strength_first_half.zip(row.tpr_second_half).is_some();
    let by_halves = rows.len() > 1 && rows.iter().all(halved);
    let by = |row: &ResultRow| {
        if by_halves {
            row.strength_first_half
        } else {
            row.tpr_at_fpr_1pct
        }
        .unwrap_or(f64::NEG_INFINITY)
    };
    // Of equal ones the first.
    let better = |best: &'_ &ResultRow, row: &'_ &ResultRow| by(row) > by(best);
    let best = rows.iter().copied();
    let best = best.reduce(|best, row| if better(&best, &row) { row } else { best })?;
    let mut best = best.clone();
    if by_halves {
        best.tpr_at_fpr_1pct = best.tpr_second_half;
        best.tpr_at_fpr_1pct_lo = best.tpr_second_half_lo;
        best.tpr_at_fpr_1pct_hi = best.tpr_second_half_hi;
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(attack: &str, tpr: f64, halves: Option<(f64, f64)>) -> ResultRow {
        ResultRow {
            attack: attack.to_owned(),
            tpr_at_fpr_1pct: Some(tpr),
            tpr_at_fpr_1pct_lo: Some(tpr - 0.01),
            tpr_at_fpr_1pct_hi: Some(tpr + 0.01),
            strength_first_half: halves.map(|it| it.0),
            tpr_second_half: halves.map(|it| it.1),
            tpr_second_half_lo: halves.map(|it| it.1 - 0.02),
            tpr_second_half_hi: halves.map(|it| it.1 + 0.02),
            ..ResultRow::default()
        }
    }

    fn of(rows: &[ResultRow]) -> (String, Option<f64>, Option<f64>) {
        let [best] = strongest(rows.iter(), |_| ()).try_into().expect("one");
        let ResultRow { attack, .. } = &best;
        (
            attack.clone(),
            best.tpr_at_fpr_1pct,
            best.tpr_at_fpr_1pct_hi,
        )
    }

    #[test]
    fn the_half_that_chooses_is_not_the_half_that_is_reported() {
        // The first half likes one attack, all victims together another.
        let rows = [
            row("unmixing", 0.30, Some((0.8, 0.34))),
            row("membership", 0.25, Some((1.1, 0.20))),
        ];
        let (attack, tpr, hi) = of(&rows);
        assert_eq!(
            (attack.as_str(), tpr, hi),
            ("membership", Some(0.20), Some(0.22))
        );
    }

    #[test]
    fn what_was_not_chosen_keeps_the_rate_of_all_victims() {
        let alone = [row("unmixing", 0.30, Some((0.8, 0.34)))];
        assert_eq!(of(&alone).1, Some(0.30));
        let unknown = [
            row("unmixing", 0.30, Some((0.8, 0.34))),
            row("old", 0.31, None),
        ];
        assert_eq!(of(&unknown), ("old".to_owned(), Some(0.31), Some(0.32)));
        let equal = [
            row("first", 0.3, Some((0.5, 0.3))),
            row("second", 0.3, Some((0.5, 0.2))),
        ];
        assert_eq!(of(&equal).0, "first");
    }
}
