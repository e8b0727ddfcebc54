//! A picture as a list of shapes. Figures are pure functions from rows to a scene; exporters turn
//! a scene into SVG or PNG.
//!
//! Lengths are in points of the finished picture, y grows downwards.

/// A colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    /// Red, green and blue.
    pub rgb: (u8, u8, u8),
    /// Opacity, 0 to 1.
    pub alpha: f64,
}

impl Paint {
    /// An opaque colour from 0xRRGGBB.
    pub const fn hex(rgb: u32) -> Self {
        Self {
            rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8),
            alpha: 1.0,
        }
    }

    /// The same colour with this opacity.
    pub const fn faded(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

/// A line's look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub paint: Paint,
    /// Width.
    pub width: f64,
    /// Lengths of dash and gap; `None` is a solid line.
    pub dash: Option<(f64, f64)>,
}

impl Stroke {
    /// A solid line.
    pub const fn solid(paint: Paint, width: f64) -> Self {
        Self {
            paint,
            width,
            dash: None,
        }
    }

    /// A dashed line.
    pub const fn dashed(paint: Paint, width: f64, dash: f64, gap: f64) -> Self {
        Self {
            paint,
            width,
            dash: Some((dash, gap)),
        }
    }
}

/// A place on the picture.
pub type Point = (f64, f64);

/// Which part of a text lies at its place, horizontally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text starts there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A text's look; its vertical middle lies at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Size of the em.
    pub size: f64,
    /// Colour.
    pub paint: Paint,
    /// Horizontal anchor.
    pub anchor: Anchor,
    /// Bold face.
    pub bold: bool,
    /// Turned a quarter to the left, reading upwards.
    pub upwards: bool,
}

/// Pixels of a small RGB image.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Three bytes a pixel, rows from the top.
    pub rgb: Vec<u8>,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Lines through points.
    Line(Vec<Point>, Stroke),
    /// A filled polygon.
    Polygon(Vec<Point>, Paint),
    /// A filled axis-parallel rectangle between two corners.
    Rect(Point, Point, Paint),
    /// A filled circle.
    Circle(Point, f64, Paint),
    /// A line of text.
    Text(Point, String, TextStyle),
    /// An image stretched between two corners, without smoothing.
    Image(Point, Point, Raster),
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// What is drawn, later over earlier.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// An empty picture.
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// Adds a line; a dashed one as its dashes. Fewer than two points draw nothing.
    pub fn line(&mut self, points: &[Point], stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        match stroke.dash {
            None => self.shapes.push(Shape::Line(points.to_vec(), stroke)),
            Some((dash, gap)) => {
                for piece in dashes(points, dash, gap) {
                    self.shapes.push(Shape::Line(piece, stroke));
                }
            }
        }
    }

    /// Adds a filled polygon.
    pub fn polygon(&mut self, points: Vec<Point>, paint: Paint) {
        self.shapes.push(Shape::Polygon(points, paint));
    }

    /// Adds a filled rectangle.
    pub fn rect(&mut self, from: Point, to: Point, paint: Paint) {
        self.shapes.push(Shape::Rect(from, to, paint));
    }

    /// Adds a filled circle.
    pub fn circle(&mut self, centre: Point, radius: f64, paint: Paint) {
        self.shapes.push(Shape::Circle(centre, radius, paint));
    }

    /// Adds a text.
    pub fn text(&mut self, at: Point, text: impl Into<String>, style: TextStyle) {
        self.shapes.push(Shape::Text(at, text.into(), style));
    }

    /// Adds an image.
    pub fn image(&mut self, from: Point, to: Point, raster: Raster) {
        self.shapes.push(Shape::Image(from, to, raster));
    }
}

/// Cuts a line into dashes of length `dash` with gaps of length `gap`.
fn dashes(points: &[Point], dash: f64, gap: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece = vec![points[0]];
    let (mut drawing, mut left) = (true, dash.max(0.1));
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                if drawing {
                    piece.push(to);
                }
                break;
            }
            let share = left / length;
            from = (
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            );
            if drawing {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            drawing = !drawing;
            left = if drawing { dash.max(0.1) } else { gap.max(0.1) };
        }
    }
    if drawing && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_keep_their_lengths_round_corners() {
        let corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        let pieces = dashes(&corner, 4.0, 3.0);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[0], [(0.0, 0.0), (4.0, 0.0)]);
        assert_eq!(pieces[1], [(7.0, 0.0), (10.0, 0.0), (10.0, 1.0)]);
        assert_eq!(pieces[2], [(10.0, 4.0), (10.0, 8.0)]);
    }
}
