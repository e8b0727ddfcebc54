//! Ring elements modulo several primes at once.

use crate::context::Context;
use crate::modulus::Modulus;

/// Which primes the rows of a polynomial belong to: q_0 … q_level, and P last if `special`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) level: usize,
    pub(crate) special: bool,
}

impl Basis {
    pub(crate) fn q(level: usize) -> Self {
        Self {
            level,
            special: false,
        }
    }

    pub(crate) fn qp(level: usize) -> Self {
        Self {
            level,
            special: true,
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.level + 1 + usize::from(self.special)
    }

    /// The prime of row `row`.
    pub(crate) fn modulus<'a>(&self, context: &'a Context, row: usize) -> &'a Modulus {
        if row <= self.level {
            context.q(row)
        } else {
            context.special()
        }
    }

    /// The row that belongs to the special prime in the widest basis, or `row` itself: where the
    /// same prime's row lies in a key.
    pub(crate) fn key_row(&self, context: &Context, row: usize) -> usize {
        if row <= self.level {
            row
        } else {
            context.max_level() + 1
        }
    }
}

/// A ring element in the transform domain: one row of N residues a prime.
#[derive(Clone, PartialEq)]
pub(crate) struct Poly {
    pub(crate) basis: Basis,
    degree: usize,
    values: Vec<u64>,
}

impl Poly {
    pub(crate) fn zero(context: &Context, basis: Basis) -> Self {
        let degree = context.degree();
        Self {
            basis,
            degree,
            values: vec![0; basis.rows() * degree],
        }
    }

    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, u64> {
        self.values.chunks_exact(self.degree)
    }

    pub(crate) fn rows_mut(&mut self) -> std::slice::ChunksExactMut<'_, u64> {
        self.values.chunks_exact_mut(self.degree)
    }

    pub(crate) fn row(&self, row: usize) -> &[u64] {
        &self.values[row * self.degree..(row + 1) * self.degree]
    }

    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.values[row * self.degree..(row + 1) * self.degree]
    }

    pub(crate) fn values_mut(&mut self) -> &mut [u64] {
        &mut self.values
    }

    pub(crate) fn add_assign(&mut self, context: &Context, other: &Self) {
        self.zip(context, other, Modulus::add_assign);
    }

    pub(crate) fn mul_assign(&mut self, context: &Context, other: &Self) {
        self.zip(context, other, Modulus::mul_assign);
    }

    fn zip(&mut self, context: &Context, other: &Self, f: fn(&Modulus, &mut [u64], &[u64])) {
        debug_assert_eq!(self.basis, other.basis);
        let basis = self.basis;
        for (row, (mine, theirs)) in self.rows_mut().zip(other.rows()).enumerate() {
            f(basis.modulus(context, row), mine, theirs);
        }
    }

    pub(crate) fn negate(&mut self, context: &Context) {
        let basis = self.basis;
        for (row, values) in self.rows_mut().enumerate() {
            basis.modulus(context, row).negate(values);
        }
    }

    /// self += left · right, row by row; `left` and `right` may have more rows of the same primes.
    pub(crate) fn mul_accumulate(&mut self, context: &Context, left: &Self, right: &Self) {
        let basis = self.basis;
        for (row, values) in self.rows_mut().enumerate() {
            basis
                .modulus(context, row)
                .mul_accumulate(values, left.row(row), right.row(row));
        }
    }

    /// Forgets the primes above `level` (and the special one): the same residues in a smaller ring.
    pub(crate) fn truncate(&mut self, level: usize) {
        debug_assert!(level <= self.basis.level);
        self.values.truncate((level + 1) * self.degree);
        self.basis = Basis::q(level);
    }

    /// The image under an automorphism given as a permutation of evaluations.
    pub(crate) fn permuted(&self, permutation: &[u32]) -> Self {
        let mut out = Self {
            basis: self.basis,
            degree: self.degree,
            values: vec![0; self.values.len()],
        };
        for (out, row) in out.rows_mut().zip(self.rows()) {
            permute(out, row, permutation);
        }
        out
    }

    /// Adds the image of `other` under an automorphism, without forming it.
    pub(crate) fn add_permuted(&mut self, context: &Context, other: &Self, permutation: &[u32]) {
        let mut scratch = vec![0; self.degree];
        let basis = self.basis;
        for (row, (mine, theirs)) in self.rows_mut().zip(other.rows()).enumerate() {
            permute(&mut scratch, theirs, permutation);
            basis.modulus(context, row).add_assign(mine, &scratch);
        }
    }
}

fn permute(out: &mut [u64], row: &[u64], permutation: &[u32]) {
    for (out, &from) in out.iter_mut().zip(permutation) {
        *out = row[from as usize];
    }
}

impl zeroize::Zeroize for Poly {
    fn zeroize(&mut self) {
        self.values.zeroize();
    }
}
