//! Accuracy and attack success against ε, one series for each number of shots.

use super::Figure;
use super::axis::Axis;
use super::panel::{Estimate, Panel, aside};
use super::series::{Traits, evenly, grouped, shots_name, suffix};
use super::sheet::{Entry, HEADED, Key, sheet};
use crate::rows::ResultRow;
use crate::scene::{Scene, Stroke};
use crate::style::{LINE, SOFT, colour};

const MOST: usize = 6;

/// One figure for each attack, head and so on that was run under DP-SGD at two ε or more.
pub fn figures(rows: &[&ResultRow]) -> Vec<Figure> {
    let defended: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.defence == "dp_sgd" && row.epsilon.is_some_and(|e| e > 0.0))
        .collect();
    let mut groups = grouped(&defended, |row| {
        Traits::of(row).without(&["shots", "epsilon"])
    });
    groups.retain(|(_, rows)| rows.iter().any(|row| row.epsilon != rows[0].epsilon));
    let keys: Vec<Traits> = groups.iter().map(|(key, _)| key.clone()).collect();
    groups
        .iter()
        .map(|(key, members)| {
            let apart = ["shots", "epsilon", "defence", "clip"];
            let open = key.clone().without(&apart);
            let undefended: Vec<&ResultRow> = rows
                .iter()
                .copied()
                .filter(|row| row.defence == "none" && Traits::of(row).without(&apart) == open)
                .collect();
            figure(
                key,
                &suffix(&key.label(&keys), keys.len()),
                members,
                &undefended,
            )
        })
        .collect()
}

fn figure(key: &Traits, suffix: &str, rows: &[&&ResultRow], undefended: &[&ResultRow]) -> Figure {
    let mut series = grouped(rows.iter().copied(), |row| row.shots);
    series.sort_by_key(|(shots, _)| *shots);
    let total = series.len();
    let series = evenly(series, MOST);
    let mut legend: Vec<Entry> = series
        .iter()
        .enumerate()
        .map(|(i, (shots, _))| Entry::new(shots_name(*shots), colour(i), Key::Series(i)))
        .collect();
    if !undefended.is_empty() {
        legend.push(Entry::new("undefended", SOFT, Key::Dashed));
    }
    if rows.iter().any(|row| row.tpr_bound_at_fpr_1pct.is_some()) {
        legend.push(Entry::new("bound by (ε, δ)", SOFT, Key::Dotted));
    }
    let title = "DP-SGD: accuracy and attack success against ε";
    let subtitle = Traits::common(std::slice::from_ref(key));
    let (mut scene, places) = sheet(title, &subtitle, &legend, (2, 1), (380.0, 290.0), HEADED);
    let epsilons = || rows.iter().filter_map(|row| row.epsilon);
    let x = Axis::log(epsilons(), "claimed ε");

    let panel = |side: usize, label: &str| Panel {
        x: x.clone(),
        y: Axis::percent(0.0, 1.0, label),
        from: places[side].0,
        to: places[side].1,
    };
    let accuracy = panel(0, "test accuracy [%]");
    accuracy.frame(&mut scene, "Accuracy of the victims");
    let success = panel(1, "true positive rate [%]");
    success.frame(&mut scene, "Attack success at 1 % false positives");
    success.level(&mut scene, 0.01, Stroke::solid(LINE, 1.0));
    for (i, (shots, members)) in series.iter().enumerate() {
        if let Some(open) = undefended.iter().find(|row| row.shots == *shots) {
            let dashed = Stroke::dashed(colour(i), 1.6, 6.0, 4.0);
            for (panel, level) in [(&accuracy, open.accuracy), (&success, open.tpr_at_fpr_1pct)] {
                if let Some(level) = level {
                    panel.level(&mut scene, level, dashed);
                }
            }
        }
        let mut members: Vec<&ResultRow> = members.iter().map(|row| **row).collect();
        members.sort_by(|a, b| {
            a.epsilon
                .unwrap_or(0.0)
                .total_cmp(&b.epsilon.unwrap_or(0.0))
        });
        draw(&mut scene, (&accuracy, &success), &members, i, series.len());
    }
    let shown = if total > series.len() {
        format!(
            " {} of {total} numbers of shots are shown; results.csv holds all.",
            series.len()
        )
    } else {
        String::new()
    };
    Figure {
        name: format!("epsilon{suffix}"),
        title: title.to_owned(),
        caption: format!(
            "Victims' accuracy (left) and the attack's true positive rate at 1 % false positives (right) against the claimed ε, one colour for each number of shots, with 95 % intervals over victims. Dashed levels are the undefended heads; dotted curves are the most that (ε, δ) allows any attack against the neighbouring-set null. A useful defence keeps the left high where the right is low.{shown}"
        ),
        scene,
    }
}

fn draw(
    scene: &mut Scene,
    (accuracy, success): (&Panel, &Panel),
    rows: &[&ResultRow],
    at: usize,
    count: usize,
) {
    let paint = colour(at);
    let at_epsilon = |value: fn(&ResultRow) -> [Option<f64>; 3]| -> Vec<Estimate> {
        rows.iter()
            .filter_map(|row| {
                let [value, lo, hi] = value(row);
                Estimate::new(row.epsilon?, value, lo, hi)
            })
            .collect()
    };
    let bound: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.epsilon?, row.tpr_bound_at_fpr_1pct?)))
        .collect();
    success.line(scene, &bound, Stroke::dashed(paint, 1.6, 1.8, 2.8));
    let accuracies = at_epsilon(|row| [row.accuracy, row.accuracy_lo, row.accuracy_hi]);
    accuracy.series(scene, &accuracies, at, paint, aside(at, count));
    let successes = at_epsilon(|row| {
        [
            row.tpr_at_fpr_1pct,
            row.tpr_at_fpr_1pct_lo,
            row.tpr_at_fpr_1pct_hi,
        ]
    });
    success.series(scene, &successes, at, paint, aside(at, count));
}
