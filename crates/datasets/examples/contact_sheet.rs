//! Loads a dataset as a config names it and writes a PNG of its images, one class a column.
//!
//! ```text
//! cargo run -p datasets --example contact_sheet -- DATA_FOLDER OUT.png 'mnist: { limit: 500 }'
//! ```

use std::path::Path;
use std::time::Instant;

use datasets::{Colour, DatasetSpec, StreamKey};

const COLUMNS: usize = 26;
const ROWS: usize = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, out, spec] = arguments.as_slice() else {
        return Err("usage: contact_sheet DATA_FOLDER OUT.png DATASET".into());
    };
    let spec: DatasetSpec = serde_saphyr::from_str(spec)?;
    let begun = Instant::now();
    let set = spec.load(Path::new(data), StreamKey::from_seed(1))?;
    let seconds = begun.elapsed().as_secs_f64();
    let (count, rate) = (set.len(), set.len() as f64 / seconds);
    let (shape, classes) = (set.shape(), set.classes());
    eprintln!("{count} of {shape} in {classes} classes: {seconds:.2} s, {rate:.0} a second");

    let set = set.coloured(Colour::Rgb);
    let by_class = set.by_class();
    let columns = classes.min(COLUMNS);
    let (height, width) = (shape.height + 2, shape.width + 2);
    let mut sheet = image::RgbImage::from_pixel(
        (columns * width) as u32,
        (ROWS * height) as u32,
        image::Rgb([90, 90, 90]),
    );
    for (column, members) in by_class.iter().take(columns).enumerate() {
        for (row, &index) in members.iter().take(ROWS).enumerate() {
            let pixels = set.image(index as usize);
            for y in 0..shape.height {
                for x in 0..shape.width {
                    let area = shape.height * shape.width;
                    let value = |channel| pixels[channel * area + y * shape.width + x];
                    let rgb = [0, 1, 2].map(|channel| ((value(channel) + 1.0) * 127.5) as u8);
                    let (left, top) = (column * width + x, row * height + y);
                    sheet.put_pixel(left as u32, top as u32, image::Rgb(rgb));
                }
            }
        }
    }
    sheet.save(out)?;
    Ok(())
}
