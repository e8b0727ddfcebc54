//! The layout all figures share: title, what it shows, a legend that never covers data, panels.

use super::panel::mark;
use crate::scene::{Paint, Point, Scene, Stroke, TextStyle};
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

/// What a figure is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Paper and wide screens: panels beside each other.
    Wide,
    /// Screens of phones, at their own size: panels below each other.
    Narrow,
}

/// Width of a narrow figure: that of a phone's screen less the page's margins.
const NARROW: f64 = 356.0;

impl Layout {
    /// Room around the picture.
    pub fn margin(self) -> f64 {
        match self {
            Self::Wide => 20.0,
            Self::Narrow => 8.0,
        }
    }

    /// Room for axis labels left of a panel.
    fn left(self) -> f64 {
        match self {
            Self::Wide => 64.0,
            Self::Narrow => 52.0,
        }
    }

    /// The size of a panel that is `wide` where there is room for it.
    pub fn panel(self, wide: (f64, f64)) -> (f64, f64) {
        match self {
            Self::Wide => wide,
            // The last tick's label reaches beyond the panel by half its width.
            Self::Narrow => {
                let width = NARROW - 2.0 * self.margin() - self.left() - 6.0;
                (width, wide.1.min(270.0))
            }
        }
    }

    /// Panels that stand beside each other where `wide` of them may.
    pub fn columns(self, wide: usize) -> usize {
        match self {
            Self::Wide => wide,
            Self::Narrow => 1,
        }
    }
}

/// Room for axis labels below a panel.
const BELOW: f64 = 52.0;
const GAP: f64 = 20.0;
/// Room for the heading of a panel, where panels have one.
pub const HEADED: f64 = 26.0;
/// Room above a panel without heading.
pub const PLAIN: f64 = 12.0;
const KEY: f64 = 26.0;

/// Draws title, subtitle and legend and makes room for `count` panels of `size`, `columns` beside
/// each other, each with `heading` above it; returns the picture and each panel's corners, row by
/// row. A narrow layout puts panels below each other and fits them to its width.
pub fn sheet(
    layout: Layout,
    title: &str,
    subtitle: &str,
    legend: &[Entry],
    (columns, count): (usize, usize),
    size: (f64, f64),
    heading: f64,
) -> (Scene, Vec<(Point, Point)>) {
    let (margin, left_of) = (layout.margin(), layout.left());
    let (columns, size) = (layout.columns(columns), layout.panel(size));
    let rows = count.div_ceil(columns);
    let width = match layout {
        Layout::Wide => {
            2.0 * margin + columns as f64 * (left_of + size.0) + (columns - 1) as f64 * GAP
        }
        Layout::Narrow => NARROW,
    };
    let mut scene = Scene::new(width, 0.0);
    let mut y = margin + 9.0;
    for line in wrapped(title, width - 2.0 * margin, 17.0, true) {
        scene.text((margin, y), line, text(17.0, INK).bold());
        y += 23.0;
    }
    for line in wrapped(subtitle, width - 2.0 * margin, 12.0, false) {
        scene.text((margin, y), line, text(12.0, SOFT));
        y += 17.0;
    }
    y += 8.0;
    let style = text(12.0, INK);
    let mut x = margin;
    for entry in legend {
        let room = width - margin - x - KEY - 6.0;
        let label = shortened(
            &entry.label,
            room.max(width - 2.0 * margin - KEY - 6.0),
            &style,
        );
        let length = KEY + 6.0 + text_width(&label, &style);
        if x > margin && x + length > width - margin {
            x = margin;
            y += 20.0;
        }
        draw_key(&mut scene, (x, y), entry);
        scene.text((x + KEY + 6.0, y), label, style);
        x += length + 20.0;
    }
    if !legend.is_empty() {
        y += 18.0;
    }
    let places = (0..count).map(|at| {
        let (row, column) = ((at / columns) as f64, (at % columns) as f64);
        let top = y + heading + row * (heading + size.1 + BELOW);
        let left = margin + left_of + column * (left_of + size.0 + GAP);
        ((left, top), (left + size.0, top + size.1))
    });
    let places = places.collect();
    scene.height = y + rows as f64 * (heading + size.1 + BELOW) + 8.0;
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

/// The text, cut at its end where it is wider than `width`.
pub fn shortened(label: &str, width: f64, style: &TextStyle) -> String {
    if text_width(label, style) <= width {
        return label.to_owned();
    }
    let mut kept: Vec<char> = label.chars().collect();
    loop {
        kept.pop();
        let text: String = kept.iter().collect::<String>() + "…";
        if kept.is_empty() || text_width(&text, style) <= width {
            return text;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_are_cut_to_fit() {
        let style = text(11.5, INK);
        let label = "learning rate .5, weight decay .01";
        assert_eq!(shortened(label, 1e3, &style), label);
        let cut = shortened(label, 60.0, &style);
        assert!(
            cut.ends_with('…') && text_width(&cut, &style) <= 60.0,
            "{cut}"
        );
    }

    #[test]
    fn a_narrow_sheet_fits_a_phone() {
        let legend = [Entry::new(
            "a label that is longer than any phone is wide, by far and wide",
            INK,
            Key::Line,
        )];
        let (scene, places) = sheet(
            Layout::Narrow,
            "A title",
            "",
            &legend,
            (2, 4),
            (380.0, 290.0),
            HEADED,
        );
        assert_eq!((scene.width, places.len()), (NARROW, 4));
        assert!(
            places
                .iter()
                .all(|(from, to)| from.0 > 0.0 && to.0 <= NARROW - 8.0)
        );
        assert!(places.windows(2).all(|pair| pair[1].0.1 > pair[0].1.1));
    }
}
