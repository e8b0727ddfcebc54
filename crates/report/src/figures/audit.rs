//! Measured against claimed ε, both of replacing an example.

use super::Figure;
use super::axis::{Axis, extent};
use super::numbers::{described, numbers};
use super::panel::Panel;
use super::series::{Traits, evenly};
use super::sheet::{Entry, Key, Layout, PLAIN, sheet};
use crate::groups::grouped;
use crate::rows::ResultRow;
use crate::scene::Stroke;
use crate::style::{BAD, INK, colour};

const MOST: usize = 8;

/// The claim that the bound speaks of; that of adding or removing an example where a table has no
/// other, which is smaller: a mark may then lie above the line by as much.
fn claimed(row: &ResultRow) -> Option<f64> {
    row.epsilon_replace_one.or(row.epsilon)
}

/// `None` unless a lower bound on a claimed ε was measured.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let audited: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| claimed(row).is_some_and(|e| e > 0.0) && row.epsilon_lower_bound.is_some())
        .collect();
    if audited.is_empty() {
        return None;
    }
    let series = evenly(
        grouped(&audited, |row| Traits::of(row).without(&["epsilon"])),
        MOST,
    );
    let traits: Vec<Traits> = series.iter().map(|(key, _)| key.clone()).collect();
    let labels: Vec<String> = traits.iter().map(|own| own.label(&traits)).collect();
    let mut legend: Vec<Entry> = traits
        .iter()
        .enumerate()
        .map(|(i, own)| Entry::new(own.label(&traits), colour(i + 1), Key::Series(i)))
        .collect();
    legend.push(Entry::new("measured = claimed", INK, Key::Dashed));
    legend.push(Entry::new("more than claimed", BAD.faded(0.16), Key::Patch));

    let title = "Privacy loss: measured from below against claimed";
    let common = Traits::common(&traits);
    let (mut scene, places) = sheet(
        layout,
        title,
        &common,
        &legend,
        (1, 1),
        (600.0, 340.0),
        PLAIN,
    );
    let bounds = audited.iter().filter_map(|row| row.epsilon_lower_bound);
    let (_, highest) = extent(bounds)?;
    let (_, largest) = extent(audited.iter().filter_map(|row| claimed(row)))?;
    let panel = Panel {
        x: Axis::log(
            audited.iter().filter_map(|row| claimed(row)),
            "claimed ε (replace one)",
        ),
        y: Axis::linear(
            [0.0, (1.5 * highest).clamp(1.0, largest.max(1.0))].into_iter(),
            "measured lower bound on ε",
        ),
        from: places[0].0,
        to: places[0].1,
    };
    panel.frame(&mut scene, "");
    let top = panel.y.ends().1;
    let diagonal: Vec<(f64, f64)> = panel
        .x
        .samples(200)
        .filter(|&e| e <= top)
        .map(|e| (e, e))
        .collect();
    let (left, _) = panel.x.ends();
    if let Some(&(end, _)) = diagonal.last() {
        let mut refuted: Vec<(f64, f64)> = diagonal.clone();
        refuted.extend([(end, top), (left, top)]);
        let points = refuted.into_iter().map(|(x, y)| panel.at(x, y)).collect();
        scene.polygon(points, BAD.faded(0.10));
    }
    panel.line(&mut scene, &diagonal, Stroke::dashed(INK, 1.6, 6.0, 4.0));
    for (i, (_, rows)) in series.iter().enumerate() {
        let mut values: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|row| Some((claimed(row)?, row.epsilon_lower_bound?)))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        panel.line(&mut scene, &values, Stroke::solid(colour(i + 1), 2.0));
        for (x, y) in values {
            panel.mark(&mut scene, x, y, i, colour(i + 1));
        }
    }
    Some(Figure {
        name: "measured-epsilon".to_owned(),
        title: title.to_owned(),
        caption: "The lower bound on ε that the attack's counts prove, against the ε that the accountant claims. Both are of replacing an example by another (tables of earlier versions hold only the ε of adding or removing one, and are drawn with that). A mark above the dashed line would refute the claim; the distance below it is what this attack leaves unexplained.".to_owned(),
        alt: described(title, &common, &labels),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&audited, &["epsilon_replace_one", "epsilon_lower_bound"]),
        scene,
    })
}
