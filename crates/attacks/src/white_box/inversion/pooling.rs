//! Which pixel of each 2 x 2 cell a max pooling took, from the update of the convolution before it.

use faer::{Mat, MatRef};

use super::convolution::{Convolution, product};

/// Most sweeps over all cells.
const SWEEPS: usize = 6;
/// Weight of the forward pass's word against the update's: the errors of neighbouring patches are
/// not independent, so that the update's many equations say less than they seem to. At 4, one image
/// in two or three stays with a few positions wrong.
const FORWARD: f64 = 30.0;
/// Least variances, as shares of the mean squares: the rounding of single precision.
const LEAST_UPDATE: f64 = 1e-16;
const LEAST_FORWARD: f64 = 1e-10;
/// Outputs that differ by less than this share of the largest output are equal.
const TIE: f64 = 1e-6;

/// The slopes before the pooling (channels × positions): each of `slopes` (channels × cells) at that
/// position of its cell that best explains the `update` of the weights at about this `input`, and
/// where the convolution's output is nearest to the `pooled` maximum.
pub(super) fn place(
    layer: &Convolution,
    update: MatRef<'_, f64>,
    slopes: MatRef<'_, f64>,
    pooled: MatRef<'_, f64>,
    input: MatRef<'_, f64>,
) -> Mat<f64> {
    let patches = layer.patches(input);
    let output = layer.output(patches.as_ref());
    let gram = product(patches.as_ref(), patches.transpose());
    let cells = layer.cells();
    let (channels, positions) = (layer.outputs(), layer.positions());
    let moving: Vec<Vec<usize>> = (0..channels)
        .map(|o| {
            (0..cells.len())
                .filter(|&c| slopes[(o, c)] != 0.0)
                .collect()
        })
        .collect();
    // At first where the forward pass has its maximum, the first of equal ones.
    let mut taken: Vec<Vec<usize>> = (0..channels)
        .map(|o| {
            let first = |cell: &[usize; 4]| {
                (1..4).fold(0, |best, slot| {
                    let better = output[(o, cell[slot])] > output[(o, cell[best])];
                    if better { slot } else { best }
                })
            };
            cells.iter().map(first).collect()
        })
        .collect();
    let mut placed = Mat::zeros(channels, positions);
    let (mut power, mut error, mut count) = (0.0, 0.0, 0.0_f64);
    for (o, moving) in moving.iter().enumerate() {
        for &c in moving {
            let p = cells[c][taken[o][c]];
            placed[(o, p)] = slopes[(o, c)];
            power += pooled[(o, c)].powi(2);
            error += (output[(o, p)] - pooled[(o, c)]).powi(2);
            count += 1.0;
        }
    }
    let count = count.max(1.0);
    let forward = FORWARD / (error / count).max(LEAST_FORWARD * power / count);
    let forward = if forward.is_finite() { forward } else { 0.0 };

    let seen = product(update, patches.transpose());
    // What of the update is left, against every patch.
    let mut left = &seen - product(placed.as_ref(), gram.as_ref());
    let total = update.squared_norm_l2();
    let size = (update.nrows() * update.ncols()) as f64;
    for _ in 0..SWEEPS {
        // |G − DΦ|² = |G|² − D·(GΦᵀ) − D·(GΦᵀ − DΦΦᵀ).
        let explained: f64 = (0..channels)
            .flat_map(|o| (0..positions).map(move |p| (o, p)))
            .map(|at| placed[at] * (seen[at] + left[at]))
            .sum();
        let variance = (total - explained).max(LEAST_UPDATE * total) / size;
        if !(variance > 0.0 && variance.is_finite()) {
            break;
        }
        let mut changed = false;
        for (o, moving) in moving.iter().enumerate() {
            for &c in moving {
                let (slope, cell) = (slopes[(o, c)], &cells[c]);
                let now = cell[taken[o][c]];
                let cost = |p: usize| {
                    let without = left[(o, p)] + slope * gram[(now, p)];
                    let fit = slope * (slope * gram[(p, p)] - 2.0 * without);
                    fit / variance + forward * (output[(o, p)] - pooled[(o, c)]).powi(2)
                };
                let best = (0..4).fold(taken[o][c], |best, slot| {
                    let better = cost(cell[slot]) < cost(cell[best]);
                    if better { slot } else { best }
                });
                if best == taken[o][c] {
                    continue;
                }
                let to = cell[best];
                (placed[(o, now)], placed[(o, to)]) = (0.0, slope);
                for p in 0..positions {
                    left[(o, p)] += slope * (gram[(p, now)] - gram[(p, to)]);
                }
                taken[o][c] = best;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    placed
}

/// The slopes before the pooling where `input` is exact: each at the first position of its cell that
/// has the cell's maximum, up to rounding. On plain ground all four have it, the update does not
/// tell them apart, and the network takes the first.
pub(super) fn place_exact(
    layer: &Convolution,
    slopes: MatRef<'_, f64>,
    input: MatRef<'_, f64>,
) -> Mat<f64> {
    let output = layer.output(layer.patches(input).as_ref());
    let tie = TIE * output.norm_max();
    let mut placed = Mat::zeros(layer.outputs(), layer.positions());
    for (c, cell) in layer.cells().iter().enumerate() {
        for o in 0..layer.outputs() {
            let largest = cell
                .iter()
                .map(|&p| output[(o, p)])
                .fold(f64::MIN, f64::max);
            let first = cell.iter().find(|&&p| output[(o, p)] >= largest - tie);
            if let Some(&p) = first {
                placed[(o, p)] = slopes[(o, c)];
            }
        }
    }
    placed
}
