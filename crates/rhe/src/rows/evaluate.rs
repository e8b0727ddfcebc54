//! Encrypted rows times integer features in the clear.
//!
//! For each image one transform a chunk, one element-wise product a ciphertext, and one inner
//! product a row and chunk. Masks are left in evaluation form.

use super::EncryptedRows;
use super::body::BodyPlanes;
use crate::modular::{add, from_signed, mul};
use crate::packing::Packing;
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::transform::{Backend, Transform};

/// Rows made ready: masks expanded, bodies split, tables built.
#[derive(Debug)]
pub(crate) struct RowEvaluator {
    packing: Packing,
    transform: Transform,
    masks: Vec<u64>,
    bias_masks: Vec<u64>,
    bodies: BodyPlanes,
    bias_bodies: Vec<u64>,
}

impl RowEvaluator {
    pub(crate) fn new(rows: &EncryptedRows, backend: Backend) -> Self {
        let (expanded, bias_masks) = rows.expand_masks();
        Self {
            packing: rows.packing,
            transform: Transform::new(backend),
            masks: if rows.masks.is_empty() {
                expanded
            } else {
                rows.masks.clone()
            },
            bias_masks,
            bodies: BodyPlanes::new(rows.bodies.iter().copied()),
            bias_bodies: rows.bias_bodies.clone(),
        }
    }

    pub(crate) fn packing(&self) -> &Packing {
        &self.packing
    }

    pub(crate) fn transform(&self) -> &Transform {
        &self.transform
    }

    /// Σ_j w_kj·x_j + scale·b_k for every row k, encrypted: `masks` takes `groups × N` words in
    /// evaluation form, `bodies` one word a row. `polynomial` is scratch.
    pub(crate) fn evaluate(
        &self,
        x: &[i32],
        scale: u32,
        polynomial: &mut Vec<u64>,
        masks: &mut [u64],
        bodies: &mut [u64],
    ) {
        let packing = &self.packing;
        polynomial.resize(POLYNOMIAL_SIZE, 0);
        for chunk in 0..packing.chunks {
            self.transform.vectorised(
                #[inline(always)]
                || reversed(&x[packing.chunk(chunk)], polynomial),
            );
            self.transform.forward(polynomial);
            for (group, out) in masks.chunks_exact_mut(POLYNOMIAL_SIZE).enumerate() {
                let at = (group * packing.chunks + chunk) * POLYNOMIAL_SIZE;
                let mask = &self.masks[at..at + POLYNOMIAL_SIZE];
                if chunk == 0 {
                    let bias = &self.bias_masks[group * POLYNOMIAL_SIZE..][..POLYNOMIAL_SIZE];
                    self.transform
                        .multiply_plus_scaled(out, mask, polynomial, scale, bias);
                } else {
                    self.transform.multiply_add(out, mask, polynomial);
                }
            }
        }
        self.transform.vectorised(
            #[inline(always)]
            || self.bodies(x, scale, bodies),
        );
    }

    #[inline(always)]
    fn bodies(&self, x: &[i32], scale: u32, bodies: &mut [u64]) {
        let packing = &self.packing;
        for (row, body) in bodies.iter_mut().enumerate() {
            let (group, slot) = packing.place(row);
            *body = mul(self.bias_bodies[row], u64::from(scale));
            for chunk in 0..packing.chunks {
                let at = (group * packing.chunks + chunk) * POLYNOMIAL_SIZE + slot * packing.width;
                *body = add(*body, self.bodies.dot(at, &x[packing.chunk(chunk)]));
            }
        }
    }
}

/// x(X^-1) = x_0 − Σ_{j>0} x_j·X^(N−j) modulo X^N + 1.
#[inline(always)]
fn reversed(x: &[i32], polynomial: &mut [u64]) {
    let (first, rest) = polynomial.split_at_mut(1);
    first[0] = x.first().map_or(0, |&x| from_signed(i64::from(x)));
    let tail = x.get(1..).unwrap_or_default();
    let (zeros, values) = rest.split_at_mut(rest.len() - tail.len());
    zeros.fill(0);
    for (out, &x) in values.iter_mut().rev().zip(tail) {
        // −x modulo q without a branch: a positive x gives q − x.
        let negated = -i64::from(x);
        *out = (negated as u64).wrapping_add(MODULUS & ((negated >> 63) as u64));
    }
}
