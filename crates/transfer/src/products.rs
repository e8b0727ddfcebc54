//! The two matrix products that training consists of, on small matrices: row-by-row dot products
//! and combinations of rows. Every element is summed in one fixed order.

use pulp::Simd;

use crate::lanes::{F32s, Kernel, LANES, Lanes, dispatch};
use crate::matrix::Matrix;

/// `out = x fᵀ`: out_ij = x_i · f_j. Resizes `out`.
pub(crate) fn dots(out: &mut Matrix, x: &Matrix, f: &Matrix) {
    out.resize(x.rows(), f.rows());
    dispatch(Dots { out, x, f });
}

/// `out = f fᵀ`. Resizes `out`.
pub(crate) fn gram(out: &mut Matrix, f: &Matrix) {
    out.resize(f.rows(), f.rows());
    dispatch(Gram { out, f });
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

struct Dots<'a> {
    out: &'a mut Matrix,
    x: &'a Matrix,
    f: &'a Matrix,
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        dots_with(lanes, self.out, self.x, self.f);
    }
}

struct Gram<'a> {
    out: &'a mut Matrix,
    f: &'a Matrix,
}

impl Kernel for Gram<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        // Tiles as large as the registers hold.
        if R == 1 {
            all_dots::<S, R, 5, 5>(lanes, self.out, self.f, self.f, true);
        } else {
            all_dots::<S, R, 2, 3>(lanes, self.out, self.f, self.f, true);
        }
    }
}

struct Combine<'a> {
    out: &'a mut Matrix,
    scale: f32,
    a: &'a Matrix,
    f: &'a Matrix,
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, const R: usize>(self, lanes: Lanes<S, R>) {
        combine_with(lanes, self.out, self.scale, self.a, self.f);
    }
}

/// [`dots`] within a kernel; `out` has its size.
#[inline(always)]
pub(crate) fn dots_with<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    x: &Matrix,
    f: &Matrix,
) {
    if R == 1 {
        all_dots::<S, R, 5, 5>(lanes, out, x, f, false);
    } else {
        all_dots::<S, R, 2, 3>(lanes, out, x, f, false);
    }
}

#[inline(always)]
fn all_dots<S: Simd, const R: usize, const M: usize, const N: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    x: &Matrix,
    f: &Matrix,
    symmetric: bool,
) {
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

/// [`combine`] within a kernel.
#[inline(always)]
pub(crate) fn combine_with<S: Simd, const R: usize>(
    lanes: Lanes<S, R>,
    out: &mut Matrix,
    scale: f32,
    a: &Matrix,
    f: &Matrix,
) {
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
        for b in 0..width {
            let mut sums = [factor; M];
            for i in 0..M {
                sums[i] = lanes.mul(factor, lanes.load(&out.vectors(k + i)[b]));
            }
            for (j, row) in block.chunks_exact(width).enumerate().take(LANES) {
                let vector = lanes.load(&row[b]);
                for i in 0..M {
                    sums[i] = lanes.mul_add(lanes.splat(coefficients[i][j]), vector, sums[i]);
                }
            }
            for i in 0..M {
                lanes.store(sums[i], &mut out.vectors_mut(k + i)[b]);
            }
        }
    }
    M
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
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::lanes::{middle, narrow};
    use crate::normal::fill_normal;

    fn random(rows: usize, cols: usize, seed: u64) -> Matrix {
        let mut matrix = Matrix::default();
        matrix.resize(rows, cols);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        fill_normal(&mut rng, 1.0, matrix.as_mut_slice());
        for row in 0..rows {
            matrix.row_mut(row)[cols..].fill(0.0);
        }
        matrix
    }

    fn close(a: f32, b: f64) -> bool {
        (f64::from(a) - b).abs() < 1e-5 * (1.0 + b.abs())
    }

    #[test]
    fn products_of_odd_sizes_are_right_and_equal_on_every_instruction_set() {
        for (m, n, d) in [
            (1, 1, 1),
            (3, 7, 5),
            (10, 10, 100),
            (13, 40, 33),
            (5, 17, 16),
        ] {
            let (x, f) = (random(m, d, 1), random(n, d, 2));
            let mut out = Matrix::default();
            dots(&mut out, &x, &f);
            for i in 0..m {
                for j in 0..n {
                    let pairs = x.row(i).iter().zip(f.row(j));
                    let sum: f64 = pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    assert!(close(out.row(i)[j], sum));
                }
            }
            let runs: [fn(Dots); 2] = [|kernel| narrow(kernel), |kernel| middle(kernel)];
            for run in runs {
                let mut thin = Matrix::default();
                thin.resize(m, n);
                run(Dots {
                    out: &mut thin,
                    x: &x,
                    f: &f,
                });
                assert_eq!(thin.as_slice(), out.as_slice());
            }

            let mut symmetric = Matrix::default();
            gram(&mut symmetric, &f);
            dots(&mut out, &f, &f);
            for i in 0..n {
                for j in 0..n {
                    assert!(close(symmetric.row(i)[j], out.row(i)[j].into()));
                    assert_eq!(symmetric.row(i)[j], symmetric.row(j)[i]);
                }
            }

            let (a, start) = (random(m, n, 3), random(m, d, 4));
            let mut wide = random(m, d, 4);
            combine(&mut wide, 0.7, &a, &f);
            for i in 0..m {
                for c in 0..d {
                    let sum: f64 = (0..n)
                        .map(|j| f64::from(a.row(i)[j]) * f64::from(f.row(j)[c]))
                        .sum();
                    assert!(close(
                        wide.row(i)[c],
                        sum + 0.7 * f64::from(start.row(i)[c])
                    ));
                }
            }
            let runs: [fn(Combine); 2] = [|kernel| narrow(kernel), |kernel| middle(kernel)];
            for run in runs {
                let mut thin = random(m, d, 4);
                run(Combine {
                    out: &mut thin,
                    scale: 0.7,
                    a: &a,
                    f: &f,
                });
                assert_eq!(thin.as_slice(), wide.as_slice());
            }
        }
    }

    #[test]
    fn values_that_are_not_finite_are_seen_anywhere() {
        let mut values = vec![1.0; 100];
        assert!(all_finite(&values));
        for place in [0, 17, 95, 99] {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                values[place] = bad;
                assert!(!all_finite(&values));
                values[place] = f32::MAX;
                assert!(all_finite(&values));
            }
        }
    }
}
