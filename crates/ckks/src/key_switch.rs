//! Key switching: hybrid, one special prime, one digit a ciphertext prime.
//!
//! Let d_j = [c]_(q_j), centred, so that c = Σ_j d_j g_j mod Q_ℓ with g_j ≡ 1 mod q_j and 0 modulo
//! the other primes, whatever ℓ. A key from s' to s holds (b_j, a_j) with
//! b_j = −a_j s + e_j + P g_j s' modulo QP, and
//! c·s' ≈ P^-1 (Σ_j d_j b_j + s Σ_j d_j a_j): the noise Σ_j d_j e_j is divided by P.

use crate::CkksError;
use crate::context::Context;
use crate::poly::{Basis, Poly};
use crate::sampling::{NOISE_VARIANCE, Seed, noise, to_poly, uniform};
use rayon::prelude::*;
use zeroize::Zeroizing;

/// Elements handled at once, so that accumulators stay in the first-level cache.
const BLOCK: usize = 1024;

/// A key-switching key: `bodies[j]`, `masks[j]` modulo QP; the masks are named by the seed.
#[derive(Clone)]
pub(crate) struct KeySwitchKey {
    pub(crate) seed: Seed,
    pub(crate) bodies: Vec<Poly>,
    pub(crate) masks: Vec<Poly>,
}

/// The digits of a polynomial, lifted to QP_level and transformed: what hoisting shares.
pub(crate) struct Digits(Vec<Poly>);

impl KeySwitchKey {
    /// A key from `from` to `to` (both modulo QP at the highest level).
    pub(crate) fn generate(
        context: &Context,
        from: &Poly,
        to: &Poly,
        seed: Seed,
    ) -> Result<Self, CkksError> {
        let basis = Basis::qp(context.max_level());
        let digits = context.max_level() + 1;
        let noises = (0..digits)
            .map(|_| noise(context.degree()))
            .collect::<Result<Vec<_>, _>>()?;
        let (bodies, masks) = noises
            .into_par_iter()
            .enumerate()
            .map(|(j, noise)| {
                let mask = uniform(context, basis, &seed, j as u64);
                // P·g_j·s' is P·s' modulo q_j and 0 modulo every other prime.
                let mut message = Zeroizing::new(from.row(j).to_vec());
                context.q(j).mul_constant(
                    &mut message,
                    context.special().value() % context.q(j).value(),
                );
                let mut body = mask.clone();
                body.mul_assign(context, to);
                body.negate(context);
                body.add_assign(context, &Zeroizing::new(to_poly(context, basis, &noise)));
                context.q(j).add_assign(body.row_mut(j), &message);
                (body, mask)
            })
            .unzip();
        Ok(Self {
            seed,
            bodies,
            masks,
        })
    }

    /// Rebuilds the masks of a key that was received without them.
    pub(crate) fn expand(context: &Context, seed: Seed, bodies: Vec<Poly>) -> Self {
        let basis = Basis::qp(context.max_level());
        let masks = (0..bodies.len())
            .into_par_iter()
            .map(|j| uniform(context, basis, &seed, j as u64))
            .collect();
        Self {
            seed,
            bodies,
            masks,
        }
    }

    /// (Σ_j d_j b_j, Σ_j d_j a_j) modulo QP_level: P times the switched polynomial.
    pub(crate) fn inner_product(&self, context: &Context, digits: &Digits) -> [Poly; 2] {
        [&self.bodies, &self.masks].map(|keys| {
            let basis = digits.0[0].basis;
            let mut out = Poly::zero(context, basis);
            for (row, values) in out.rows_mut().enumerate() {
                let modulus = basis.modulus(context, row);
                let key_row = basis.key_row(context, row);
                for (block, values) in values.chunks_mut(BLOCK).enumerate() {
                    let range = block * BLOCK..block * BLOCK + values.len();
                    for (digit, key) in digits.0.iter().zip(keys) {
                        modulus.mul_accumulate(
                            values,
                            &digit.row(row)[range.clone()],
                            &key.row(key_row)[range.clone()],
                        );
                    }
                }
            }
            out
        })
    }

    /// `poly`·s' as (c_0, c_1) under s.
    pub(crate) fn switch(&self, context: &Context, poly: &Poly) -> [Poly; 2] {
        let digits = Digits::of(context, poly);
        self.inner_product(context, &digits)
            .map(|product| divide_by_special(context, product))
    }
}

impl Digits {
    /// Decomposes a polynomial modulo Q_level.
    pub(crate) fn of(context: &Context, poly: &Poly) -> Self {
        let level = poly.basis.level;
        let basis = Basis::qp(level);
        let decompose = |j: usize| {
            let mut coefficients = poly.row(j).to_vec();
            context.q(j).inverse(&mut coefficients);
            let mut digit = Poly::zero(context, basis);
            for (row, values) in digit.rows_mut().enumerate() {
                if row == j {
                    values.copy_from_slice(poly.row(j));
                } else {
                    let modulus = basis.modulus(context, row);
                    modulus.lift(values, &coefficients, context.q(j).value());
                    modulus.forward(values);
                }
            }
            digit
        };
        Self((0..=level).map(decompose).collect())
    }
}

/// Round(poly / P) modulo Q_level of a polynomial modulo QP_level.
pub(crate) fn divide_by_special(context: &Context, mut poly: Poly) -> Poly {
    let level = poly.basis.level;
    let mut tail = poly.row(level + 1).to_vec();
    context.special().inverse(&mut tail);
    poly.truncate(level);
    let mut lifted = vec![0; tail.len()];
    for (row, values) in poly.rows_mut().enumerate() {
        let modulus = context.q(row);
        modulus.lift(&mut lifted, &tail, context.special().value());
        modulus.forward(&mut lifted);
        modulus.sub_mul_constant(values, &lifted, context.inverse_of_special(row));
    }
    poly
}

/// P·poly modulo QP_level of a polynomial modulo Q_level: its row modulo P is zero.
pub(crate) fn multiply_by_special(context: &Context, poly: &Poly) -> Poly {
    let mut out = Poly::zero(context, Basis::qp(poly.basis.level));
    for (row, values) in poly.rows().enumerate() {
        let modulus = context.q(row);
        let target = out.row_mut(row);
        target.copy_from_slice(values);
        modulus.mul_constant(target, context.special().value() % modulus.value());
    }
    out
}

/// Variance of Σ_j d_j e_j / P at `level`: N σ² Σ_j q_j²/12 / P².
pub(crate) fn digit_noise(context: &Context, level: usize) -> f64 {
    let special = context.special().value() as f64;
    let squares: f64 = (0..=level)
        .map(|j| (context.q(j).value() as f64 / special).powi(2))
        .sum();
    context.degree() as f64 * NOISE_VARIANCE * squares / 12.0
}
