//! Reads the image sets under a data folder and prints how long each takes.

use std::path::PathBuf;
use std::time::Instant;

use datasets::{IdxOptions, read_idx, read_omniglot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = PathBuf::from(std::env::args().nth(1).ok_or("usage: read_speed DATA")?);
    let begun = Instant::now();
    let set = read_idx(
        &data.join("mnist/train-images-idx3-ubyte.gz"),
        &data.join("mnist/train-labels-idx1-ubyte.gz"),
        IdxOptions::mnist(),
    )?;
    println!("mnist {} in {:?}", set.len(), begun.elapsed());
    let begun = Instant::now();
    let zips = [1, 2].map(|i| data.join(format!("omniglot/images_background_small{i}.zip")));
    let set = read_omniglot(&zips, 32)?;
    println!(
        "omniglot {} of {} in {:?}",
        set.len(),
        set.classes(),
        begun.elapsed()
    );
    let (columns, rows, side) = (26, 12, 34);
    let sheet = image::GrayImage::from_fn((columns * side) as u32, (rows * side) as u32, |x, y| {
        let (column, row) = (x as usize / side, y as usize / side);
        let (u, v) = (x as usize % side, y as usize % side);
        let pixel = if u < 32 && v < 32 {
            set.image((row * columns + column) * 17)[v * 32 + u]
        } else {
            0.0
        };
        image::Luma([((pixel + 1.0) * 127.5) as u8])
    });
    sheet.save("/tmp/sheet_omniglot.png")?;
    Ok(())
}
