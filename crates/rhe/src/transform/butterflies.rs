//! The transform's layers: Cooley-Tukey down, Gentleman-Sande up.
//!
//! Everything is plain Rust in loops over neighbouring words; the caller compiles it for the
//! processor's vector instructions or not, with the same results. The three layers whose
//! butterflies are closer than a vector register is long work on a transposed array: value r of
//! block b of eight lies at r·N/8 + b, and is left there, as the order of the evaluation form.

use crate::modular::{add, mul_vector, pow, sub};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};

/// A generator of the units modulo q.
const GENERATOR: u64 = 7;
/// Butterflies nearer than this are done on the transposed array.
const NEAR: usize = 8;
/// Blocks of eight.
const BLOCKS: usize = POLYNOMIAL_SIZE / NEAR;

/// ψ, a primitive 2N-th root of one modulo q.
pub(super) fn root() -> u64 {
    pow(GENERATOR, (MODULUS - 1) / (2 * POLYNOMIAL_SIZE as u64))
}

#[cfg(test)]
/// The exponent e of ψ^e, at which value i of an evaluation form is taken.
pub(super) fn exponent(i: usize) -> u64 {
    let reversed = (i % BLOCKS * NEAR + i / BLOCKS).reverse_bits();
    2 * (reversed >> (usize::BITS - POLYNOMIAL_SIZE.ilog2())) as u64 + 1
}

/// The twiddles of one direction.
#[derive(Debug)]
pub(super) struct Twiddles {
    /// ψ^rev(f + i): the twiddle of block i of the layer with f = 1, 2, 4, … blocks.
    far: Vec<u64>,
    /// The last three layers' seven twiddles of each block of eight, an array a twiddle.
    near: Box<[[u64; BLOCKS]; NEAR - 1]>,
}

impl Twiddles {
    pub(super) fn forward() -> Self {
        Self::of(root())
    }

    pub(super) fn inverse() -> Self {
        Self::of(pow(root(), MODULUS - 2))
    }

    fn of(root: u64) -> Self {
        let shift = usize::BITS - POLYNOMIAL_SIZE.ilog2();
        let power = |i: usize| pow(root, (i.reverse_bits() >> shift) as u64);
        let parts = [(1, 0), (2, 0), (2, 1), (4, 0), (4, 1), (4, 2), (4, 3)];
        let near = parts.map(|(blocks, part)| {
            std::array::from_fn(|block| power((BLOCKS + block) * blocks + part))
        });
        Self {
            far: (0..BLOCKS).map(power).collect(),
            near: Box::new(near),
        }
    }

    /// Coefficients to evaluation form.
    #[inline(always)]
    pub(super) fn down(&self, values: &mut [u64]) {
        let mut half = POLYNOMIAL_SIZE / 2;
        while half >= NEAR {
            let first = POLYNOMIAL_SIZE / (2 * half);
            for (block, &root) in values.chunks_exact_mut(2 * half).zip(&self.far[first..]) {
                let (upper, lower) = block.split_at_mut(half);
                for (a, b) in upper.iter_mut().zip(lower) {
                    (*a, *b) = spread(*a, *b, root);
                }
            }
            half /= 2;
        }
        let mut rows = [[0; BLOCKS]; NEAR];
        for (block, eight) in values.as_chunks::<NEAR>().0.iter().take(BLOCKS).enumerate() {
            for r in 0..NEAR {
                rows[r][block] = eight[r];
            }
        }
        let [w1, w2, w3, w4, w5, w6, w7] = &*self.near;
        for i in 0..BLOCKS {
            let (v0, v4) = spread(rows[0][i], rows[4][i], w1[i]);
            let (v1, v5) = spread(rows[1][i], rows[5][i], w1[i]);
            let (v2, v6) = spread(rows[2][i], rows[6][i], w1[i]);
            let (v3, v7) = spread(rows[3][i], rows[7][i], w1[i]);
            let (v0, v2) = spread(v0, v2, w2[i]);
            let (v1, v3) = spread(v1, v3, w2[i]);
            let (v4, v6) = spread(v4, v6, w3[i]);
            let (v5, v7) = spread(v5, v7, w3[i]);
            (rows[0][i], rows[1][i]) = spread(v0, v1, w4[i]);
            (rows[2][i], rows[3][i]) = spread(v2, v3, w5[i]);
            (rows[4][i], rows[5][i]) = spread(v4, v5, w6[i]);
            (rows[6][i], rows[7][i]) = spread(v6, v7, w7[i]);
        }
        values.copy_from_slice(rows.as_flattened());
    }

    /// Evaluation form to N times the coefficients.
    #[inline(always)]
    pub(super) fn up(&self, values: &mut [u64]) {
        let mut rows = [[0; BLOCKS]; NEAR];
        rows.as_flattened_mut().copy_from_slice(values);
        let [w1, w2, w3, w4, w5, w6, w7] = &*self.near;
        for i in 0..BLOCKS {
            let (v0, v1) = gather(rows[0][i], rows[1][i], w4[i]);
            let (v2, v3) = gather(rows[2][i], rows[3][i], w5[i]);
            let (v4, v5) = gather(rows[4][i], rows[5][i], w6[i]);
            let (v6, v7) = gather(rows[6][i], rows[7][i], w7[i]);
            let (v0, v2) = gather(v0, v2, w2[i]);
            let (v1, v3) = gather(v1, v3, w2[i]);
            let (v4, v6) = gather(v4, v6, w3[i]);
            let (v5, v7) = gather(v5, v7, w3[i]);
            (rows[0][i], rows[4][i]) = gather(v0, v4, w1[i]);
            (rows[1][i], rows[5][i]) = gather(v1, v5, w1[i]);
            (rows[2][i], rows[6][i]) = gather(v2, v6, w1[i]);
            (rows[3][i], rows[7][i]) = gather(v3, v7, w1[i]);
        }
        for (block, eight) in values
            .as_chunks_mut::<NEAR>()
            .0
            .iter_mut()
            .take(BLOCKS)
            .enumerate()
        {
            for r in 0..NEAR {
                eight[r] = rows[r][block];
            }
        }
        let mut half = NEAR;
        while half < POLYNOMIAL_SIZE {
            let first = POLYNOMIAL_SIZE / (2 * half);
            for (block, &root) in values.chunks_exact_mut(2 * half).zip(&self.far[first..]) {
                let (upper, lower) = block.split_at_mut(half);
                for (a, b) in upper.iter_mut().zip(lower) {
                    (*a, *b) = gather(*a, *b, root);
                }
            }
            half *= 2;
        }
    }
}

#[inline(always)]
fn spread(a: u64, b: u64, root: u64) -> (u64, u64) {
    let product = mul_vector(b, root);
    (add(a, product), sub(a, product))
}

#[inline(always)]
fn gather(a: u64, b: u64, root: u64) -> (u64, u64) {
    (add(a, b), mul_vector(sub(a, b), root))
}
