//! The transform in plain Rust: Cooley-Tukey down, Gentleman-Sande up, no allocation.

use crate::modular::{add, mul, pow, sub};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};

/// A primitive 2N-th root of one modulo q, the one that `tfhe-ntt` uses.
pub(super) const ROOT: u64 = 10_974_926_054_405_199_669;

#[derive(Debug)]
pub(super) struct PortablePlan {
    /// ψ^rev(i): the twiddle of block i of the layer that has more than i blocks.
    roots: Vec<u64>,
    inverse_roots: Vec<u64>,
}

impl PortablePlan {
    pub(super) fn new() -> Self {
        Self {
            roots: bit_reversed_powers(ROOT),
            inverse_roots: bit_reversed_powers(pow(ROOT, MODULUS - 2)),
        }
    }

    pub(super) fn forward(&self, values: &mut [u64]) {
        let mut half = POLYNOMIAL_SIZE / 2;
        while half > 0 {
            let first = POLYNOMIAL_SIZE / (2 * half);
            for (block, &root) in values.chunks_exact_mut(2 * half).zip(&self.roots[first..]) {
                let (upper, lower) = block.split_at_mut(half);
                for (a, b) in upper.iter_mut().zip(lower) {
                    let product = mul(*b, root);
                    (*a, *b) = (add(*a, product), sub(*a, product));
                }
            }
            half /= 2;
        }
    }

    /// N times the inverse transform.
    pub(super) fn inverse(&self, values: &mut [u64]) {
        let mut half = 1;
        while half < POLYNOMIAL_SIZE {
            let first = POLYNOMIAL_SIZE / (2 * half);
            let roots = &self.inverse_roots[first..];
            for (block, &root) in values.chunks_exact_mut(2 * half).zip(roots) {
                let (upper, lower) = block.split_at_mut(half);
                for (a, b) in upper.iter_mut().zip(lower) {
                    (*a, *b) = (add(*a, *b), mul(sub(*a, *b), root));
                }
            }
            half *= 2;
        }
    }
}

fn bit_reversed_powers(root: u64) -> Vec<u64> {
    let shift = usize::BITS - POLYNOMIAL_SIZE.ilog2();
    (0..POLYNOMIAL_SIZE)
        .map(|i| pow(root, (i.reverse_bits() >> shift) as u64))
        .collect()
}
