//! Training images above what was reconstructed of them.

use maud::{Markup, html};

use crate::columns::share;
use crate::error::ReportError;
use crate::export::png::data_uri;
use crate::figures::GridPair;
use crate::gate::rate;
use crate::rows::ResultRow;
use crate::scene::Raster;

/// The pictures of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    /// The cell's place among the results.
    pub cell: usize,
    /// The cell in a few words.
    pub label: String,
    /// Name of the figure that holds all of its pictures.
    pub figure: String,
    /// What counts as success, as in `min-MSE at most τ = 0.0696`.
    pub criterion: String,
    /// Training images and what the attack made of them.
    pub pairs: Vec<GridPair>,
}

/// Pictures of the cell that leaked most.
pub(super) const FIRST: usize = 15;
/// Pictures of every other cell.
const EACH: usize = 8;
/// Bytes that all pictures of a page may take; more are in the folder of figures.
const BYTES: usize = 600_000;

/// All cells' pictures, a line each, as many as a page should hold.
pub(super) fn section(
    rows: &[ResultRow],
    galleries: &[Gallery],
) -> Result<Option<Markup>, ReportError> {
    if galleries.is_empty() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    let mut bytes = 0;
    for gallery in galleries {
        let line = pictures(gallery, EACH)?;
        bytes += line.0.len();
        if bytes > BYTES {
            break;
        }
        let found = rows.get(gallery.cell).and_then(rate);
        lines.push((gallery, found, line));
    }
    let left_out = galleries.len() - lines.len();
    Ok(Some(html! {
        section #reconstructions {
            h2 { "What came out" }
            p.note {
                "For each cell training images of victims (above) and what the attack reconstructs from the release alone (below)."
                @if left_out > 0 {
                    " Of " (galleries.len()) " cells " (lines.len()) " are shown; the others are in figures/."
                }
            }
            @for (gallery, found, line) in &lines {
                h3 {
                    (gallery.label)
                    @if let Some((tpr, lo, hi)) = found {
                        small { "TPR at 1 % FPR " (share(*tpr, *lo, *hi)) }
                    }
                }
                (line)
                p.links {
                    "all of this cell: "
                    @for ending in ["svg", "png", "csv"] {
                        a href=(format!("figures/{}.{ending}", gallery.figure)) { (ending.to_uppercase()) }
                        " "
                    }
                }
            }
        }
    }))
}

/// Up to `most` pictures of a cell.
pub(super) fn pictures(gallery: &Gallery, most: usize) -> Result<Markup, ReportError> {
    let shown = &gallery.pairs[..gallery.pairs.len().min(most)];
    let mut files = Vec::with_capacity(shown.len());
    for pair in shown {
        let file = data_uri(&stacked(pair)).map_err(|why| ReportError::Draw {
            name: gallery.figure.clone(),
            why,
        })?;
        files.push((pair, file));
    }
    let hits = gallery.pairs.iter().filter(|pair| pair.success).count();
    Ok(html! {
        div.pairs {
            @for (pair, file) in &files {
                figure.pair {
                    img src=(file) alt={
                        "A training image above its reconstruction, mean squared error "
                        (format!("{:.3}", pair.mse))
                        @if pair.success { ", a success" } @else { ", no success" }
                    };
                    figcaption class=(if pair.success { "hit" } else { "miss" }) {
                        (if pair.success { "✓ " } else { "✗ " })
                        (format!("{:.3}", pair.mse))
                    }
                }
            }
        }
        p.note {
            (gallery.label) ": original above, reconstruction below, mean squared error beneath; "
            (hits) " of " (gallery.pairs.len()) " succeed (" (gallery.criterion) ")."
        }
    })
}

/// Original above reconstruction, two pixels apart.
fn stacked(pair: &GridPair) -> Raster {
    const GAP: usize = 2;
    let (above, below) = (&pair.original, &pair.reconstruction);
    let mut rgb = above.rgb.clone();
    rgb.extend(std::iter::repeat_n(160, 3 * GAP * above.width));
    rgb.extend(&below.rgb);
    Raster {
        width: above.width,
        height: above.height + GAP + below.height,
        rgb,
    }
}
