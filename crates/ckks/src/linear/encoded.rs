//! A linear map ready to be applied: diagonals encoded once, baby and giant steps, hoisted twice.
//!
//! With r = gB + b, Σ_r d_r ⊙ ρ_r(x) = Σ_g ρ_gB(Σ_b ρ_-gB(d_gB+b) ⊙ ρ_b(x)). The digits of x are
//! found once for all baby steps, whose results stay modulo QP (P times the rotated ciphertext), as
//! do the products with the diagonals; a giant step divides by P once, and the grand total once.

use super::LinearMap;
use crate::ciphertext::check_levels;
use crate::context::Context;
use crate::evaluation_keys::{EvaluationKeys, GaloisKey};
use crate::key_switch::{Digits, divide_by_special, multiply_by_special};
use crate::poly::{Basis, Poly};
use crate::{Ciphertext, CkksError, Complex64};
use rayon::prelude::*;

/// Coefficients handled at once: the baby steps' block then fits the second-level cache.
const BLOCK: usize = 512;

/// The diagonals of a [`LinearMap`], encoded for one level.
pub struct EncodedMap {
    context: Context,
    level: usize,
    scale: f64,
    stride: usize,
    /// The baby steps that occur.
    babies: Vec<usize>,
    /// The giant steps that occur and, for each, indices into `babies`.
    giants: Vec<(usize, Vec<usize>)>,
    /// By row, block, diagonal (in the order of `giants`), coefficient: read once, front to back.
    values: Vec<u64>,
}

impl EncodedMap {
    /// Encodes `map` at `level` and `scale` for `baby` baby steps.
    ///
    /// A scale equal to the prime that the following rescaling divides by leaves the ciphertext's
    /// scale as it was.
    ///
    /// # Errors
    /// If the map has another number of slots, no diagonal, or does not fit the modulus.
    pub fn encode(
        context: &Context,
        map: &LinearMap,
        baby: usize,
        level: usize,
        scale: f64,
    ) -> Result<Self, CkksError> {
        let refuse = |reason: String| CkksError::Value {
            operation: "encode a linear map",
            reason,
        };
        if map.slots() != context.slots() || map.diagonals().is_empty() || baby == 0 {
            return Err(refuse(format!(
                "{} diagonals of {} slots with {baby} baby steps, where the context has {} slots",
                map.diagonals().len(),
                map.slots(),
                context.slots()
            )));
        }
        let mut babies: Vec<usize> = map.diagonals().keys().map(|r| r % baby).collect();
        babies.sort_unstable();
        babies.dedup();
        let mut giants: Vec<(usize, Vec<usize>)> = Vec::new();
        for &rotation in map.diagonals().keys() {
            let (giant, step) = (rotation / baby * baby, rotation % baby);
            let index = babies.partition_point(|&b| b < step);
            match giants.last_mut() {
                Some((last, steps)) if *last == giant => steps.push(index),
                _ => giants.push((giant, vec![index])),
            }
        }

        let basis = Basis::qp(level);
        let (count, degree) = (map.diagonals().len(), context.degree());
        let mut values = vec![0; count * basis.rows() * degree];
        let diagonals: Vec<(usize, &Vec<f64>)> = map
            .diagonals()
            .iter()
            .map(|(&rotation, diagonal)| (rotation, diagonal))
            .collect();
        for (batch, diagonals) in diagonals.chunks(32).enumerate() {
            let polys = diagonals
                .par_iter()
                .map(|&(rotation, diagonal)| {
                    let shift = rotation / baby * baby * map.stride() % map.slots();
                    let (head, tail) = diagonal.split_at(map.slots() - shift);
                    let shifted = tail.iter().chain(head).map(|&x| Complex64::new(x, 0.0));
                    context.round(context.encoder().coefficients(shifted), basis, scale)
                })
                .collect::<Result<Vec<Poly>, _>>()?;
            for (at, poly) in polys.iter().enumerate() {
                for (row, source) in poly.rows().enumerate() {
                    for (block, source) in source.chunks(BLOCK).enumerate() {
                        let at = (row * (degree / BLOCK) + block) * count + batch * 32 + at;
                        values[at * BLOCK..(at + 1) * BLOCK].copy_from_slice(source);
                    }
                }
            }
        }
        Ok(Self {
            context: context.clone(),
            level,
            scale,
            stride: map.stride(),
            babies,
            giants,
            values,
        })
    }

    /// The level the map is encoded for.
    pub fn level(&self) -> usize {
        self.level
    }

    /// The scale of the diagonals.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Bytes held by the encoded diagonals.
    pub fn bytes_held(&self) -> usize {
        self.values.len() * 8
    }

    /// Applies the map; scales multiply. Rescale the result.
    ///
    /// # Errors
    /// If the ciphertext is at another level, not relinearised, of other parameters or keys, or a
    /// rotation's key is missing.
    pub fn apply(&self, x: &Ciphertext, keys: &EvaluationKeys) -> Result<Ciphertext, CkksError> {
        let operation = "apply a linear map";
        x.context.same(&self.context, operation)?;
        x.check_keys(operation, keys)?;
        x.check_two_parts(operation)?;
        check_levels(operation, x.level(), self.level)?;
        let scale = x.scale * self.scale;
        self.context.check_fits(operation, scale, self.level)?;

        let babies = self.baby_steps(x, keys)?;
        let sums = self.products(&babies);
        drop(babies);
        let parts = self.giant_steps(&sums, keys)?;
        let parts = parts.map(|part| divide_by_special(&self.context, part));
        Ok(x.with_parts(parts.into(), scale))
    }

    /// The key of a rotation by `steps` strides, or none for no rotation.
    fn key<'k>(
        &self,
        steps: usize,
        keys: &'k EvaluationKeys,
    ) -> Result<Option<&'k GaloisKey>, CkksError> {
        let slots = (steps * self.stride) as i64;
        match self.context.galois_element(slots) {
            1 => Ok(None),
            element => keys
                .galois("apply a linear map", element, || {
                    format!("a rotation by {slots} slots")
                })
                .map(Some),
        }
    }

    /// P·ρ_b(x) modulo QP for every baby step b.
    fn baby_steps(
        &self,
        x: &Ciphertext,
        keys: &EvaluationKeys,
    ) -> Result<Vec<[Poly; 2]>, CkksError> {
        let context = &self.context;
        let digits = Digits::of(context, &x.parts[1]);
        let body = multiply_by_special(context, &x.parts[0]);
        self.babies
            .par_iter()
            .map(|&step| {
                let Some(key) = self.key(step, keys)? else {
                    return Ok([body.clone(), multiply_by_special(context, &x.parts[1])]);
                };
                let mut parts = key.switch.inner_product(context, &digits);
                parts[0].add_assign(context, &body);
                Ok(parts.map(|part| part.permuted(&key.permutation)))
            })
            .collect()
    }

    /// Σ_b d_(gB+b) ⊙ P·ρ_b(x) for every giant step g: by row, block, giant step, part.
    fn products(&self, babies: &[[Poly; 2]]) -> Vec<u64> {
        let basis = Basis::qp(self.level);
        let blocks = self.context.degree() / BLOCK;
        let task = 2 * self.giants.len() * BLOCK;
        let mut sums = vec![0; basis.rows() * blocks * task];
        let count = self.values.len() / (basis.rows() * self.context.degree());
        sums.par_chunks_mut(task)
            .zip(self.values.par_chunks(count * BLOCK))
            .enumerate()
            .for_each(|(at, (sums, values))| {
                let (row, start) = (at / blocks, at % blocks * BLOCK);
                let modulus = basis.modulus(&self.context, row);
                let mut diagonals = values.chunks_exact(BLOCK);
                for (sums, (_, steps)) in sums.chunks_exact_mut(2 * BLOCK).zip(&self.giants) {
                    let (body, mask) = sums.split_at_mut(BLOCK);
                    for (&step, diagonal) in steps.iter().zip(&mut diagonals) {
                        let [b, a] = &babies[step];
                        let range = start..start + BLOCK;
                        modulus.mul_accumulate(body, diagonal, &b.row(row)[range.clone()]);
                        modulus.mul_accumulate(mask, diagonal, &a.row(row)[range]);
                    }
                }
            });
        sums
    }

    /// Σ_g ρ_gB of the products, modulo QP.
    fn giant_steps(&self, sums: &[u64], keys: &EvaluationKeys) -> Result<[Poly; 2], CkksError> {
        let context = &self.context;
        let basis = Basis::qp(self.level);
        let zero = || [Poly::zero(context, basis), Poly::zero(context, basis)];
        let total = self
            .giants
            .par_iter()
            .enumerate()
            .try_fold(zero, |mut total, (index, &(step, _))| {
                let [mut body, mask] = self.gather(sums, index);
                match self.key(step, keys)? {
                    None => {
                        total[0].add_assign(context, &body);
                        total[1].add_assign(context, &mask);
                    }
                    Some(key) => {
                        let digits = Digits::of(context, &divide_by_special(context, mask));
                        let [b, a] = key.switch.inner_product(context, &digits);
                        body.add_assign(context, &b);
                        total[0].add_permuted(context, &body, &key.permutation);
                        total[1].add_permuted(context, &a, &key.permutation);
                    }
                }
                Ok::<_, CkksError>(total)
            })
            .try_reduce(zero, |mut left, right| {
                for (left, right) in left.iter_mut().zip(&right) {
                    left.add_assign(context, right);
                }
                Ok(left)
            })?;
        Ok(total)
    }

    /// The two polynomials of one giant step out of [`EncodedMap::products`]' order.
    fn gather(&self, sums: &[u64], giant: usize) -> [Poly; 2] {
        let basis = Basis::qp(self.level);
        let blocks = self.context.degree() / BLOCK;
        [0, 1].map(|part| {
            let mut poly = Poly::zero(&self.context, basis);
            for (at, target) in poly.values_mut().chunks_exact_mut(BLOCK).enumerate() {
                debug_assert!(at < basis.rows() * blocks);
                let source = (at * self.giants.len() + giant) * 2 + part;
                target.copy_from_slice(&sums[source * BLOCK..(source + 1) * BLOCK]);
            }
            poly
        })
    }
}

impl std::fmt::Debug for EncodedMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncodedMap")
            .field("level", &self.level)
            .field("babies", &self.babies.len())
            .field("giants", &self.giants.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, SecretKey};

    #[test]
    fn encrypted_maps_agree_with_plain_ones() {
        let context = Context::new(&Parameters::new(12, &[38, 30], 40, 30).unwrap()).unwrap();
        let key = SecretKey::generate(&context).unwrap();
        for (stride, rows, rotations, baby) in [(4, 50, 60, 8), (1, 2048, 3, 2), (2, 9, 1024, 32)] {
            let mut map = LinearMap::new(context.slots(), stride).unwrap();
            for row in 0..rows {
                for rotation in (0..rotations).filter(|r| r % 7 != 3) {
                    let weight = ((row * 31 + rotation * 17) % 101) as f64 / 101.0 - 0.5;
                    map.add(row, rotation, weight).unwrap();
                }
            }
            let keys = key
                .evaluation_keys()
                .rotations(map.rotations(baby))
                .build()
                .unwrap();
            let scale = context.prime(1).unwrap();
            let encoded = EncodedMap::encode(&context, &map, baby, 1, scale).unwrap();
            let x: Vec<f64> = (0..2048).map(|j| ((j * j) as f64).sin()).collect();
            let plain = context.encode_real(&x, 1, context.scale()).unwrap();
            let y = encoded.apply(&key.encrypt(&plain).unwrap(), &keys).unwrap();
            let y = y.rescale().unwrap();
            assert!((y.scale() / context.scale() - 1.0).abs() < 1e-12);
            let out = key.decrypt(&y).unwrap().decode_real();
            for (a, b) in out.iter().zip(map.apply_plain(&x).unwrap()) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
            let low = key.encrypt(&plain).unwrap().drop_to(0).unwrap();
            assert!(matches!(
                encoded.apply(&low, &keys),
                Err(CkksError::Level { .. })
            ));
        }
    }
}
