//! A scene on any plotters backend.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{BitMapElement, Circle, PathElement, Polygon, Rectangle};
use plotters::style::TextStyle as PlottersText;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBAColor, ShapeStyle};

use crate::scene::{Anchor, Paint, Point, Raster, Scene, Shape, TextStyle};
use crate::style::FONT;

/// Backend units per point: plotters places everything on whole units, and a quarter of a point
/// keeps curves smooth.
pub(super) const UNITS: f64 = 4.0;

/// What differs between backends.
#[derive(Clone, Copy)]
pub(super) struct Medium {
    /// Backend font size of one em: plotters' SVG divides by 1.24, its bitmaps take the line height.
    pub em: f64,
    /// How far below the asked-for middle text is placed, in ems, to look centred.
    pub drop: f64,
    /// Whether images are drawn here.
    pub images: bool,
}

type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Draws every shape of the scene. The caller presents the area once, when all is drawn: an SVG ends
/// there.
pub(super) fn draw<DB: DrawingBackend>(
    scene: &Scene,
    medium: Medium,
    area: &DrawingArea<DB, Shift>,
) -> Drawn<DB> {
    for shape in &scene.shapes {
        draw_shape(shape, medium, area)?;
    }
    Ok(())
}

fn draw_shape<DB: DrawingBackend>(
    shape: &Shape,
    medium: Medium,
    area: &DrawingArea<DB, Shift>,
) -> Drawn<DB> {
    match shape {
        Shape::Line(points, stroke) => {
            let width = (stroke.width * UNITS).round().max(1.0) as u32;
            let style = ShapeStyle {
                color: rgba(stroke.paint),
                filled: false,
                stroke_width: width,
            };
            area.draw(&PathElement::new(units_all(points), style))
        }
        Shape::Polygon(points, paint) => {
            area.draw(&Polygon::new(units_all(points), rgba(*paint).filled()))
        }
        Shape::Rect(from, to, paint) => area.draw(&Rectangle::new(
            [units(*from), units(*to)],
            rgba(*paint).filled(),
        )),
        Shape::Circle(centre, radius, paint) => {
            let radius = (radius * UNITS).round() as i32;
            area.draw(&Circle::new(units(*centre), radius, rgba(*paint).filled()))
        }
        Shape::Text(at, text, style) => {
            let drop = medium.drop * style.size;
            let (x, y) = *at;
            let at = if style.upwards {
                (x + drop, y)
            } else {
                (x, y + drop)
            };
            area.draw_text(text, &text_style(style, medium.em), units(at))
        }
        Shape::Image(..) if !medium.images => Ok(()),
        Shape::Image(from, to, raster) => draw_image(*from, *to, raster, area),
    }
}

fn draw_image<DB: DrawingBackend>(
    from: Point,
    to: Point,
    raster: &Raster,
    area: &DrawingArea<DB, Shift>,
) -> Drawn<DB> {
    let (left, top) = units(from);
    let (right, bottom) = units(to);
    let (width, height) = (
        (right - left).max(1) as usize,
        (bottom - top).max(1) as usize,
    );
    if raster.rgb.len() != 3 * raster.width * raster.height || raster.rgb.is_empty() {
        return Ok(());
    }
    let (source, _) = raster.rgb.as_chunks::<3>();
    let columns: Vec<usize> = (0..width).map(|x| x * raster.width / width).collect();
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        let row = &source[y * raster.height / height * raster.width..];
        pixels.extend(columns.iter().map(|&x| row[x]));
    }
    let pixels = pixels.into_flattened();
    let size = (width as u32, height as u32);
    match BitMapElement::with_owned_buffer((left, top), size, pixels) {
        Some(element) => area.draw(&element),
        None => Ok(()),
    }
}

fn text_style(style: &TextStyle, em: f64) -> PlottersText<'static> {
    let face = if style.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let horizontal = match style.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let turn = if style.upwards {
        FontTransform::Rotate270
    } else {
        FontTransform::None
    };
    let font = (FONT, style.size * em * UNITS, face)
        .into_font()
        .transform(turn);
    PlottersText {
        color: rgba(style.paint).to_backend_color(),
        pos: Pos::new(horizontal, VPos::Center),
        ..PlottersText::from(font)
    }
}

fn units_all(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&point| units(point)).collect()
}

fn units((x, y): Point) -> (i32, i32) {
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

fn rgba(paint: Paint) -> RGBAColor {
    let (red, green, blue) = paint.rgb;
    RGBAColor(red, green, blue, paint.alpha)
}
