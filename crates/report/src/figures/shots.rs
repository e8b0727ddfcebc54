//! Accuracy and attack success against the number of shots.

use super::Figure;
use super::axis::Axis;
use super::numbers::{described, numbers};
use super::panel::{Estimate, Panel, aside};
use super::series::{Traits, evenly};
use super::sheet::{Entry, HEADED, Key, Layout, sheet};
use crate::groups::grouped;
use crate::rows::ResultRow;
use crate::scene::{Paint, Stroke};
use crate::style::{LINE, SOFT, colour};
use crate::words::is_private;

const MOST: usize = 8;

/// `None` unless some series has two numbers of shots.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let rows: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.tpr_at_fpr_1pct.is_some())
        .collect();
    let key = |row: &&ResultRow| Traits::of(row).without(&["shots"]);
    let mut series = grouped(&rows, key);
    series.retain(|(_, rows)| rows.iter().any(|row| row.shots != rows[0].shots));
    if series.is_empty() {
        return None;
    }
    let total = series.len();
    // What DP-SGD is compared with stays; of its ε as many as there is room for.
    let (private, mut kept): (Vec<_>, Vec<_>) = series
        .into_iter()
        .partition(|(_, rows)| is_private(&rows[0].defence));
    kept.truncate(MOST);
    let room = MOST - kept.len();
    kept.extend(evenly(private, room));
    let series = kept;
    let traits: Vec<Traits> = series.iter().map(|(traits, _)| traits.clone()).collect();
    let drawn: Vec<&ResultRow> = series
        .iter()
        .flat_map(|(_, rows)| rows.iter().map(|row| **row))
        .collect();
    let labels: Vec<String> = traits.iter().map(|own| own.label(&traits)).collect();
    let mut legend: Vec<Entry> = (0..series.len())
        .map(|i| Entry::new(traits[i].label(&traits), colour(i), Key::Series(i)))
        .collect();

    // Accuracy does not depend on the attack: one line for each group of victims.
    let victims = ["attack", "release", "null", "queries"];
    let heads = grouped(&series, |(traits, _)| traits.clone().without(&victims));
    let position = |own: &Traits| traits.iter().position(|other| other == own).unwrap_or(0);
    let head_look = |at: usize| -> (usize, Paint) {
        let (_, members) = &heads[at];
        match members.as_slice() {
            [one] => (position(&one.0), colour(position(&one.0))),
            _ => (at, SOFT),
        }
    };
    let head_traits: Vec<Traits> = heads.iter().map(|(traits, _)| traits.clone()).collect();
    for (at, (own, members)) in heads.iter().enumerate() {
        if members.len() > 1 {
            let name = own.label(&head_traits);
            let label = if name.is_empty() {
                "accuracy".to_owned()
            } else {
                format!("accuracy, {name}")
            };
            legend.push(Entry::new(label, SOFT, Key::Series(at)));
        }
    }
    legend.push(Entry::new("chance of the attack", LINE, Key::Dashed));

    let title = "Accuracy and attack success against shots";
    let common = Traits::common(&traits);
    let (mut scene, places) = sheet(
        layout,
        title,
        &common,
        &legend,
        (2, 2),
        (380.0, 290.0),
        HEADED,
    );
    let shots: Vec<f64> = rows.iter().map(|row| row.shots as f64).collect();
    let axis = || Axis::log_at(&shots, "shots (training examples a class)");

    let accuracy = Panel {
        x: axis(),
        y: Axis::percent(0.0, 1.0, "test accuracy [%]"),
        from: places[0].0,
        to: places[0].1,
    };
    accuracy.frame(&mut scene, "Accuracy of the victims");
    for (at, (_, members)) in heads.iter().enumerate() {
        let (shape, paint) = head_look(at);
        let estimates = estimates(&members[0].1, |row| {
            (row.accuracy, row.accuracy_lo, row.accuracy_hi)
        });
        accuracy.series(&mut scene, &estimates, shape, paint, aside(at, heads.len()));
    }

    let success = Panel {
        x: axis(),
        y: Axis::percent(0.0, 1.0, "true positive rate [%]"),
        from: places[1].0,
        to: places[1].1,
    };
    success.frame(&mut scene, "Attack success at 1 % false positives");
    success.level(&mut scene, 0.01, Stroke::dashed(LINE, 1.6, 6.0, 4.0));
    for (at, (_, members)) in series.iter().enumerate() {
        let estimates = estimates(members, |row| {
            (
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            )
        });
        success.series(
            &mut scene,
            &estimates,
            at,
            colour(at),
            aside(at, series.len()),
        );
    }
    let shown = if total > series.len() {
        format!(
            " {} of {total} series are shown; results.csv holds all.",
            series.len()
        )
    } else {
        String::new()
    };
    Some(Figure {
        name: "shots".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "Victims' test accuracy and the attack's true positive rate at 1 % false positives against shots, with 95 % intervals over victims; marks are set apart sideways where series would cover each other.{shown}"
        ),
        alt: described(title, &common, &labels),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&drawn, &["accuracy", "tpr_at_fpr_1pct"]),
        scene,
    })
}

type Columns = (Option<f64>, Option<f64>, Option<f64>);

fn estimates(rows: &[&&ResultRow], columns: impl Fn(&ResultRow) -> Columns) -> Vec<Estimate> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.shots);
    rows.iter()
        .filter_map(|row| {
            let (value, lo, hi) = columns(row);
            Estimate::new(row.shots as f64, value, lo, hi)
        })
        .collect()
}
