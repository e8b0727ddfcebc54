//! The two matrix products that training consists of, on small matrices: row-by-row dot products
//! and combinations of rows. Every element is summed in one fixed order.

use pulp::Simd;

use crate::lanes::{F32s, Kernel, LANES, Lanes, dispatch};
use crate::matrix::Matrix;

/// `out = x fᵀ`: out_ij = x_i · f_j. Resizes `out`.
pub(crate) fn dots(out: &mut Matrix, x: &Matrix, f: &Matrix) {
    out.resize(x.rows(), f.rows());
    dispatch(Dots {
        out,
        x,
        f,
        symmetric: false,
    });
}

/// `out = f fᵀ`. Resizes `out`.
pub(crate) fn gram(out: &mut Matrix, f: &Matrix) {
    out.resize(f.rows(), f.rows());
    dispatch(Dots {
        out,
        x: f,
        f,
        symmetric: true,
    });
}

/// `out = scale · out + a f`, with the first `f.rows()` columns of `a`.
pub(crate) fn combine(out: &mut Matrix, scale: f32, a: &Matrix, f: &Matrix) {
    dispatch(Combine { out, scale, a, f });
}

/// `out = scale · out + factor · x`.
pub(crate) fn add(out: &mut Matrix, scale: f32, x: &Matrix, factor: f32) {
    dispatch(Add {
        out,
        scale,
        x,
        factor,
    });
}

/// Whether no value is infinite or NaN.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    let (vectors, rest) = values.as_chunks();
    dispatch(AllFinite(vectors)) && rest.iter().all(|value| value.is_finite())
}

struct AllFinite<'a>(&'a [[f32; LANES]]);

impl Kernel for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) -> bool {
        let zero = lanes.splat(0.0);
        let mut sum = zero;
        for vector in self.0 {
            sum = lanes.mul_add(lanes.load(vector), zero, sum);
        }
        // Infinity and NaN times 0 are NaN.
        lanes.sum(sum) == 0.0
    }
}

/// [`dots`] as a kernel; `out` has its size.
pub(crate) struct Dots<'a> {
    pub out: &'a mut Matrix,
    pub x: &'a Matrix,
    pub f: &'a Matrix,
    /// Whether `x` is `f`, so that half of the products suffice.
    pub symmetric: bool,
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        // Tiles as large as the registers hold.
        if R == 1 {
            self.tiles::<S, R, 5, 5>(lanes);
        } else {
            self.tiles::<S, R, 2, 3>(lanes);
        }
    }
}

impl Dots<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const R: usize, const M: usize, const N: usize>(self, lanes: Lanes<S, R>) {
        let Dots {
            out,
            x,
            f,
            symmetric,
        } = self;
        let (m, n) = (x.rows(), f.rows());
        for i in (0..m).step_by(M) {
            for j in (0..n).step_by(N) {
                if symmetric && j + N <= i {
                    continue;
                }
                // At the edges the last row stands in for those that are not there.
                let (mut left, mut right) = ([x.vectors(0); M], [f.vectors(0); N]);
                for t in 0..M {
                    left[t] = x.vectors((i + t).min(m - 1));
                }
                for u in 0..N {
                    right[u] = f.vectors((j + u).min(n - 1));
                }
                let sums: [[F32s<S, R>; N]; M] = tile(lanes, left, right);
                for (t, sums) in sums.into_iter().enumerate().take(m - i) {
                    for (u, sum) in sums.into_iter().enumerate().take(n - j) {
                        let sum = lanes.sum(sum);
                        out.row_mut(i + t)[j + u] = sum;
                        if symmetric {
                            out.row_mut(j + u)[i + t] = sum;
                        }
                    }
                }
            }
        }
    }
}

/// [`combine`] as a kernel.
pub(crate) struct Combine<'a> {
    pub out: &'a mut Matrix,
    pub scale: f32,
    pub a: &'a Matrix,
    pub f: &'a Matrix,
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        let Combine { out, scale, a, f } = self;
        if scale == 0.0 {
            // Whatever was there, infinite or NaN included, must not matter.
            out.as_mut_slice().fill(0.0);
        }
        let mut k = 0;
        while k < out.rows() {
            k += match out.rows() - k {
                10.. if R == 1 => rows::<S, R, 10>(lanes, out, scale, a, f, k),
                4.. => rows::<S, R, 4>(lanes, out, scale, a, f, k),
                2.. => rows::<S, R, 2>(lanes, out, scale, a, f, k),
                _ => rows::<S, R, 1>(lanes, out, scale, a, f, k),
            };
        }
    }
}

#[inline(always)]
fn tile<S: Simd, const R: usize, const M: usize, const N: usize>(
    lanes: Lanes<S, R>,
    x: [&[[f32; LANES]]; M],
    f: [&[[f32; LANES]]; N],
) -> [[F32s<S, R>; N]; M] {
    let len = x[0].len();
    let (mut x, mut f) = (x, f);
    for i in 0..M {
        x[i] = &x[i][..len];
    }
    for j in 0..N {
        f[j] = &f[j][..len];
    }
    let mut sums = [[lanes.splat(0.0); N]; M];
    for b in 0..len {
        let mut right = [lanes.splat(0.0); N];
        for j in 0..N {
            right[j] = lanes.load(&f[j][b]);
        }
        for i in 0..M {
            let left = lanes.load(&x[i][b]);
            for j in 0..N {
                sums[i][j] = lanes.mul_add(left, right[j], sums[i][j]);
            }
        }
    }
    sums
}

/// Does `M` rows of [`combine`] from row `k` on and returns `M`.
#[inline(always)]
fn rows<S: Simd, const R: usize, const M: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    scale: f32,
    a: &Matrix,
    f: &Matrix,
    k: usize,
) -> usize {
    let width = out.stride() / LANES;
    for (c, block) in f.as_slice().chunks(LANES * out.stride()).enumerate() {
        // Sixteen columns of coefficients, gathered so that one pointer reaches them all.
        let mut coefficients = [[0.0; LANES]; M];
        for i in 0..M {
            coefficients[i] = a.vectors(k + i)[c];
        }
        let factor = lanes.splat(if c == 0 { scale } else { 1.0 });
        let block = block.as_chunks::<LANES>().0;
        // Two vectors at a time share the loads of the coefficients.
        for b in (0..width - width % 2).step_by(2) {
            columns::<S, R, M, 2>(lanes, out, factor, &coefficients, block, k, b);
        }
        if width % 2 == 1 {
            columns::<S, R, M, 1>(lanes, out, factor, &coefficients, block, k, width - 1);
        }
    }
    M
}

/// Adds up to sixteen rows of `block`, times their coefficients, to the `B` vectors from `b` on of
/// the `M` rows of `out` from `k` on, which are multiplied by `factor` first.
#[inline(always)]
fn columns<S: Simd, const R: usize, const M: usize, const B: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    factor: F32s<S, R>,
    coefficients: &[[f32; LANES]; M],
    block: &[[f32; LANES]],
    k: usize,
    b: usize,
) {
    let width = out.stride() / LANES;
    let mut sums = [[factor; B]; M];
    for i in 0..M {
        for t in 0..B {
            sums[i][t] = lanes.mul(factor, lanes.load(&out.vectors(k + i)[b + t]));
        }
    }
    for (j, row) in block.chunks_exact(width).enumerate().take(LANES) {
        let mut vectors = [factor; B];
        for t in 0..B {
            vectors[t] = lanes.load(&row[b + t]);
        }
        for i in 0..M {
            let coefficient = lanes.splat(coefficients[i][j]);
            for t in 0..B {
                sums[i][t] = lanes.mul_add(coefficient, vectors[t], sums[i][t]);
            }
        }
    }
    for i in 0..M {
        for t in 0..B {
            lanes.store(sums[i][t], &mut out.vectors_mut(k + i)[b + t]);
        }
    }
}

struct Add<'a> {
    out: &'a mut Matrix,
    scale: f32,
    x: &'a Matrix,
    factor: f32,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        add_with(lanes, self.out, self.scale, self.x, self.factor);
    }
}

/// [`add`] within a kernel.
#[inline(always)]
pub(crate) fn add_with<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    scale: f32,
    x: &Matrix,
    factor: f32,
) {
    let (scale, factor) = (lanes.splat(scale), lanes.splat(factor));
    let from = x.as_slice().as_chunks::<LANES>().0;
    let to = out.as_mut_slice().as_chunks_mut::<LANES>().0;
    for (to, from) in to.iter_mut().zip(from) {
        let scaled = lanes.mul(lanes.load(to), scale);
        lanes.store(lanes.mul_add(lanes.load(from), factor, scaled), to);
    }
}

#[cfg(test)]
mod tests;
