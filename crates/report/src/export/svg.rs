//! A scene as SVG.

use maud::{Markup, PreEscaped, html};
use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;

use super::draw::{Medium, UNITS, draw};
use super::png::data_uri;
use crate::error::ReportError;
use crate::scene::{Scene, Shape};
use crate::style::{PAPER, register_fonts};

const MEDIUM: Medium = Medium {
    em: 1.24,
    drop: 0.08,
    images: false,
};

/// The SVG document of a scene, on white ground, with its title and, for readers who cannot see it,
/// what it shows.
///
/// # Errors
/// If the backend or the embedded font fails.
pub fn svg(name: &str, title: &str, alt: &str, scene: &Scene) -> Result<String, ReportError> {
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
    let document = html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(scene.width.round()) height=(scene.height.round())
            viewBox=(format!("0 0 {width} {height}")) role="img" {
            title { (title) }
            desc { (alt) }
            (PreEscaped(joined(content(&body))))
            (images)
        }
    };
    Ok(document.into_string())
}

/// The scene's images as elements: plotters can only embed them with a wrong media type.
fn images(scene: &Scene) -> Result<Markup, String> {
    let mut images = Vec::new();
    for shape in &scene.shapes {
        let Shape::Image((left, top), (right, bottom), raster) = shape else {
            continue;
        };
        let unit = |points: f64| (points * UNITS).round();
        let size = (unit(right - left), unit(bottom - top));
        images.push((unit(*left), unit(*top), size, data_uri(raster)?));
    }
    Ok(html! {
        @for (x, y, (width, height), file) in images {
            image x=(x) y=(y) width=(width) height=(height) preserveAspectRatio="none"
                style="image-rendering:pixelated" href=(file) {}
        }
    })
}

/// What stands between the backend's opening tag, whose size is in backend units, and its end.
fn content(document: &str) -> &str {
    let opened = document.find("<svg").and_then(|start| {
        let end = document[start..].find('>')?;
        Some(start + end + 1)
    });
    let inner = &document[opened.unwrap_or(0)..];
    inner.trim_end().strip_suffix("</svg>").unwrap_or(inner)
}

/// The same with lines that follow one another in one look, such as the dashes of a curve, as one
/// path: a tenth of the bytes.
fn joined(content: &str) -> String {
    let mut out = String::with_capacity(content.len() / 2);
    let mut open: Option<&str> = None;
    for line in content.lines() {
        let parts = line
            .strip_prefix("<polyline ")
            .and_then(|rest| rest.strip_suffix("\"/>"))
            .and_then(|rest| rest.split_once("points=\""));
        if parts.map(|(look, _)| look) != open && open.is_some() {
            out.push_str("\"/>\n");
            open = None;
        }
        let Some((look, points)) = parts else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        if open.is_none() {
            out.push_str("<path ");
            out.push_str(look);
            out.push_str("d=\"");
            open = Some(look);
        }
        out.push('M');
        out.push_str(points.trim());
    }
    if open.is_some() {
        out.push_str("\"/>\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_of_one_look_are_one_path() {
        let line = |colour: &str, points: &str| {
            format!("<polyline fill=\"none\" stroke=\"{colour}\" points=\"{points} \"/>\n")
        };
        let content = line("red", "1,2 3,4")
            + &line("red", "5,6 7,8")
            + &line("blue", "0,0 1,1")
            + "<circle r=\"1\"/>\n"
            + &line("red", "9,9 8,8");
        assert_eq!(
            joined(&content),
            "<path fill=\"none\" stroke=\"red\" d=\"M1,2 3,4M5,6 7,8\"/>\n<path fill=\"none\" stroke=\"blue\" d=\"M0,0 1,1\"/>\n<circle r=\"1\"/>\n<path fill=\"none\" stroke=\"red\" d=\"M9,9 8,8\"/>\n"
        );
    }
}
