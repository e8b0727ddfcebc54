//! What a run answers: what leaked, what stopped it, and at what cost.

use crate::columns::share;
use crate::gate::rate;
use crate::phrases::{attack_words, cost_words, defence_words, given, shots_name};
use crate::rows::ResultRow;
use crate::strongest::made_alike;
use crate::words::{Aim, Given};
use spec::DefenceKind;

/// An attack counts as stopped below this true positive rate at 1 % false positives.
pub(crate) const STOPPED: f64 = 0.05;

/// A setting of a defence, judged by all attacks that were run on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    /// The attack whose interval reaches highest.
    pub row: &'a ResultRow,
    /// Accuracy lost to undefended heads, as a share; negative where it was gained.
    pub lost: Option<f64>,
}

/// What a run answers about the heads that leaked most.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer<'a> {
    /// The attack with the highest rate on an undefended head, or on any where all are defended;
    /// one that shows training examples before one that answers a question about them.
    pub leaked: Option<&'a ResultRow>,
    /// Of attacks on the same heads that are after something else, the strongest of each kind.
    pub besides: Vec<&'a ResultRow>,
    /// Whether heads like that one were also defended.
    pub defended: bool,
    /// Of each kind of defence the setting that is shown to stop all attacks on such heads at the
    /// least cost: the whole intervals of their rates lie below [`STOPPED`]. An encrypted head whose
    /// classes are revealed is a kind of its own; controls, whose key is known, are none.
    pub stopped: Vec<Judged<'a>>,
    /// Of each other kind of defence the setting that leaked least.
    pub open: Vec<Judged<'a>>,
}

impl<'a> Answer<'a> {
    /// The answer of these rows.
    pub(crate) fn of(rows: &'a [ResultRow]) -> Self {
        let measured =
            |row: &&ResultRow| !row.failed() && rate(row).is_some() && given(row) != Given::Key;
        let undefended = |row: &&ResultRow| row.defence == DefenceKind::None;
        let rows: Vec<&ResultRow> = rows.iter().filter(measured).collect();
        let shows = |row: &&ResultRow| Aim::of(&row.attack) == Aim::Reconstruction;
        let bare = || rows.iter().copied().filter(|row| undefended(row));
        let leaked = highest(bare().filter(shows)).or_else(|| highest(bare()));
        let Some(leaked) = leaked.or_else(|| highest(rows.iter().copied())) else {
            return Self::default();
        };
        let head = |row: &ResultRow| (row.dataset.clone(), row.head.clone(), row.shots);
        let alike = || rows.iter().copied().filter(|row| head(row) == head(leaked));
        let defended: Vec<&ResultRow> = alike().filter(|row| !undefended(row)).collect();
        let besides = [Aim::Membership, Aim::Property]
            .into_iter()
            .filter_map(|aim| {
                let other = |row: &&ResultRow| {
                    Aim::of(&row.attack) == aim && aim != Aim::of(&leaked.attack)
                };
                highest(alike().filter(undefended).filter(other))
            });
        // Where undefended heads were tuned as the private ones are, these are the fair reference.
        let tuned = alike().find(|row| undefended(row) && !row.tuned.is_empty());
        let base = Some(leaked).filter(undefended);
        let base = base.and_then(|row| tuned.unwrap_or(row).accuracy);
        let mut answer = Self {
            leaked: Some(leaked),
            besides: besides.collect(),
            defended: !defended.is_empty(),
            ..Self::default()
        };
        let kind_of = |row: &'a ResultRow| (row.defence.as_str(), given(row));
        let mut kinds: Vec<(&str, Given)> = Vec::new();
        for row in &defended {
            if !kinds.contains(&kind_of(row)) {
                kinds.push(kind_of(row));
            }
        }
        for kind in kinds {
            let own = || defended.iter().copied().filter(|row| kind_of(row) == kind);
            // Each setting of the defence by the attack that may be the strongest on it.
            let mut settings: Vec<&ResultRow> = Vec::new();
            for row in own() {
                let twin = |other: &&ResultRow| strength(other) == strength(row);
                if !settings.iter().any(twin) {
                    let attacks = own().filter(|other| twin(other));
                    settings.extend(attacks.max_by(|a, b| bound(a).total_cmp(&bound(b))));
                }
            }
            let judged = |row: &'a ResultRow| Judged {
                row,
                lost: base.zip(row.accuracy).map(|(base, own)| base - own),
            };
            let cost = |row: &ResultRow| base.zip(row.accuracy).map(|(base, own)| base - own);
            let cheapest = settings
                .iter()
                .copied()
                .filter(|row| bound(row) < STOPPED)
                .min_by(|a, b| cost(a).unwrap_or(1.0).total_cmp(&cost(b).unwrap_or(1.0)));
            match cheapest {
                Some(row) => answer.stopped.push(judged(row)),
                None => answer.open.extend(
                    settings
                        .into_iter()
                        .min_by(|a, b| bound(a).total_cmp(&bound(b)))
                        .map(judged),
                ),
            }
        }
        let lost = |stopped: &Judged<'_>| stopped.lost.unwrap_or(1.0);
        answer.stopped.sort_by(|a, b| lost(a).total_cmp(&lost(b)));
        answer
    }
}

/// What sets two settings of one defence apart.
fn strength(row: &ResultRow) -> [Option<f64>; 4] {
    [row.epsilon, row.noise_multiplier, row.clip, made_alike(row)]
}

fn tpr(row: &ResultRow) -> f64 {
    rate(row).map_or(0.0, |(tpr, ..)| tpr)
}

/// The upper end of a rate's interval; a rate without interval counts as exact.
fn bound(row: &ResultRow) -> f64 {
    rate(row).map_or(1.0, |(tpr, _, hi)| hi.unwrap_or(tpr))
}

/// What is to be said of a defence that is not shown to stop all attacks.
pub(crate) fn open_words(row: &ResultRow) -> &'static str {
    if tpr(row) < STOPPED {
        "not shown to be stopped by"
    } else {
        "not stopped by"
    }
}

/// The row of the highest rate; of equal ones the first.
fn highest<'a>(rows: impl Iterator<Item = &'a ResultRow>) -> Option<&'a ResultRow> {
    rows.reduce(|best, row| if tpr(row) > tpr(best) { row } else { best })
}

/// A run in a few lines: what leaked most, and what stopped it at which cost.
pub fn headline(rows: &[ResultRow]) -> Vec<String> {
    let answer = Answer::of(rows);
    let Some(worst) = answer.leaked else {
        return Vec::new();
    };
    let found =
        |row: &ResultRow| rate(row).map_or(String::new(), |(tpr, lo, hi)| share(tpr, lo, hi));
    let mut lines = vec![format!(
        "leaks most: {}, {}, {}: {} at 1 % false positives",
        attack_words(worst),
        shots_name(worst.shots),
        defence_words(worst),
        found(worst)
    )];
    for row in &answer.besides {
        lines.push(format!("besides: {}: {}", attack_words(row), found(row)));
    }
    for stopped in &answer.stopped {
        lines.push(format!(
            "stopped by {}: {}, {}",
            defence_words(stopped.row),
            found(stopped.row),
            cost_words(stopped.lost)
        ));
    }
    for Judged { row, .. } in &answer.open {
        let (said, defence) = (open_words(row), defence_words(row));
        lines.push(format!("{said} {defence}: {}", found(row)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        defence: &str,
        epsilon: Option<f64>,
        attack: &str,
        tpr: f64,
        accuracy: f64,
    ) -> ResultRow {
        ResultRow {
            defence: defence.into(),
            epsilon,
            attack: attack.into(),
            release: "weights".into(),
            shots: 1,
            tpr_at_fpr_1pct: Some(tpr),
            accuracy: Some(accuracy),
            ..ResultRow::default()
        }
    }

    #[test]
    fn a_defence_is_judged_by_the_strongest_attack_on_it() {
        let rows = [
            row("none", None, "a", 0.8, 0.66),
            row("none", None, "b", 0.6, 0.66),
            row("dp_sgd", Some(5.0), "a", 0.01, 0.2),
            row("dp_sgd", Some(5.0), "b", 0.02, 0.2),
            // Cheaper, but one of the attacks gets through.
            row("dp_sgd", Some(80.0), "a", 0.01, 0.6),
            row("dp_sgd", Some(80.0), "b", 0.3, 0.6),
            row("rhe", None, "a", 0.01, 0.66),
            row("other", None, "a", 0.5, 0.66),
        ];
        assert_eq!(
            headline(&rows),
            [
                "leaks most: a on weights, 1 shot, undefended: 80.0 % at 1 % false positives",
                "stopped by RHE: 1.0 %, no accuracy lost",
                "stopped by DP-SGD, ε = 5: 2.0 %, 46.0 points of accuracy",
                "not stopped by other: 50.0 %",
            ]
        );
    }

    #[test]
    fn ways_to_make_private_heads_do_not_answer_for_each_other() {
        let along = |directions: &str, attack: &str, tpr, accuracy| ResultRow {
            setting: Some(directions.into()),
            ..row("dp_sgd", Some(5.0), attack, tpr, accuracy)
        };
        let rows = [
            row("none", None, "a", 0.8, 0.66),
            along("all directions", "a", 0.01, 0.2),
            along("no labels", "a", 0.1, 0.4),
        ];
        assert_eq!(
            headline(&rows)[1..],
            ["stopped by DP-SGD (all directions), ε = 5: 1.0 %, 46.0 points of accuracy"]
        );
    }

    #[test]
    fn a_weak_attack_does_not_answer_for_a_strong_one_on_the_same_heads() {
        for defence in ["dp_sgd", "one_release"] {
            let by = |samples: &str, tpr| ResultRow {
                setting: Some(samples.into()),
                ..row(defence, Some(5.0), "a", tpr, 0.4)
            };
            let rows = [
                row("none", None, "a", 0.8, 0.66),
                by("1000 samples", 0.01),
                by("4000 samples", 0.3),
            ];
            let told = headline(&rows);
            assert!(told[1].starts_with("not stopped by"), "{told:?}");
        }
    }

    #[test]
    fn revealed_classes_are_a_defence_of_their_own_and_controls_are_none() {
        let seen = |release: &str, tpr| ResultRow {
            release: release.into(),
            ..row("rhe", None, "a", tpr, 0.66)
        };
        let rows = [
            row("none", None, "a", 0.8, 0.66),
            seen("ciphertexts", 0.01),
            seen("labels", 0.4),
            seen("known_secret", 0.79),
        ];
        assert_eq!(
            headline(&rows)[1..],
            [
                "stopped by RHE: 1.0 %, no accuracy lost",
                "not stopped by RHE, classes revealed: 40.0 %",
            ]
        );
        // Nor are they what leaks where all heads are defended.
        assert!(headline(&rows[1..])[0].contains("40.0 %"));
    }

    #[test]
    fn an_interval_that_reaches_further_shows_nothing() {
        let mut wide = row("dp_sgd", Some(5.0), "membership", 0.0, 0.2);
        (wide.tpr_at_fpr_1pct_lo, wide.tpr_at_fpr_1pct_hi) = (Some(0.0), Some(0.14));
        let rows = [
            row("none", None, "a", 0.8, 0.66),
            row("none", None, "membership", 0.9, 0.66),
            row("dp_sgd", Some(5.0), "a", 0.01, 0.2),
            wide,
        ];
        assert_eq!(
            headline(&rows)[1..],
            [
                "besides: membership on weights: 90.0 %",
                "not shown to be stopped by DP-SGD, ε = 5: 0.0 % [0.0, 14.0]",
            ]
        );
    }

    #[test]
    fn heads_of_other_shots_do_not_answer_for_the_worst() {
        let mut far = row("rhe", None, "a", 0.01, 0.66);
        far.shots = 16;
        let rows = [row("none", None, "a", 0.8, 0.66), far];
        assert_eq!(headline(&rows).len(), 1);
        assert!(headline(&[]).is_empty());
    }
}
