//! The negacyclic number-theoretic transform modulo q, with and without vector instructions.
//!
//! A polynomial a of degree below N is held in *evaluation form* as its values at the N odd powers
//! of ψ, a primitive 2N-th root of one; products modulo X^N + 1 are products of values. Value i is
//! a(ψ^(2·rev(j) + 1)) with j = 8·(i mod N/8) + ⌊i/(N/8)⌋ and rev the reversal of 11 bits. The
//! order is part of the file format: masks are drawn and stored in evaluation form.

mod butterflies;

use crate::modular::{add, mul_vector, reduce, widening_mul};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::vectorised::vectorised;
use butterflies::Twiddles;

/// Which instructions to compute with. Every backend gives the same bits: they are one source,
/// compiled twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The widest vector instructions that the processor reports when the program runs.
    #[default]
    Detected,
    /// What every processor of the target has.
    Portable,
}

/// Transforms and element-wise products of size N = 2048 modulo q.
#[derive(Debug)]
pub struct Transform {
    arch: Option<pulp::Arch>,
    forward: Twiddles,
    inverse: Twiddles,
    size_inverse: u64,
}

impl Transform {
    /// Tables for `backend`.
    pub fn new(backend: Backend) -> Self {
        Self {
            arch: (backend == Backend::Detected).then(pulp::Arch::new),
            forward: Twiddles::forward(),
            inverse: Twiddles::inverse(),
            size_inverse: MODULUS - (MODULUS - 1) / POLYNOMIAL_SIZE as u64,
        }
    }

    /// Coefficients to evaluation form, in place; N residues below q.
    pub fn forward(&self, polynomial: &mut [u64]) {
        self.vectorised(
            #[inline(always)]
            || self.forward.down(polynomial),
        );
    }

    /// Evaluation form to coefficients, in place.
    pub fn inverse(&self, values: &mut [u64]) {
        let scale = self.size_inverse;
        self.vectorised(
            #[inline(always)]
            || {
                self.inverse.up(values);
                values.iter_mut().for_each(|v| *v = mul_vector(*v, scale));
            },
        );
    }

    /// `out[i] = left[i] · right[i]`.
    pub fn multiply(&self, out: &mut [u64], left: &[u64], right: &[u64]) {
        self.vectorised(
            #[inline(always)]
            || {
                for ((out, &left), &right) in out.iter_mut().zip(left).zip(right) {
                    *out = mul_vector(left, right);
                }
            },
        );
    }

    /// `out[i] += left[i] · right[i]`.
    pub fn multiply_add(&self, out: &mut [u64], left: &[u64], right: &[u64]) {
        self.vectorised(
            #[inline(always)]
            || {
                for ((out, &left), &right) in out.iter_mut().zip(left).zip(right) {
                    *out = add(*out, mul_vector(left, right));
                }
            },
        );
    }

    /// `out[i] = left[i] · right[i] + scale · addend[i]`, reduced once: q² + q·2^32 < 2^128.
    pub fn multiply_plus_scaled(
        &self,
        out: &mut [u64],
        left: &[u64],
        right: &[u64],
        scale: u32,
        addend: &[u64],
    ) {
        let scale = u64::from(scale);
        self.vectorised(
            #[inline(always)]
            || {
                let inputs = left.iter().zip(right).zip(addend);
                for (out, ((&left, &right), &addend)) in out.iter_mut().zip(inputs) {
                    *out = scaled_sum(left, right, scale, addend);
                }
            },
        );
    }

    /// Runs `work` compiled for the detected vector instructions, or as it is.
    #[inline(always)]
    pub(crate) fn vectorised<R>(&self, work: impl FnMut() -> R) -> R {
        vectorised(self.arch, work)
    }
}

/// left·right + scale·addend modulo q for scale < 2^32.
#[inline(always)]
fn scaled_sum(left: u64, right: u64, scale: u64, addend: u64) -> u64 {
    let (high, low) = widening_mul(left, right);
    // scale·addend in two words: the scale has one 32-bit half only.
    let bottom = scale.wrapping_mul(addend & 0xffff_ffff);
    let top = scale.wrapping_mul(addend >> 32);
    let shifted = top << 32;
    let small = bottom.wrapping_add(shifted);
    let small_high = (top >> 32).wrapping_add(u64::from(small < shifted));
    let sum = low.wrapping_add(small);
    let carry = u64::from(sum < low);
    let sum_high = high.wrapping_add(small_high).wrapping_add(carry);
    reduce(sum_high, sum)
}

#[cfg(test)]
mod tests;
