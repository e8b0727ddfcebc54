//! The negacyclic number-theoretic transform modulo q, with and without vector instructions.
//!
//! A polynomial a of degree below N is held in *evaluation form* as its values at the N odd powers
//! of ψ, a primitive 2N-th root of one, in bit-reversed order: value i is a(ψ^(2·rev(i)+1)).
//! Products modulo X^N + 1 are products of values. The order is part of the file format (masks
//! are stored and drawn in evaluation form), so both backends keep it, and a test compares them.

mod portable;

use crate::modular::{add, mul, mul_vector};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use portable::PortablePlan;

/// Which instructions to compute with. Every backend gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The best vector instructions that the processor reports when the program runs.
    #[default]
    Detected,
    /// Plain Rust on 64-bit words, for any processor.
    Portable,
}

/// Transforms and element-wise products of size N = 2048 modulo q.
#[derive(Debug)]
pub struct Transform {
    plan: Plan,
    size_inverse: u64,
}

#[derive(Debug)]
enum Plan {
    Detected(Box<tfhe_ntt::prime64::Plan>, pulp::Arch),
    Portable(PortablePlan),
}

impl Transform {
    /// Tables for `backend`; `Detected` falls back to `Portable` where there is no fast plan.
    pub fn new(backend: Backend) -> Self {
        let fast = match backend {
            Backend::Detected => tfhe_ntt::prime64::Plan::try_new(POLYNOMIAL_SIZE, MODULUS),
            Backend::Portable => None,
        };
        let plan = match fast {
            Some(plan) => Plan::Detected(Box::new(plan), pulp::Arch::new()),
            None => Plan::Portable(PortablePlan::new()),
        };
        Self {
            plan,
            size_inverse: MODULUS - (MODULUS - 1) / POLYNOMIAL_SIZE as u64,
        }
    }

    /// Coefficients to evaluation form, in place; N residues below q.
    pub fn forward(&self, polynomial: &mut [u64]) {
        match &self.plan {
            Plan::Detected(plan, _) => plan.fwd(polynomial),
            Plan::Portable(plan) => plan.forward(polynomial),
        }
    }

    /// Evaluation form to coefficients, in place.
    pub fn inverse(&self, values: &mut [u64]) {
        match &self.plan {
            Plan::Detected(plan, _) => plan.inv(values),
            Plan::Portable(plan) => plan.inverse(values),
        }
        let scale = self.size_inverse;
        self.vectorised(
            #[inline(always)]
            || values.iter_mut().for_each(|v| *v = mul_vector(*v, scale)),
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

    /// Sum of `left[i] · right[i]`: what reads one coefficient out of an evaluation form.
    pub fn dot(&self, left: &[u64], right: &[u64]) -> u64 {
        // Products are summed as three 64-bit words, so that one reduction serves all of them.
        let (mut low, mut high) = (0u128, 0u128);
        for (&left, &right) in left.iter().zip(right) {
            let product = u128::from(left) * u128::from(right);
            low += u128::from(product as u64);
            high += product >> 64;
        }
        let shift = mul(
            crate::modular::reduce_wide(high),
            crate::modular::reduce(1, 0),
        );
        add(crate::modular::reduce_wide(low), shift)
    }

    /// 1/N modulo q.
    pub fn size_inverse(&self) -> u64 {
        self.size_inverse
    }

    /// Runs `work` compiled for the detected vector instructions, or as it is.
    #[inline(always)]
    pub(crate) fn vectorised<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.plan {
            Plan::Detected(_, arch) => arch.dispatch(work),
            Plan::Portable(_) => work(),
        }
    }
}

/// left·right + scale·addend modulo q for scale < 2^32.
#[inline(always)]
fn scaled_sum(left: u64, right: u64, scale: u64, addend: u64) -> u64 {
    let (high, low) = crate::modular::widening_mul(left, right);
    // scale·addend in two words: the scale has one 32-bit half only.
    let (bottom, top) = (scale * (addend & 0xffff_ffff), scale * (addend >> 32));
    let shifted = top << 32;
    let small = bottom.wrapping_add(shifted);
    let small_high = (top >> 32) + u64::from(small < shifted);
    let sum = low.wrapping_add(small);
    let sum_high = high + small_high + u64::from(sum < low);
    crate::modular::reduce(sum_high, sum)
}

#[cfg(test)]
mod tests;
