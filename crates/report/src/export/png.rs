//! A scene as PNG, at twice its size in points for sharp screens.

use base64::Engine;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;

use super::draw::{Medium, UNITS, draw};
use crate::error::ReportError;
use crate::scene::{Raster, Scene};
use crate::style::{LINE_HEIGHT, register_fonts};

/// Backend pixels averaged along each side of a PNG pixel: plotters does not smooth thick lines.
const AVERAGED: usize = 2;

const MEDIUM: Medium = Medium {
    em: LINE_HEIGHT,
    drop: 0.16,
    images: true,
};

/// The PNG file of a scene, on white ground.
///
/// # Errors
/// If the backend, the embedded font or the encoder fails.
pub fn png(name: &str, scene: &Scene) -> Result<Vec<u8>, ReportError> {
    let failed = |why: String| ReportError::Draw {
        name: name.to_owned(),
        why,
    };
    register_fonts().map_err(failed)?;
    let side = |points: f64| (points * UNITS).round() as usize / AVERAGED * AVERAGED;
    let (width, height) = (side(scene.width), side(scene.height));
    let mut fine = vec![255_u8; 3 * width * height];
    {
        let size = (width as u32, height as u32);
        let area = BitMapBackend::with_buffer(&mut fine, size).into_drawing_area();
        draw(scene, MEDIUM, &area)
            .and_then(|()| area.present())
            .map_err(|error| failed(error.to_string()))?;
    }
    let (out_width, out_height) = (width / AVERAGED, height / AVERAGED);
    let pixels = average(&fine, width, out_width, out_height);
    encode(&Raster {
        width: out_width,
        height: out_height,
        rgb: pixels,
    })
    .map_err(failed)
}

/// An image as a PNG file; grey ones in one channel.
fn encode(raster: &Raster) -> Result<Vec<u8>, String> {
    let (width, height) = (raster.width as u32, raster.height as u32);
    let (pixels, _) = raster.rgb.as_chunks::<3>();
    let grey = pixels.iter().all(|[r, g, b]| r == g && g == b);
    let luma: Vec<u8>;
    let (bytes, colour) = if grey {
        luma = pixels.iter().map(|pixel| pixel[0]).collect();
        (&luma, ExtendedColorType::L8)
    } else {
        (&raster.rgb, ExtendedColorType::Rgb8)
    };
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(bytes, width, height, colour)
        .map_err(|error| error.to_string())?;
    Ok(file)
}

/// An image as an address that holds its PNG file.
pub(crate) fn data_uri(raster: &Raster) -> Result<String, String> {
    let file = base64::engine::general_purpose::STANDARD.encode(encode(raster)?);
    Ok(format!("data:image/png;base64,{file}"))
}

/// The means of squares of pixels.
fn average(fine: &[u8], width: usize, out_width: usize, out_height: usize) -> Vec<u8> {
    let count = (AVERAGED * AVERAGED) as u32;
    let mut out = Vec::with_capacity(3 * out_width * out_height);
    for rows in fine.chunks_exact(3 * width * AVERAGED).take(out_height) {
        for at in 0..3 * out_width {
            let (x, channel) = (at / 3 * AVERAGED, at % 3);
            let mut sum = count / 2;
            for row in rows.chunks_exact(3 * width) {
                for dx in 0..AVERAGED {
                    sum += u32::from(row[3 * (x + dx) + channel]);
                }
            }
            out.push((sum / count) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_its_square() {
        let fine: Vec<u8> = (0..4 * 2 * 3).map(|it| it * 10).collect();
        // Rows of 4 pixels: 0, 30, .. 90 in the first row's red, 120, .. 210 in the second's.
        let found = average(&fine, 4, 2, 1);
        assert_eq!(found, [75, 85, 95, 135, 145, 155]);
    }
}
