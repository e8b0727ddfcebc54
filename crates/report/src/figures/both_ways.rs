//! Both ways round: one task with its inputs encrypted (CryptoTL) and with its head encrypted (RHE).

use polars::prelude::DataFrame;

use super::Figure;
use super::axis::{Axis, extent};
use super::numbers::described;
use super::panel::Panel;
use super::sheet::{HEADED, Layout, sheet, wrapped};
use crate::digits::byte_size;
use crate::row::Row;
use crate::rows::BothWaysRow;
use crate::scene::{Paint, Point, Scene, Stroke};
use crate::style::{GOOD, GRID, INK, LINE, PALETTE, SOFT, text, text_width};
use crate::words::{System, system_name};

/// Size that words of a card are measured at: readers without the font set a little wider.
const SET_WIDE: f64 = 12.2;

/// Size of a panel.
const PANEL: (f64, f64) = (380.0, 92.0);
/// Between cards, and below them.
const GAP: f64 = 20.0;
/// Height of a line in a card.
const LINE_HEIGHT: f64 = 16.0;
/// Half the height of a bar.
const BAR: f64 = 11.0;

/// The figure; `None` where there are no rows.
pub fn figure(rows: &[BothWaysRow], layout: Layout) -> Option<Figure> {
    let first = rows.first()?;
    let title = "One task, both ways round";
    let subtitle = format!(
        "The same texts and {} training examples; 95 % intervals",
        first.n
    );
    // Panels begin below the cards.
    let (mut scene, mut places) = sheet(layout, title, &subtitle, &[], (2, 4), PANEL, HEADED + 6.0);
    let top = places[0].0.1 - HEADED - 6.0;
    let below = cards(&mut scene, layout, rows, top) - top + 0.5 * GAP;
    for (from, to) in &mut places {
        from.1 += below;
        to.1 += below;
    }
    scene.height += below;

    accuracy(&mut scene, rows, places[0]);
    attack(&mut scene, rows, places[1]);
    let latencies = |row: &BothWaysRow| {
        let label = row.latency_ms.map(duration);
        vec![("a prediction", row.latency_ms, label)]
    };
    let heading = "Time a prediction, one input";
    bars(&mut scene, rows, places[2], heading, "time [ms]", latencies);
    let sizes = |row: &BothWaysRow| {
        [
            ("once", row.bytes_once),
            ("up", row.bytes_up),
            ("back", row.bytes_down),
        ]
        .into_iter()
        .map(|(name, bytes)| {
            let label = bytes.map(|bytes| match bytes {
                0 => format!("{name}: nothing"),
                bytes => format!("{name}: {}", byte_size(bytes)),
            });
            (name, bytes.map(|bytes| bytes as f64), label)
        })
        .collect()
    };
    let told: Vec<String> = rows
        .iter()
        .map(|row| format!("{} protects {}", system_name(&row.system), row.protects))
        .collect();
    let heading = "Bytes sent: once, and up and back";
    bars(&mut scene, rows, places[3], heading, "bytes", sizes);
    Some(Figure {
        name: "both-ways".to_owned(),
        title: title.to_owned(),
        caption: "CryptoTL keeps the inputs from the server that computes and leaves the tuned network in the clear; RHE keeps the head, and with it its training examples, from whoever computes with it, and leaves the inputs in the clear. Below: test accuracy; the membership attack on what each leaves to the adversary (a dashed line is a guess); time and bytes on logarithmic axes.".to_owned(),
        alt: described(title, &subtitle, &told),
        narrow: None,
        source: "both_ways.csv",
        numbers: DataFrame::new(rows.len(), BothWaysRow::columns(rows)).unwrap_or_default(),
        scene,
    })
}

fn look(system: &str) -> (Paint, usize) {
    match System::of(system) {
        System::Rhe => (GOOD, 3),
        System::CryptoTl | System::Other => (PALETTE[1], 0),
    }
}

/// Who is kept from what, a card a system; returns where the cards end.
fn cards(scene: &mut Scene, layout: Layout, rows: &[BothWaysRow], top: f64) -> f64 {
    let columns = layout.columns(rows.len());
    let margin = layout.margin();
    let width = scene.width - 2.0 * margin - GAP * (columns as f64 - 1.0);
    let width = width / columns as f64;
    let contents: Vec<[(&str, Vec<String>); 3]> = rows
        .iter()
        .map(|row| {
            [
                ("protects", &row.protects),
                ("encrypted", &row.encrypted),
                ("in the clear", &row.clear),
            ]
            .map(|(name, value)| (name, wrapped(value, width - 112.0, SET_WIDE, false)))
        })
        .collect();
    let lines = contents
        .iter()
        .map(|parts| parts.iter().map(|(_, lines)| lines.len()).sum::<usize>());
    let height = 58.0 + LINE_HEIGHT * lines.max().unwrap_or(0) as f64;
    for (at, (row, parts)) in rows.iter().zip(contents).enumerate() {
        let left = margin + (at % columns) as f64 * (width + GAP);
        let top = top + (at / columns) as f64 * (height + 0.5 * GAP);
        let bottom = top + height;
        let (paint, _) = look(&row.system);
        scene.rect((left, top), (left + width, bottom), paint.faded(0.07));
        scene.rect((left, top), (left + 4.0, bottom), paint);
        let name = text(13.5, INK).bold();
        scene.text((left + 16.0, top + 18.0), system_name(&row.system), name);
        let mut y = top + 43.0;
        for (name, lines) in parts {
            scene.text((left + 16.0, y), name, text(11.0, SOFT));
            for line in lines {
                scene.text((left + 98.0, y), line, text(11.5, INK));
                y += LINE_HEIGHT;
            }
            y += 6.0;
        }
    }
    let lines = rows.len().div_ceil(columns) as f64;
    top + lines * (height + 0.5 * GAP) - 0.5 * GAP
}

/// A panel whose rows are systems, first on top; returns it with the height of every row.
fn lanes(rows: &[BothWaysRow], (from, to): (Point, Point), x: Axis) -> (Panel, Vec<f64>) {
    let count = rows.len() as f64;
    let mut y = Axis::linear([0.0, count].into_iter(), "");
    y.ticks.clear();
    let heights = (0..rows.len())
        .map(|at| from.1 + (to.1 - from.1) * (at as f64 + 0.5) / count)
        .collect();
    (Panel { x, y, from, to }, heights)
}

fn name(scene: &mut Scene, row: &BothWaysRow, at: Point) {
    let short = system_name(&row.system).split(':').next().unwrap_or("");
    let style = text(11.5, look(&row.system).0).bold();
    scene.text(at, short, style.anchored(crate::scene::Anchor::End));
}

fn accuracy(scene: &mut Scene, rows: &[BothWaysRow], place: (Point, Point)) {
    let values = rows
        .iter()
        .flat_map(|row| [row.accuracy_lo, row.accuracy, row.accuracy_hi]);
    let (low, high) = extent(values.flatten()).unwrap_or((0.5, 1.0));
    let low = ((20.0 * low).floor() / 20.0 - 0.05).max(0.0);
    let high = ((20.0 * high).ceil() / 20.0 + 0.05).min(1.0);
    let axis = Axis::percent(low, high, "test accuracy [%]");
    let (panel, heights) = lanes(rows, place, axis);
    panel.frame(scene, "Accuracy");
    for (row, y) in rows.iter().zip(heights) {
        let ends = row.accuracy_lo.zip(row.accuracy_hi);
        estimate(scene, &panel, row, row.accuracy, ends, y);
    }
}

fn attack(scene: &mut Scene, rows: &[BothWaysRow], place: (Point, Point)) {
    // The rate where both have one; small nulls cannot resolve it.
    let rates = rows.iter().all(|row| row.tpr_at_fpr_1pct.is_some());
    let (axis, chance, heading) = if rates {
        let label = "true positive rate at 1 % false positives [%]";
        (Axis::log_percent(3e-3, label), 0.01, "Membership attack")
    } else {
        let label = "AUC of the membership attack [%]";
        (Axis::percent(0.3, 1.0, label), 0.5, "Membership attack")
    };
    let (panel, heights) = lanes(rows, place, axis);
    panel.frame(scene, heading);
    let x = panel.at(chance, 0.0).0;
    let line = [(x, place.0.1), (x, place.1.1)];
    scene.line(&line, Stroke::dashed(LINE, 1.6, 6.0, 4.0));
    for (row, y) in rows.iter().zip(heights) {
        let (value, lo, hi) = if rates {
            (
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            )
        } else {
            (row.auc, row.auc_lo, row.auc_hi)
        };
        estimate(scene, &panel, row, value, lo.zip(hi), y);
    }
}

/// A mark with its interval and its value above it.
fn estimate(
    scene: &mut Scene,
    panel: &Panel,
    row: &BothWaysRow,
    value: Option<f64>,
    ends: Option<(f64, f64)>,
    y: f64,
) {
    name(scene, row, (panel.from.0 - 7.0, y));
    let Some(value) = value else { return };
    let (paint, shape) = look(&row.system);
    let place = |value: f64| panel.at(value, 0.0).0;
    if let Some((lo, hi)) = ends {
        let stroke = Stroke::solid(paint, 1.4);
        scene.line(&[(place(lo), y), (place(hi), y)], stroke);
        for end in [lo, hi] {
            scene.line(&[(place(end), y - 3.5), (place(end), y + 3.5)], stroke);
        }
    }
    super::panel::mark(scene, (place(value), y), shape, paint);
    let label = format!("{:.1} %", 100.0 * value);
    let style = text(11.0, INK).anchored(crate::scene::Anchor::Middle);
    let half = text_width(&label, &style) / 2.0 + 3.0;
    let x = place(value).clamp(panel.from.0 + half, panel.to.0 - half);
    scene.text((x, y - 13.0), label, style);
}

type Bar = (&'static str, Option<f64>, Option<String>);

/// Bars from the left edge of a logarithmic axis, several a system.
fn bars(
    scene: &mut Scene,
    rows: &[BothWaysRow],
    place: (Point, Point),
    heading: &str,
    label: &str,
    of: impl Fn(&BothWaysRow) -> Vec<Bar>,
) {
    let all: Vec<Vec<Bar>> = rows.iter().map(of).collect();
    let values = all.iter().flatten().filter_map(|bar| bar.1);
    let (low, high) = extent(values.filter(|&value| value > 0.0)).unwrap_or((1.0, 10.0));
    // Room for the labels beyond the longest bar, and a first decade that is not empty.
    let room = (high / low).powf(0.6).max(30.0);
    let axis = Axis::log([low / 3.0, high * room].into_iter(), label);
    let (panel, heights) = lanes(rows, place, axis);
    panel.frame(scene, heading);
    for ((row, bars), y) in rows.iter().zip(&all).zip(heights) {
        name(scene, row, (panel.from.0 - 7.0, y));
        let (paint, _) = look(&row.system);
        let count = bars.len() as f64;
        let half = (BAR / count * 1.6).min(BAR);
        for (at, (_, value, label)) in bars.iter().enumerate() {
            let y = y + (at as f64 - (count - 1.0) / 2.0) * 2.0 * (half + 0.7);
            let mut end = panel.from.0;
            if let Some(value) = value.filter(|&value| value > 0.0) {
                end = panel.at(value, 0.0).0;
                scene.rect((panel.from.0, y - half), (end, y + half), paint.faded(0.75));
            }
            if let Some(label) = label {
                scene.text((end + 6.0, y), label, text(10.0, INK));
            }
        }
    }
    let (top, bottom) = (place.0.1, place.1.1);
    let middle = (top + bottom) / 2.0;
    let divide = [(place.0.0, middle), (place.1.0, middle)];
    scene.line(&divide, Stroke::solid(GRID, 1.0));
}

/// `8.9 µs`, `4.3 ms`, `130 ms`.
fn duration(ms: f64) -> String {
    let (value, unit) = if ms < 1.0 {
        (1e3 * ms, "µs")
    } else {
        (ms, "ms")
    };
    let digits = usize::from(value < 10.0);
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration(0.0089), "8.9 µs");
        assert_eq!(duration(130.2), "130 ms");
        assert!(figure(&[], Layout::Wide).is_none());
    }
}
