//! Writes a PNG of procedural images, one class a column: `contact_sheet letters|digits OUT.png`.

use std::time::Instant;

use datasets::{StreamKey, StrokeClasses, Strokes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: contact_sheet letters|digits OUT.png";
    let classes = match arguments.next().as_deref() {
        Some("letters") => StrokeClasses::Letters,
        Some("digits") => StrokeClasses::Digits,
        _ => return Err(usage.into()),
    };
    let out = arguments.next().ok_or(usage)?;
    let strokes = Strokes {
        classes,
        images: 20_000,
    };
    let begun = Instant::now();
    let set = strokes.generate(StreamKey::from_seed(1))?;
    let rate = set.len() as f64 / begun.elapsed().as_secs_f64();
    eprintln!("{rate:.0} images/s");
    let (columns, rows, side) = (classes.len(), 12, 34);
    let sheet = image::GrayImage::from_fn((columns * side) as u32, (rows * side) as u32, |x, y| {
        let (column, row) = (x as usize / side, y as usize / side);
        let (u, v) = (x as usize % side, y as usize % side);
        let pixel = if u < 32 && v < 32 {
            set.image(row * columns + column)[v * 32 + u]
        } else {
            0.0
        };
        image::Luma([((pixel + 1.0) * 127.5) as u8])
    });
    sheet.save(out)?;
    Ok(())
}
