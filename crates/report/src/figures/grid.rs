//! Originals above their reconstructions, marked by success.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::Figure;
use super::sheet::{Entry, Key, Layout, PLAIN, sheet, verdict};
use crate::digits::number;
use crate::scene::{Anchor, Point, Raster, Scene};
use crate::style::{BAD, GOOD, GRID, SOFT, text};

/// A training image and what the attack made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct GridPair {
    /// The training image nearest to the reconstruction.
    pub original: Raster,
    /// The reconstruction.
    pub reconstruction: Raster,
    /// Their mean squared error.
    pub mse: f64,
    /// Whether it counts as a success.
    pub success: bool,
}

impl Raster {
    /// From an NCHW image with values in [-1, 1], one channel or three; others show their first.
    /// Values outside are held at the ends, and missing ones are black.
    pub fn from_pixels(channels: usize, height: usize, width: usize, pixels: &[f32]) -> Self {
        let plane = height * width;
        let mut rgb = Vec::with_capacity(3 * plane);
        for at in 0..plane {
            for colour in 0..3 {
                let channel = if channels == 3 { colour } else { 0 };
                let value = pixels.get(channel * plane + at).copied().unwrap_or(-1.0);
                rgb.push(((value.clamp(-1.0, 1.0) + 1.0) * 127.5).round() as u8);
            }
        }
        Self { width, height, rgb }
    }
}

const TILE: f64 = 64.0;
const STEP: f64 = TILE + 8.0;
const BLOCK: f64 = 2.0 * TILE + 2.0 + 34.0;

/// A grid of pairs, `columns` to a row; `None` if there are none. `criterion` says what counts as
/// success, as in `min-MSE at most τ = 0.0696`.
pub fn reconstruction_grid(
    name: &str,
    title: &str,
    criterion: &str,
    pairs: &[GridPair],
    columns: usize,
) -> Option<Figure> {
    if pairs.is_empty() {
        return None;
    }
    let columns = columns.clamp(1, pairs.len());
    let rows = pairs.len().div_ceil(columns);
    let hits = pairs.iter().filter(|pair| pair.success).count();
    let subtitle = format!(
        "original above, reconstruction below, mean squared error beneath · {hits} of {} succeed ({criterion})",
        pairs.len()
    );
    let legend = [
        Entry::new("success", GOOD, Key::Tick),
        Entry::new("no success", BAD, Key::Cross),
    ];
    let width = columns as f64 * STEP - 8.0;
    let height = rows as f64 * BLOCK - 12.0;
    // The sheet leaves room for axis labels; a narrow grid is widened to hold its title.
    let (mut scene, _) = sheet(
        Layout::Wide,
        title,
        &subtitle,
        &legend,
        (1, 1),
        (width.max(420.0) - 64.0, height),
        PLAIN,
    );
    scene.height -= 52.0;
    let top = scene.height - height - 8.0;
    for (at, pair) in pairs.iter().enumerate() {
        let left = 20.0 + (at % columns) as f64 * STEP;
        let y = top + (at / columns) as f64 * BLOCK;
        draw(&mut scene, pair, (left, y));
    }
    Some(Figure {
        name: name.to_owned(),
        title: title.to_owned(),
        caption: format!(
            "Training images of victims (above) and what the attack reconstructs from the release alone (below), with the mean squared error. A green tick marks a success ({criterion}), a red cross the others."
        ),
        alt: format!(
            "{title}: {} training images above what was reconstructed of them; {hits} succeed ({criterion}).",
            pairs.len()
        ),
        narrow: None,
        source: "results.csv",
        numbers: numbers(pairs),
        scene,
    })
}

fn numbers(pairs: &[GridPair]) -> DataFrame {
    let places: Vec<u64> = (1..=pairs.len() as u64).collect();
    let errors: Vec<f64> = pairs.iter().map(|pair| pair.mse).collect();
    let hits: Vec<&str> = pairs
        .iter()
        .map(|pair| if pair.success { "yes" } else { "no" })
        .collect();
    let columns: Vec<Column> = vec![
        Series::new("picture".into(), places).into(),
        Series::new("mse".into(), errors).into(),
        Series::new("success".into(), hits).into(),
    ];
    DataFrame::new(pairs.len(), columns).unwrap_or_default()
}

fn draw(scene: &mut Scene, pair: &GridPair, (left, top): Point) {
    let paint = if pair.success { GOOD } else { BAD };
    let below = top + TILE + 2.0;
    for (raster, y) in [(&pair.original, top), (&pair.reconstruction, below)] {
        scene.rect(
            (left - 1.0, y - 1.0),
            (left + TILE + 1.0, y + TILE + 1.0),
            GRID,
        );
        scene.image((left, y), (left + TILE, y + TILE), raster.clone());
    }
    let line = below + TILE + 11.0;
    verdict(scene, (left + 9.0, line), pair.success, paint);
    let style = text(11.0, SOFT).anchored(Anchor::Start);
    scene.text((left + 20.0, line), error_text(pair.mse), style);
}

fn error_text(mse: f64) -> String {
    if mse < 0.001 {
        number(mse)
    } else {
        format!("{mse:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_bytes() {
        let grey = Raster::from_pixels(1, 1, 3, &[-1.0, 0.0, 7.0]);
        assert_eq!(grey.rgb, [0, 0, 0, 128, 128, 128, 255, 255, 255]);
        let colour = Raster::from_pixels(3, 1, 1, &[1.0, -1.0, 0.0]);
        assert_eq!(colour.rgb, [255, 0, 128]);
        assert_eq!(Raster::from_pixels(1, 2, 2, &[]).rgb.len(), 12);
    }
}
