//! The layout all figures share: title, what it shows, a legend that never covers data, panels.

use super::panel::mark;
use crate::scene::{Paint, Point, Scene, Stroke};
use crate::style::{INK, SOFT, text, text_width};

/// What stands before a legend's label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// A line with a mark of this shape.
    Series(usize),
    /// A line.
    Line,
    /// A dashed line.
    Dashed,
    /// A dotted line.
    Dotted,
    /// A filled patch.
    Patch,
    /// A mark of this shape alone.
    Mark(usize),
    /// The tick of a success.
    Tick,
    /// The cross of a failure.
    Cross,
}

/// A line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it stands for.
    pub label: String,
    /// Colour.
    pub paint: Paint,
    /// What is drawn before the label.
    pub key: Key,
}

impl Entry {
    /// A legend entry.
    pub fn new(label: impl Into<String>, paint: Paint, key: Key) -> Self {
        Self {
            label: label.into(),
            paint,
            key,
        }
    }
}

/// Room for axis labels left of and below a panel.
const LEFT: f64 = 64.0;
const BELOW: f64 = 52.0;
/// Room around the picture.
pub const MARGIN: f64 = 20.0;
const GAP: f64 = 20.0;
/// Room for the heading of a panel, where panels have one.
pub const HEADED: f64 = 26.0;
/// Room above a panel without heading.
pub const PLAIN: f64 = 12.0;
const KEY: f64 = 26.0;

/// Draws title, subtitle and legend and makes room for `columns` x `rows` panels of `size`, each
/// with `heading` above it; returns the picture and each panel's corners, row by row.
pub fn sheet(
    title: &str,
    subtitle: &str,
    legend: &[Entry],
    (columns, rows): (usize, usize),
    size: (f64, f64),
    heading: f64,
) -> (Scene, Vec<(Point, Point)>) {
    let width = 2.0 * MARGIN + columns as f64 * (LEFT + size.0) + (columns - 1) as f64 * GAP;
    let mut scene = Scene::new(width, 0.0);
    let mut y = MARGIN + 9.0;
    for line in wrapped(title, width - 2.0 * MARGIN, 17.0, true) {
        scene.text((MARGIN, y), line, text(17.0, INK).bold());
        y += 23.0;
    }
    for line in wrapped(subtitle, width - 2.0 * MARGIN, 12.0, false) {
        scene.text((MARGIN, y), line, text(12.0, SOFT));
        y += 17.0;
    }
    y += 8.0;
    let style = text(12.0, INK);
    let mut x = MARGIN;
    for entry in legend {
        let length = KEY + 6.0 + text_width(&entry.label, &style);
        if x > MARGIN && x + length > width - MARGIN {
            x = MARGIN;
            y += 20.0;
        }
        draw_key(&mut scene, (x, y), entry);
        scene.text((x + KEY + 6.0, y), &entry.label, style);
        x += length + 20.0;
    }
    if !legend.is_empty() {
        y += 18.0;
    }
    let mut places = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let top = y + heading + row as f64 * (heading + size.1 + BELOW);
        for column in 0..columns {
            let left = MARGIN + LEFT + column as f64 * (LEFT + size.0 + GAP);
            places.push(((left, top), (left + size.0, top + size.1)));
        }
    }
    scene.height = y + rows as f64 * (heading + size.1 + BELOW) + 0.4 * MARGIN;
    (scene, places)
}

fn draw_key(scene: &mut Scene, (x, y): Point, entry: &Entry) {
    let (paint, ends) = (entry.paint, [(x, y), (x + KEY, y)]);
    let centre = (x + KEY / 2.0, y);
    match entry.key {
        Key::Series(shape) => {
            scene.line(&ends, Stroke::solid(paint, 2.0));
            mark(scene, centre, shape, paint);
        }
        Key::Line => scene.line(&ends, Stroke::solid(paint, 2.0)),
        Key::Dashed => scene.line(&ends, Stroke::dashed(paint, 1.6, 6.0, 4.0)),
        Key::Dotted => scene.line(&ends, Stroke::dashed(paint, 1.6, 1.8, 2.8)),
        Key::Patch => scene.rect((x + 4.0, y - 6.0), (x + KEY - 2.0, y + 6.0), paint),
        Key::Mark(shape) => mark(scene, centre, shape, paint),
        Key::Tick => verdict(scene, centre, true, paint),
        Key::Cross => verdict(scene, centre, false, paint),
    }
}

/// A tick or a cross.
pub fn verdict(scene: &mut Scene, (x, y): Point, success: bool, paint: Paint) {
    let stroke = Stroke::solid(paint, 2.2);
    if success {
        scene.line(
            &[(x - 5.0, y), (x - 1.5, y + 4.0), (x + 5.0, y - 4.5)],
            stroke,
        );
    } else {
        scene.line(&[(x - 4.0, y - 4.0), (x + 4.0, y + 4.0)], stroke);
        scene.line(&[(x - 4.0, y + 4.0), (x + 4.0, y - 4.0)], stroke);
    }
}

/// Breaks a text at spaces so that its lines fit.
pub fn wrapped(content: &str, width: f64, size: f64, bold: bool) -> Vec<String> {
    let style = if bold {
        text(size, INK).bold()
    } else {
        text(size, INK)
    };
    let mut lines: Vec<String> = Vec::new();
    for word in content.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), &style) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
