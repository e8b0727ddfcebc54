//! Losses' derivatives and the clipping of examples' gradients: examples run along the lanes, classes
//! down the rows, and each function does one vector of sixteen examples.

use pulp::Simd;

use crate::lanes::{F32s, LANES, Lanes};
use crate::matrix::Matrix;

/// Softmax minus one-hot, in place, of vector `b`.
#[inline(always)]
pub(crate) fn softmax_residual<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    z: &mut Matrix,
    targets: &Matrix,
    b: usize,
) {
    let mut top = lanes.load(&z.vectors(0)[b]);
    for k in 1..z.rows() {
        top = lanes.max(top, lanes.load(&z.vectors(k)[b]));
    }
    let mut total = lanes.splat(0.0);
    for k in 0..z.rows() {
        let place = &mut z.vectors_mut(k)[b];
        let power = lanes.exp(lanes.sub(lanes.load(place), top));
        total = lanes.add(total, power);
        lanes.store(power, place);
    }
    let inverse = lanes.div(lanes.splat(1.0), total);
    let minus = lanes.splat(-1.0);
    for k in 0..z.rows() {
        let target = lanes.mul(lanes.load(&targets.vectors(k)[b]), minus);
        let place = &mut z.vectors_mut(k)[b];
        lanes.store(lanes.mul_add(lanes.load(place), inverse, target), place);
    }
}

/// weight · (σ(z) − y), in place, of vector `b`.
#[inline(always)]
pub(crate) fn logistic_residual<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    z: &mut Matrix,
    targets: &Matrix,
    weights: &[[f32; LANES]],
    b: usize,
) {
    let place = &mut z.vectors_mut(0)[b];
    let minus = lanes.mul(lanes.load(place), lanes.splat(-1.0));
    let power = lanes.exp(lanes.min(minus, lanes.splat(87.0)));
    let one = lanes.splat(1.0);
    let p = lanes.div(one, lanes.add(one, power));
    let residual = lanes.sub(p, lanes.load(&targets.vectors(0)[b]));
    lanes.store(lanes.mul(residual, lanes.load(&weights[b])), place);
}

/// The squared norm of each column of vector `b`.
#[inline(always)]
pub(crate) fn column_squares<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    z: &Matrix,
    b: usize,
) -> F32s<S, R> {
    let mut sum = lanes.splat(0.0);
    for k in 0..z.rows() {
        let x = lanes.load(&z.vectors(k)[b]);
        sum = lanes.mul_add(x, x, sum);
    }
    sum
}

/// min(1, C / (norm + 1e-6)) from squared norms; 0 outside the batch.
#[inline(always)]
pub(crate) fn clip_factor<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    batch: &[[f32; LANES]],
    b: usize,
    clip: f32,
    square: F32s<S, R>,
) -> F32s<S, R> {
    let norm = lanes.add(lanes.sqrt(square), lanes.splat(1e-6));
    let factor = lanes.min(lanes.div(lanes.splat(clip), norm), lanes.splat(1.0));
    lanes.mul(factor, lanes.load(&batch[b]))
}

/// Multiplies each column of vector `b` by its own number.
#[inline(always)]
pub(crate) fn scale_columns<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    z: &mut Matrix,
    b: usize,
    scale: F32s<S, R>,
) {
    for k in 0..z.rows() {
        let place = &mut z.vectors_mut(k)[b];
        lanes.store(lanes.mul(lanes.load(place), scale), place);
    }
}
