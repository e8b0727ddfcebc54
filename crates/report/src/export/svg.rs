//! A scene as SVG.

use std::fmt::Write;

use base64::Engine;
use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;

use super::draw::{Medium, UNITS, draw};
use super::png::encode;
use crate::error::ReportError;
use crate::scene::{Scene, Shape};
use crate::style::{PAPER, register_fonts};

const MEDIUM: Medium = Medium {
    em: 1.24,
    drop: 0.08,
    images: false,
};

/// The SVG document of a scene, on white ground, with its title for readers who cannot see it.
///
/// # Errors
/// If the backend or the embedded font fails.
pub fn svg(name: &str, title: &str, scene: &Scene) -> Result<String, ReportError> {
    let failed = |why: String| ReportError::Draw {
        name: name.to_owned(),
        why,
    };
    register_fonts().map_err(failed)?;
    let (width, height) = (
        (scene.width * UNITS).round() as u32,
        (scene.height * UNITS).round() as u32,
    );
    let mut body = String::new();
    {
        let area = SVGBackend::with_string(&mut body, (width, height)).into_drawing_area();
        let mut grounded = Scene::new(scene.width, scene.height);
        grounded.rect((0.0, 0.0), (scene.width, scene.height), PAPER);
        for scene in [&grounded, scene] {
            draw(scene, MEDIUM, &area).map_err(|error| failed(error.to_string()))?;
        }
        area.present().map_err(|error| failed(error.to_string()))?;
    }
    let images = images(scene).map_err(failed)?;
    Ok(with_header(&body, title, scene, &images))
}

/// The scene's images as elements: plotters can only embed them with a wrong media type.
fn images(scene: &Scene) -> Result<String, String> {
    let mut elements = String::new();
    for shape in &scene.shapes {
        let Shape::Image((left, top), (right, bottom), raster) = shape else {
            continue;
        };
        let file = base64::engine::general_purpose::STANDARD.encode(encode(raster)?);
        let unit = |points: f64| (points * UNITS).round();
        let _ = writeln!(
            elements,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{file}\"/>",
            unit(*left),
            unit(*top),
            unit(right - left),
            unit(bottom - top),
        );
    }
    Ok(elements)
}

/// Replaces the backend's opening tag, whose size is in backend units, by one in points.
fn with_header(document: &str, title: &str, scene: &Scene, images: &str) -> String {
    let content = document.find("<svg").and_then(|start| {
        let end = document[start..].find('>')?;
        Some(&document[start + end + 1..])
    });
    let (width, height) = (scene.width.round(), scene.height.round());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\">\n<title>{}</title>{}",
        (scene.width * UNITS).round(),
        (scene.height * UNITS).round(),
        crate::html::escape(title),
        content
            .unwrap_or(document)
            .replace("</svg>", &format!("{images}</svg>"))
    )
}
