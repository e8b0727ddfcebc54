//! Ink on a page: soft-edged thick segments, drawn by their distance field.

use super::{PIXELS, SIDE};

/// A page of 32 x 32 pixels that collects ink in [0, 1].
pub(super) struct Page<'a> {
    ink: &'a mut [f32],
}

/// A point of a pen's path: position and radius, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Nib {
    pub x: f32,
    pub y: f32,
    pub radius: f32,
}

impl<'a> Page<'a> {
    /// A blank page over `ink`.
    pub fn new(ink: &'a mut [f32]) -> Self {
        assert_eq!(ink.len(), PIXELS, "a page has 32 x 32 pixels");
        ink.fill(0.0);
        Self { ink }
    }

    /// Draws the segment from `a` to `b`. The edge falls from full ink to none over `softness`
    /// pixels, half of them inside the radius.
    pub fn segment(&mut self, a: Nib, b: Nib, softness: f32) {
        let reach = a.radius.max(b.radius) + 0.5 * softness;
        let (left, right) = span(a.x.min(b.x) - reach, a.x.max(b.x) + reach);
        let (top, bottom) = span(a.y.min(b.y) - reach, a.y.max(b.y) + reach);
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let scale = 1.0 / (dx * dx + dy * dy).max(1e-6);
        let slope = b.radius - a.radius;
        for row in top..bottom {
            let y = row as f32 + 0.5 - a.y;
            for column in left..right {
                let x = column as f32 + 0.5 - a.x;
                let along = ((x * dx + y * dy) * scale).clamp(0.0, 1.0);
                let (ex, ey) = (x - along * dx, y - along * dy);
                let distance = (ex * ex + ey * ey).sqrt();
                let edge = (a.radius + along * slope + 0.5 * softness - distance) / softness;
                let edge = edge.clamp(0.0, 1.0);
                let ink = edge * edge * (3.0 - 2.0 * edge);
                let pixel = &mut self.ink[row * SIDE + column];
                *pixel = pixel.max(ink);
            }
        }
    }

    /// Maps ink [0, 1] to pixels [-1, 1].
    pub fn dry(self) {
        for pixel in self.ink {
            *pixel = 2.0 * *pixel - 1.0;
        }
    }
}

/// The pixel numbers that an interval covers, cut to the page.
fn span(from: f32, to: f32) -> (usize, usize) {
    let from = from.floor().clamp(0.0, SIDE as f32);
    let to = to.ceil().clamp(from, SIDE as f32);
    (from as usize, to as usize)
}
