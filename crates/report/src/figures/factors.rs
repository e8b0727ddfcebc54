//! What makes an attack work: every setting on a line of its own.

use super::Figure;
use super::axis::Axis;
use super::numbers::{described, numbers};
use super::panel::Panel;
use super::series::Traits;
use super::sheet::{Entry, Key, Layout, PLAIN, sheet, shortened};
use crate::rows::ResultRow;
use crate::scene::{Anchor, Stroke};
use crate::style::{GRID, INK, LINE, SOFT, colour, text, text_width};

/// Lines that a page can hold.
const MOST: usize = 40;
const LINE_HEIGHT: f64 = 23.0;
/// Height of a line with its label above its marks.
const NARROW_LINE: f64 = 38.0;
const WIDTH: f64 = 720.0;
/// Share of the width that labels may take.
const LABELS: f64 = 0.55;

/// `None` unless settings, heads or backbones differ.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let rows: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.tpr_at_fpr_1pct.is_some())
        .collect();
    let what = |row: &ResultRow| (row.setting.clone(), row.head.clone(), row.backbone.clone());
    let first = what(rows.first()?);
    if rows.len() > MOST || rows.iter().all(|row| what(row) == first) {
        return None;
    }
    let traits: Vec<Traits> = rows.iter().map(|row| Traits::of(row)).collect();
    let common = Traits::common(&traits);
    let label = |own: &Traits| {
        let apart = own.apart(&traits);
        if apart.is_empty() {
            "as configured".to_owned()
        } else {
            apart
        }
    };
    let labels: Vec<String> = traits.iter().map(label).collect();
    let legend = [
        Entry::new(
            "true positive rate at 1 % false positives",
            colour(0),
            Key::Mark(0),
        ),
        Entry::new("accuracy of the heads", colour(1), Key::Mark(1)),
        Entry::new("chance of the attack", LINE, Key::Dashed),
    ];
    let title = "What makes the attack work";
    let wide = layout == Layout::Wide;
    let line = if wide { LINE_HEIGHT } else { NARROW_LINE };
    let height = line * rows.len() as f64;
    let (mut scene, mut places) =
        sheet(layout, title, &common, &legend, (1, 1), (WIDTH, 0.0), PLAIN);
    places[0].1.1 += height;
    scene.height += height;
    let (from, to) = places[0];
    // Beside the marks where there is room, else above them.
    let style = text(11.5, INK).anchored(if wide { Anchor::End } else { Anchor::Start });
    let longest = labels.iter().map(|label| text_width(label, &style));
    let room = if wide {
        LABELS * WIDTH
    } else {
        scene.width - 2.0 * layout.margin()
    };
    let longest = longest.fold(0.0, f64::max).min(room);
    let left = layout.margin() + if wide { longest + 14.0 } else { 8.0 };
    let panel = Panel {
        x: Axis::percent(0.0, 1.0, "share [%]"),
        y: Axis::linear([0.0, 1.0].into_iter(), ""),
        from: (left, from.1),
        to,
    };
    for (value, label) in &panel.x.ticks {
        let x = panel.at(*value, 0.0).0;
        scene.line(&[(x, from.1), (x, to.1)], Stroke::solid(GRID, 1.0));
        let place = (x, to.1 + 13.0);
        scene.text(place, label, text(11.0, SOFT).anchored(Anchor::Middle));
    }
    let middle = ((panel.from.0 + to.0) / 2.0, to.1 + 33.0);
    let name = text(12.0, INK).anchored(Anchor::Middle);
    scene.text(middle, &panel.x.label, name);
    let chance = panel.at(0.01, 0.0).0;
    let dashed = Stroke::dashed(LINE, 1.6, 6.0, 4.0);
    scene.line(&[(chance, from.1), (chance, to.1)], dashed);
    // Values of the axis from top to bottom: the panel's own runs upwards.
    let (bottom, top) = panel.y.ends();
    for (at, (row, label)) in rows.iter().zip(&labels).enumerate() {
        let share = (at as f64 + 0.5) / rows.len() as f64;
        let y = top - share * (top - bottom);
        let place = panel.at(0.0, y).1;
        let label = shortened(label, longest, &style);
        let at = match layout {
            Layout::Wide => (panel.from.0 - 8.0, place),
            Layout::Narrow => (layout.margin(), place - 14.0),
        };
        scene.text(at, label, style);
        let marks = [
            (row.accuracy, row.accuracy_lo, row.accuracy_hi),
            (
                row.tpr_at_fpr_1pct,
                row.tpr_at_fpr_1pct_lo,
                row.tpr_at_fpr_1pct_hi,
            ),
        ];
        for (series, (value, lo, hi)) in marks.into_iter().enumerate().map(|(i, m)| (1 - i, m)) {
            let Some(value) = value else { continue };
            if let Some((lo, hi)) = lo.zip(hi) {
                panel.interval_across(&mut scene, lo, hi, y, colour(series));
            }
            panel.mark(&mut scene, value, y, series, colour(series));
        }
    }
    Some(Figure {
        name: "factors".to_owned(),
        title: title.to_owned(),
        caption: "Attack success and accuracy of the attacked heads, a line for each setting, with 95 % intervals over victims. What all lines share stands under the title.".to_owned(),
        alt: described(title, &common, &labels),
        narrow: None,
        source: "results.csv",
        numbers: numbers(&rows, &["accuracy", "tpr_at_fpr_1pct"]),
        scene,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_alike_in_all_settings_have_no_figure() {
        let row = |setting: &str| ResultRow {
            setting: Some(setting.into()),
            tpr_at_fpr_1pct: Some(0.5),
            accuracy: Some(0.6),
            ..ResultRow::default()
        };
        let (a, b) = (row(""), row("epochs 8"));
        assert!(figure(&[&a, &a], Layout::Wide).is_none());
        let figure = figure(&[&a, &b], Layout::Wide).expect("two settings");
        assert!(figure.svg().expect("it draws").contains("epochs 8"));
    }

    #[test]
    fn only_what_differs_in_nothing_is_as_configured() {
        let row = |shots, setting: Option<&str>| ResultRow {
            shots,
            setting: setting.map(Into::into),
            attack: "membership".into(),
            tpr_at_fpr_1pct: Some(0.5),
            accuracy: Some(0.6),
            ..ResultRow::default()
        };
        let labels = |rows: &[ResultRow]| {
            let rows: Vec<&ResultRow> = rows.iter().collect();
            figure(&rows, Layout::Wide).expect("two settings").alt
        };
        let one = labels(&[row(1, None), row(1, Some("hinge_loss"))]);
        assert!(
            one.contains("as configured") && one.contains("hinge loss"),
            "{one}"
        );
        let two = labels(&[row(1, None), row(4, None), row(4, Some("hinge_loss"))]);
        assert!(!two.contains("as configured"), "{two}");
        assert!(two.contains("1 shot") && two.contains("4 shots"), "{two}");
    }
}
