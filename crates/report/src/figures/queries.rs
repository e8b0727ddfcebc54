//! What queries buy a black-box attack.

use super::Figure;
use super::axis::Axis;
use super::numbers::{described, numbers};
use super::panel::{Estimate, Panel, aside};
use super::series::{Traits, evenly};
use super::sheet::{Entry, HEADED, Key, Layout, sheet};
use crate::groups::grouped;
use crate::rows::ResultRow;
use crate::scene::Stroke;
use crate::style::{LINE, SOFT, colour};

const MOST: usize = 6;

/// `None` unless some attack was run with two budgets of queries.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let asking: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.queries.is_some_and(|q| q > 0))
        .collect();
    let mut series = grouped(&asking, |row| Traits::of(row).without(&["queries"]));
    series.retain(|(_, rows)| rows.iter().any(|row| row.queries != rows[0].queries));
    if series.is_empty() {
        return None;
    }
    let series = evenly(series, MOST);
    let traits: Vec<Traits> = series.iter().map(|(key, _)| key.clone()).collect();
    let drawn: Vec<&ResultRow> = series
        .iter()
        .flat_map(|(_, rows)| rows.iter().map(|row| **row))
        .collect();
    let labels: Vec<String> = traits.iter().map(|own| own.label(&traits)).collect();
    let mut legend: Vec<Entry> = traits
        .iter()
        .enumerate()
        .map(|(i, own)| Entry::new(own.label(&traits), colour(i), Key::Series(i)))
        .collect();
    legend.push(Entry::new("label agreement", SOFT, Key::Dashed));
    legend.push(Entry::new("chance of the attack", LINE, Key::Dotted));

    let title = "What queries buy";
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
    let x = Axis::log(
        asking
            .iter()
            .filter_map(|row| row.queries)
            .map(|q| q as f64),
        "queries to the victim",
    );
    let extraction = Panel {
        x: x.clone(),
        y: Axis::linear([0.0, 1.0].into_iter(), "cosine, share of labels"),
        from: places[0].0,
        to: places[0].1,
    };
    extraction.frame(&mut scene, "Extracted head against the true one");
    let success = Panel {
        x,
        y: Axis::percent(0.0, 1.0, "true positive rate [%]"),
        from: places[1].0,
        to: places[1].1,
    };
    success.frame(&mut scene, "Attack success at 1 % false positives");
    success.level(&mut scene, 0.01, Stroke::dashed(LINE, 1.6, 1.8, 2.8));
    for (i, (_, rows)) in series.iter().enumerate() {
        let mut rows: Vec<&ResultRow> = rows.iter().map(|row| **row).collect();
        rows.sort_by_key(|row| row.queries);
        let at = |row: &ResultRow| row.queries.map(|q| q as f64);
        let agreement: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|row| Some((at(row)?, row.label_agreement?)))
            .collect();
        extraction.line(
            &mut scene,
            &agreement,
            Stroke::dashed(colour(i), 1.6, 6.0, 4.0),
        );
        let estimates = |columns: fn(&ResultRow) -> [Option<f64>; 3]| -> Vec<Estimate> {
            let each = |row: &&ResultRow| {
                let [value, lo, hi] = columns(row);
                Estimate::new(at(row)?, value, lo, hi)
            };
            rows.iter().filter_map(each).collect()
        };
        let cosine = estimates(|row| [row.cosine, None, None]);
        extraction.series(&mut scene, &cosine, i, colour(i), 0.0);
        let rates = estimates(|row| {
            [
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            ]
        });
        success.series(&mut scene, &rates, i, colour(i), aside(i, series.len()));
    }
    Some(Figure {
        name: "queries".to_owned(),
        title: title.to_owned(),
        caption: "Black-box attacks against the number of queries put to each victim. First: cosine of the extracted head to the true one (solid) and the share of test labels on which both agree (dashed). Second: true positive rate of the reconstruction from it at 1 % false positives, with 95 % intervals over victims.".to_owned(),
        alt: described(title, &common, &labels),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&drawn, &["cosine", "label_agreement", "tpr_at_fpr_1pct"]),
        scene,
    })
}
