//! Pivoted Cholesky factors of Gram matrices, which repeated examples make singular.

use crate::matrix::Matrix;

/// Examples whose squared distance from the span of the others is below this share of the largest
/// squared norm count as lying in it: f32 Gram matrices do not resolve less.
const TOLERANCE: f64 = 1e-5;

/// G ≈ L Lᵀ with L of N × r, r the numerical rank. The rows of L that belong to the r pivots form a
/// lower triangle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cholesky {
    /// L by columns: r times N values.
    columns: Vec<f64>,
    pivots: Vec<usize>,
    n: usize,
}

impl Cholesky {
    /// Factorises `gram` (N × N) in double precision, the largest remainder first.
    pub fn factorise(&mut self, gram: &Matrix) {
        let n = gram.rows();
        self.n = n;
        self.columns.clear();
        self.pivots.clear();
        let mut rest: Vec<f64> = (0..n).map(|i| gram.row(i)[i].into()).collect();
        let largest = rest.iter().copied().fold(0.0, f64::max);
        for _ in 0..n {
            let pivot = (1..n).fold(0, |best, i| if rest[i] > rest[best] { i } else { best });
            if rest[pivot] <= TOLERANCE * largest {
                break;
            }
            let mut column: Vec<f64> = gram.row(pivot)[..n].iter().map(|&g| g.into()).collect();
            for done in self.columns.chunks_exact(n) {
                let weight = done[pivot];
                for (value, done) in column.iter_mut().zip(done) {
                    *value -= weight * done;
                }
            }
            let root = rest[pivot].sqrt();
            for value in &mut column {
                *value /= root;
            }
            for &earlier in &self.pivots {
                column[earlier] = 0.0;
            }
            column[pivot] = root;
            for (rest, value) in rest.iter_mut().zip(&column) {
                *rest -= value * value;
            }
            self.pivots.push(pivot);
            for &done in &self.pivots {
                rest[done] = f64::NEG_INFINITY;
            }
            self.columns.extend(column);
        }
    }

    /// The numerical rank r.
    pub fn rank(&self) -> usize {
        self.pivots.len()
    }

    /// The examples that span all others, in the order of the columns.
    pub fn pivots(&self) -> &[usize] {
        &self.pivots
    }

    /// Lᵀ, r × N. Resizes `out`.
    pub fn transpose(&self, out: &mut Matrix) {
        out.resize(self.rank(), self.n);
        for (k, column) in self.columns.chunks_exact(self.n).enumerate() {
            for (out, value) in out.row_mut(k).iter_mut().zip(column) {
                *out = *value as f32;
            }
        }
    }

    /// Solves y Tᵀ = x for the triangle T of the pivots' rows, in place.
    pub fn solve_transposed(&self, x: &mut [f64]) {
        for (b, column) in self.columns.chunks_exact(self.n).enumerate() {
            x[b] /= column[self.pivots[b]];
            for a in b + 1..self.rank() {
                x[a] -= x[b] * column[self.pivots[a]];
            }
        }
    }

    /// Solves y T = x, in place.
    pub fn solve(&self, x: &mut [f64]) {
        for (b, column) in self.columns.chunks_exact(self.n).enumerate().rev() {
            for a in b + 1..self.rank() {
                x[b] -= x[a] * column[self.pivots[a]];
            }
            x[b] /= column[self.pivots[b]];
        }
    }
}
