//! The three-way figure: accuracy against attack success for undefended, DP-SGD and RHE heads.

use super::Figure;
use super::axis::{Axis, extent};
use super::numbers::{described, numbers};
use super::panel::{Panel, mark};
use super::series::{Traits, evenly};
use super::sheet::{Entry, HEADED, Key, Layout, PLAIN, sheet};
use crate::digits::number;
use crate::groups::grouped;
use crate::phrases::{NEIGHBOURS, given};
use crate::rows::ResultRow;
use crate::scene::{Paint, Point, Scene, Stroke};
use crate::strongest::{made_alike, strongest};
use crate::style::{GOOD, LINE, PALETTE, SOFT, text, text_width};
use crate::words::{Given, defence_name, words};
use spec::DefenceKind;

/// Panels that fit on a page.
const MOST: usize = 6;

/// Defences in the order of the legend, with what is given away under them.
const DEFENCES: [(DefenceKind, Given, Paint, usize); 5] = [
    (DefenceKind::None, Given::Nothing, PALETTE[0], 1),
    (DefenceKind::DpSgd, Given::Nothing, PALETTE[1], 0),
    (DefenceKind::OneRelease, Given::Nothing, PALETTE[2], 2),
    (DefenceKind::Rhe, Given::Nothing, GOOD, 3),
    (DefenceKind::Rhe, Given::Classes, PALETTE[3], 3),
];

/// `None` unless two defences, or DP-SGD at two ε, were attacked.
pub fn figure(rows: &[&ResultRow], layout: Layout) -> Option<Figure> {
    let rows: Vec<&ResultRow> = rows
        .iter()
        .copied()
        .filter(|row| row.tpr_at_fpr_1pct.is_some() && row.accuracy.is_some())
        .filter(|row| given(row) != Given::Key)
        .collect();
    let first = rows.first()?;
    let differs = |row: &&ResultRow| row.defence != first.defence || row.epsilon != first.epsilon;
    if !rows.iter().any(differs) {
        return None;
    }
    let lines = lines(&rows);
    let attack = [
        "defence", "epsilon", "clip", "attack", "release", "null", "queries",
    ];
    let of_heads = |row: &&ResultRow| {
        let traits = Traits::of(row).without(&attack);
        match lines.iter().any(|line| line.setting.is_some()) {
            true => traits.without(&["setting"]),
            false => traits,
        }
    };
    let mut panels = grouped(&rows, of_heads);
    panels.sort_by_key(|(_, rows)| rows[0].shots);
    let panels = evenly(panels, MOST);
    let keys: Vec<Traits> = panels.iter().map(|(key, _)| key.clone()).collect();

    let mut legend: Vec<Entry> = lines
        .iter()
        .map(|line| {
            let key = match line.defence.is_private() {
                true => Key::Series(line.shape),
                false => Key::Mark(line.shape),
            };
            let name = defence_name(line.defence.word());
            let setting = match line.setting.as_deref() {
                None | Some("") => String::new(),
                Some(setting) => format!(", {}", words(setting)),
            };
            let label = format!("{name}{setting}{}", line.given.words());
            Entry::new(label, line.paint, key)
        })
        .collect();
    legend.push(Entry::new(
        "an attack that learns nothing",
        LINE,
        Key::Dashed,
    ));

    let title = "What each defence costs and what it stops";
    let subtitle = join(&[&Traits::common(&keys), "up and to the left is better"]);
    let columns = panels.len().min(2);
    let size = if columns == 1 {
        (520.0, 360.0)
    } else {
        (380.0, 290.0)
    };
    let heading = if keys.len() > 1 { HEADED } else { PLAIN };
    let grid = (columns, panels.len());
    let (mut scene, places) = sheet(layout, title, &subtitle, &legend, grid, size, heading);
    let accuracies = || {
        rows.iter()
            .flat_map(|row| [row.accuracy_lo, row.accuracy, row.accuracy_hi])
    };
    let (low, high) = extent(accuracies().flatten())?;
    let (low, high) = (
        (10.0 * low - 0.3).floor() / 10.0,
        (10.0 * high + 0.3).ceil() / 10.0,
    );
    let mut drawn = Vec::new();
    for ((key, rows), (from, to)) in panels.iter().zip(places) {
        let panel = Panel {
            x: Axis::log_percent(3e-3, "true positive rate at 1 % false positives [%]"),
            y: Axis::percent(low.max(0.0), high.min(1.0), "test accuracy [%]"),
            from,
            to,
        };
        let heading = if keys.len() > 1 {
            key.label(&keys)
        } else {
            String::new()
        };
        panel.frame(&mut scene, &heading);
        let (bottom, top) = panel.y.ends();
        let chance = [(0.01, bottom), (0.01, top)];
        panel.line(&mut scene, &chance, Stroke::dashed(LINE, 1.6, 6.0, 4.0));
        let strongest = strongest(rows.iter().map(|row| **row), heads);
        draw(&mut scene, &panel, &lines, &strongest);
        drawn.extend(strongest);
    }
    let told: Vec<String> = legend.iter().map(|entry| entry.label.clone()).collect();
    Some(Figure {
        name: "trade-off".to_owned(),
        title: title.to_owned(),
        caption: format!(
            "Test accuracy against the true positive rate of the strongest attack that was run on each cell, at 1 % false positives (logarithmic axis), with 95 % intervals both ways. Of several attacks the strongest is chosen on one half of the victims and shown on the other, where the null of a half resolves the rate. Along the line ε changes. {NEIGHBOURS} The top left corner, full accuracy and an attack at chance, is where a defence should be."
        ),
        alt: described(title, &Traits::common(&keys), &told),
        narrow: None,
        source: "results.csv",
        numbers: numbers(
            &drawn.iter().collect::<Vec<_>>(),
            &["epsilon_replace_one", "accuracy", "tpr_at_fpr_1pct"],
        ),
        scene,
    })
}

/// What tells a panel's defended heads apart.
fn heads(row: &ResultRow) -> impl PartialEq + use<> {
    let defence = row.defence.clone();
    (defence, given(row), row.epsilon, row.clip, made_alike(row))
}

/// One defence in all panels.
struct Line {
    defence: DefenceKind,
    given: Given,
    /// How its heads are made, where some of its heads are made otherwise.
    setting: Option<String>,
    paint: Paint,
    shape: usize,
}

impl Line {
    fn holds(&self, row: &ResultRow) -> bool {
        let made = row.setting.as_deref().unwrap_or_default();
        row.defence == self.defence
            && given(row) == self.given
            && self.setting.as_deref().is_none_or(|own| own == made)
    }
}

/// The defences that there are. Where private heads are made in ways of their own, each way is a line, so
/// that all of them are seen in one panel. Where undefended heads differ too, or colours would not
/// suffice, ways are panels.
fn lines(rows: &[&ResultRow]) -> Vec<Line> {
    let of = |&(defence, kind, paint, shape): &(DefenceKind, Given, Paint, usize)| Line {
        defence,
        given: kind,
        setting: None,
        paint,
        shape,
    };
    let there = |line: &Line| rows.iter().any(|row| line.holds(row));
    let whole: Vec<Line> = DEFENCES.iter().map(of).filter(there).collect();
    let mut ways: Vec<Vec<String>> = Vec::new();
    for line in &whole {
        let mut own: Vec<String> = Vec::new();
        for row in rows.iter().filter(|row| line.holds(row)) {
            let setting = row.setting.clone().unwrap_or_default();
            if !own.contains(&setting) {
                own.push(setting);
            }
        }
        ways.push(own);
    }
    let spare = &PALETTE[4..];
    let further = ways.iter().map(|ways| ways.len() - 1).sum::<usize>();
    let each = || whole.iter().zip(&ways);
    let alike = each().all(|(line, ways)| line.defence.is_private() || ways.len() == 1);
    let differ = ways.iter().flatten().any(|way| *way != ways[0][0]);
    if !alike || !differ || further > spare.len() {
        return whole;
    }
    let mut spare = spare.iter();
    let mut split = Vec::new();
    for (line, ways) in each() {
        for (at, way) in ways.iter().enumerate() {
            split.push(Line {
                defence: line.defence,
                given: line.given,
                setting: Some(way.clone()),
                paint: match at {
                    0 => line.paint,
                    _ => spare.next().copied().unwrap_or(line.paint),
                },
                shape: line.shape,
            });
        }
    }
    split
}

fn draw(scene: &mut Scene, panel: &Panel, lines: &[Line], rows: &[ResultRow]) {
    for line in lines {
        let (defence, paint, shape) = (line.defence, line.paint, line.shape);
        let mut own: Vec<&ResultRow> = rows.iter().filter(|row| line.holds(row)).collect();
        own.sort_by(|a, b| {
            a.epsilon
                .unwrap_or(0.0)
                .total_cmp(&b.epsilon.unwrap_or(0.0))
        });
        let values: Vec<(f64, f64)> = own
            .iter()
            .filter_map(|row| Some((row.tpr_at_fpr_1pct?, row.accuracy?)))
            .collect();
        if defence.is_private() {
            panel.line(scene, &values, Stroke::solid(paint.faded(0.55), 1.6));
        }
        for (row, &(tpr, accuracy)) in own.iter().zip(&values) {
            if let (Some(lo), Some(hi)) = (row.tpr_at_fpr_1pct_lo, row.tpr_at_fpr_1pct_hi) {
                panel.interval_across(scene, lo, hi, accuracy, paint.faded(0.7));
            }
            if let (Some(lo), Some(hi)) = (row.accuracy_lo, row.accuracy_hi) {
                panel.interval(scene, tpr, lo, hi, paint.faded(0.7));
            }
            mark(scene, panel.at(tpr, accuracy), shape, paint);
        }
    }
    let place = |row: &ResultRow| Some(panel.at(row.tpr_at_fpr_1pct?, row.accuracy?));
    let marks: Vec<Point> = rows.iter().filter_map(place).collect();
    let mut private: Vec<&ResultRow> = rows.iter().filter(|row| row.epsilon.is_some()).collect();
    private.sort_by(|a, b| {
        a.epsilon
            .unwrap_or(0.0)
            .total_cmp(&b.epsilon.unwrap_or(0.0))
    });
    label_epsilons(scene, panel, &private, &marks);
}

/// Writes ε beside the marks: the ends of the line first, each at the first of six places where it
/// touches no mark, no other label and no edge; without such a place it is left out.
fn label_epsilons(scene: &mut Scene, panel: &Panel, rows: &[&ResultRow], marks: &[Point]) {
    let style = text(10.5, SOFT);
    let mut taken: Vec<(Point, f64)> = Vec::new();
    let ends_first = [0, rows.len().saturating_sub(1)];
    let order = ends_first
        .into_iter()
        .chain(1..rows.len().saturating_sub(1));
    for at in order {
        let Some(row) = rows.get(at) else { continue };
        let (Some(epsilon), Some(tpr), Some(accuracy)) =
            (row.epsilon, row.tpr_at_fpr_1pct, row.accuracy)
        else {
            continue;
        };
        let label = format!("ε = {}", number(epsilon));
        let width = text_width(&label, &style);
        let (x, y) = panel.at(tpr, accuracy);
        let (right, left, middle) = (x + 8.0, x - 8.0 - width, x - width / 2.0);
        let places = [
            (right, y + 11.0),
            (right, y - 11.0),
            (left, y - 11.0),
            (left, y + 11.0),
            (middle, y + 15.0),
            (middle, y - 15.0),
        ];
        let free = |&(px, py): &Point| {
            let clear_of_labels = taken.iter().all(|&((tx, ty), other)| {
                px + width + 4.0 < tx || tx + other + 4.0 < px || (py - ty).abs() > 12.0
            });
            let clear_of_marks = marks
                .iter()
                .all(|&(mx, my)| mx + 6.0 < px || mx - 6.0 > px + width || (my - py).abs() > 10.0);
            let inside = px > panel.from.0 + 2.0
                && px + width < panel.to.0 + 6.0
                && py > panel.from.1 + 7.0
                && py < panel.to.1 - 7.0;
            clear_of_labels && clear_of_marks && inside
        };
        if let Some(&place) = places.iter().find(|place| free(place)) {
            scene.text(place, label, style);
            taken.push((place, width));
        }
    }
}

fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(defence: &str, setting: &str) -> ResultRow {
        ResultRow {
            defence: defence.into(),
            setting: Some(setting.to_owned()),
            ..ResultRow::default()
        }
    }

    #[test]
    fn ways_of_private_heads_are_lines_and_those_of_all_heads_are_panels() {
        let told = |rows: &[ResultRow]| -> Vec<Option<String>> {
            let rows: Vec<&ResultRow> = rows.iter().collect();
            lines(&rows).into_iter().map(|it| it.setting).collect()
        };
        let mut rows = vec![
            row("none", ""),
            row("dp_sgd", "all directions"),
            row("one_release", "prototypes"),
            row("dp_sgd", "no labels"),
            row("dp_sgd", "all directions"),
        ];
        let expected = ["", "all directions", "no labels", "prototypes"];
        assert_eq!(told(&rows), expected.map(|it| Some(it.to_owned())));
        rows.push(row("none", "epochs 8"));
        assert_eq!(told(&rows), [None, None, None]);
        rows.pop();
        // No colours for so many.
        rows.extend((0..4).map(|rank| row("one_release", &format!("rank {rank}"))));
        assert_eq!(told(&rows), [None, None, None]);
        assert_eq!(told(&rows[..1]), [None]);
    }
}
