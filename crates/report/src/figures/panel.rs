//! A panel: two axes, a grid, and marks placed by their values.

use super::axis::Axis;
use crate::scene::{Anchor, Paint, Point, Scene, Stroke};
use crate::style::{GRID, INK, LINE, PAPER, SOFT, text};

/// Two axes on a part of the picture.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Top left corner of the plotted area.
    pub from: Point,
    /// Bottom right corner.
    pub to: Point,
}

impl Panel {
    /// Draws grid, ticks, labels and, above, a heading.
    pub fn frame(&self, scene: &mut Scene, heading: &str) {
        let ((left, top), (right, bottom)) = (self.from, self.to);
        let small = text(11.0, SOFT);
        let grid = Stroke::solid(GRID, 1.0);
        let mut free_from = f64::NEG_INFINITY;
        for (value, label) in &self.x.ticks {
            let x = self.at(*value, 0.0).0;
            scene.line(&[(x, top), (x, bottom)], grid);
            // A label that would touch the one before it is left out; its line stays.
            let half = crate::style::text_width(label, &small) / 2.0;
            if x - half >= free_from {
                scene.text((x, bottom + 13.0), label, small.anchored(Anchor::Middle));
                free_from = x + half + 5.0;
            }
        }
        for (value, label) in &self.y.ticks {
            let y = bottom - self.y.place(*value) * (bottom - top);
            scene.line(&[(left, y), (right, y)], grid);
            scene.text((left - 7.0, y), label, small.anchored(Anchor::End));
        }
        let axis = Stroke::solid(LINE, 1.0);
        scene.line(&[(left, top), (left, bottom), (right, bottom)], axis);
        let name = text(12.0, INK);
        let middle = ((left + right) / 2.0, bottom + 33.0);
        scene.text(middle, &self.x.label, name.anchored(Anchor::Middle));
        let side = (left - 42.0, (top + bottom) / 2.0);
        scene.text(side, &self.y.label, name.anchored(Anchor::Middle).upwards());
        if !heading.is_empty() {
            scene.text((left, top - 13.0), heading, text(12.5, INK).bold());
        }
    }

    /// The place of a pair of values.
    pub fn at(&self, x: f64, y: f64) -> Point {
        let ((left, top), (right, bottom)) = (self.from, self.to);
        (
            left + self.x.place(x) * (right - left),
            bottom - self.y.place(y) * (bottom - top),
        )
    }

    /// A line through values.
    pub fn line(&self, scene: &mut Scene, values: &[(f64, f64)], stroke: Stroke) {
        let points: Vec<Point> = values.iter().map(|&(x, y)| self.at(x, y)).collect();
        scene.line(&points, stroke);
    }

    /// A staircase: each value holds until the next x.
    pub fn stairs(&self, scene: &mut Scene, values: &[(f64, f64)], stroke: Stroke) {
        let mut points: Vec<Point> = Vec::with_capacity(2 * values.len());
        for &(x, y) in values {
            let next = self.at(x, y);
            if let Some(&(_, before)) = points.last() {
                points.push((next.0, before));
            }
            points.push(next);
        }
        // Steps that cannot be seen only make files larger.
        let last = points.last().copied();
        points.dedup_by(|next, kept| (next.0 - kept.0).abs().max((next.1 - kept.1).abs()) < 0.4);
        if let (Some(last), Some(kept)) = (last, points.last_mut()) {
            *kept = last;
        }
        scene.line(&points, stroke);
    }

    /// A level from side to side.
    pub fn level(&self, scene: &mut Scene, y: f64, stroke: Stroke) {
        let (min, max) = self.x.ends();
        self.line(scene, &[(min, y), (max, y)], stroke);
    }

    /// A vertical interval with caps.
    pub fn interval(&self, scene: &mut Scene, x: f64, lo: f64, hi: f64, paint: Paint) {
        let (low, high) = (self.at(x, lo), self.at(x, hi));
        let stroke = Stroke::solid(paint, 1.2);
        scene.line(&[low, high], stroke);
        for (x, y) in [low, high] {
            scene.line(&[(x - 3.0, y), (x + 3.0, y)], stroke);
        }
    }

    /// A horizontal interval with caps.
    pub fn interval_across(&self, scene: &mut Scene, lo: f64, hi: f64, y: f64, paint: Paint) {
        let (low, high) = (self.at(lo, y), self.at(hi, y));
        let stroke = Stroke::solid(paint, 1.2);
        scene.line(&[low, high], stroke);
        for (x, y) in [low, high] {
            scene.line(&[(x, y - 3.0), (x, y + 3.0)], stroke);
        }
    }

    /// A mark of a series at a pair of values.
    pub fn mark(&self, scene: &mut Scene, x: f64, y: f64, shape: usize, paint: Paint) {
        mark(scene, self.at(x, y), shape, paint);
    }
}

/// An estimate at a place, with its interval where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Horizontal value.
    pub x: f64,
    /// The estimate.
    pub y: f64,
    /// Ends of its interval.
    pub ends: Option<(f64, f64)>,
}

impl Estimate {
    /// From columns; `None` where there is no estimate.
    pub fn new(x: f64, y: Option<f64>, lo: Option<f64>, hi: Option<f64>) -> Option<Self> {
        Some(Self {
            x,
            y: y?,
            ends: lo.zip(hi),
        })
    }
}

impl Panel {
    /// Intervals, line and marks of a series, moved `shift` points to the right so that the
    /// intervals of several series do not cover each other.
    pub fn series(
        &self,
        scene: &mut Scene,
        estimates: &[Estimate],
        shape: usize,
        paint: Paint,
        shift: f64,
    ) {
        let mut moved = self.clone();
        moved.from.0 += shift;
        moved.to.0 += shift;
        for estimate in estimates {
            if let Some((lo, hi)) = estimate.ends {
                moved.interval(scene, estimate.x, lo, hi, paint);
            }
        }
        let values: Vec<(f64, f64)> = estimates.iter().map(|e| (e.x, e.y)).collect();
        moved.line(scene, &values, Stroke::solid(paint, 2.0));
        for (x, y) in values {
            moved.mark(scene, x, y, shape, paint);
        }
    }
}

/// How far series `index` of `count` is moved aside.
pub fn aside(index: usize, count: usize) -> f64 {
    let step = if count > 5 { 2.0 } else { 3.0 };
    step * (index as f64 - (count as f64 - 1.0) / 2.0)
}

/// A mark: the shape tells series apart where colours do not. Rimmed with the ground's colour, so
/// that marks on each other can be counted.
pub fn mark(scene: &mut Scene, (x, y): Point, shape: usize, paint: Paint) {
    for (radius, paint) in [(5.2, PAPER), (4.0, paint)] {
        let corners = |corners: &[(f64, f64)]| {
            corners
                .iter()
                .map(|&(dx, dy)| (x + dx * radius, y + dy * radius))
                .collect()
        };
        match shape % 5 {
            0 => scene.circle((x, y), radius, paint),
            1 => {
                let half = 0.88 * radius;
                scene.rect((x - half, y - half), (x + half, y + half), paint);
            }
            2 => scene.polygon(corners(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]), paint),
            3 => scene.polygon(
                corners(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
                paint,
            ),
            _ => scene.polygon(corners(&[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)]), paint),
        }
    }
}
