//! A scene as PNG, at twice its size in points for sharp screens.

use base64::Engine;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;

use super::draw::{Medium, UNITS, draw};
use crate::error::ReportError;
use crate::scene::{Raster, Scene};
use crate::style::{LINE_HEIGHT, register_fonts};

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
    // Drawn at twice the size of the file: plotters does not smooth thick lines.
    let side = |points: f64| (points * UNITS).round() as usize / 2 * 2;
    let (width, height) = (side(scene.width), side(scene.height));
    let mut fine = vec![255_u8; 3 * width * height];
    {
        let size = (width as u32, height as u32);
        let area = BitMapBackend::with_buffer(&mut fine, size).into_drawing_area();
        draw(scene, MEDIUM, &area)
            .and_then(|()| area.present())
            .map_err(|error| failed(error.to_string()))?;
    }
    let (out_width, out_height) = (width / 2, height / 2);
    let pixels = halved(&fine, width, out_width, out_height);
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

/// The means of squares of two by two pixels.
fn halved(fine: &[u8], width: usize, out_width: usize, out_height: usize) -> Vec<u8> {
    let mut out = vec![[0; 3]; out_width * out_height];
    let rows = fine.chunks_exact(2 * 3 * width);
    for (out, rows) in out.chunks_exact_mut(out_width).zip(rows) {
        let (above, below) = rows.split_at(3 * width);
        let squares = above
            .as_chunks::<6>()
            .0
            .iter()
            .zip(below.as_chunks::<6>().0);
        for (pixel, (above, below)) in out.iter_mut().zip(squares) {
            for (at, mean) in pixel.iter_mut().enumerate() {
                let four = [above[at], above[at + 3], below[at], below[at + 3]];
                let sum: u16 = four.into_iter().map(u16::from).sum();
                *mean = ((sum + 2) / 4) as u8;
            }
        }
    }
    out.into_flattened()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_the_mean_of_its_square() {
        let fine: Vec<u8> = (0..4 * 2 * 3).map(|it| it * 10).collect();
        // Rows of 4 pixels: 0, 30, .. 90 in the first row's red, 120, .. 210 in the second's.
        let found = halved(&fine, 4, 2, 1);
        assert_eq!(found, [75, 85, 95, 135, 145, 155]);
    }
}
