//! Arithmetic modulo one prime, on whole rows.
//!
//! Products and transforms are tfhe-ntt's (AVX-512 IFMA at run time where there is); the rest are
//! plain loops compiled once per instruction set through pulp.

use crate::CkksError;
use pulp::Arch;
use tfhe_ntt::prime64::Plan;

/// Elements handled at once where a scratch row would fall out of the cache.
const BLOCK: usize = 512;

/// A prime with its transform; rows are residues in [0, p).
pub(crate) struct Modulus {
    value: u64,
    plan: Plan,
}

impl Modulus {
    pub(crate) fn new(degree: usize, value: u64) -> Result<Self, CkksError> {
        let plan = Plan::try_new(degree, value).ok_or_else(|| CkksError::Parameters {
            reason: format!("{value} has no transform of size {degree}"),
        })?;
        Ok(Self { value, plan })
    }

    pub(crate) fn value(&self) -> u64 {
        self.value
    }

    /// Bits of a residue.
    pub(crate) fn bits(&self) -> u32 {
        64 - (self.value - 1).leading_zeros()
    }

    /// To evaluations, in tfhe-ntt's order.
    pub(crate) fn forward(&self, row: &mut [u64]) {
        self.plan.fwd(row);
    }

    /// To coefficients.
    pub(crate) fn inverse(&self, row: &mut [u64]) {
        self.plan.inv(row);
        self.plan.normalize(row);
    }

    pub(crate) fn add_assign(&self, left: &mut [u64], right: &[u64]) {
        let p = self.value;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (a, &b) in left.iter_mut().zip(right) {
                    let sum = a.wrapping_add(b);
                    *a = sum.min(sum.wrapping_sub(p));
                }
            },
        );
    }

    pub(crate) fn sub_assign(&self, left: &mut [u64], right: &[u64]) {
        let p = self.value;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (a, &b) in left.iter_mut().zip(right) {
                    let difference = a.wrapping_sub(b);
                    *a = difference.min(difference.wrapping_add(p));
                }
            },
        );
    }

    pub(crate) fn negate(&self, row: &mut [u64]) {
        let p = self.value;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for a in row.iter_mut() {
                    let negative = p.wrapping_sub(*a);
                    *a = if negative == p { 0 } else { negative };
                }
            },
        );
    }

    /// accumulator += left · right. Lengths are multiples of 8.
    pub(crate) fn mul_accumulate(&self, accumulator: &mut [u64], left: &[u64], right: &[u64]) {
        self.plan.mul_accumulate(accumulator, left, right);
    }

    /// left *= right.
    pub(crate) fn mul_assign(&self, left: &mut [u64], right: &[u64]) {
        let mut product = [0; BLOCK];
        for (left, right) in left.chunks_mut(BLOCK).zip(right.chunks(BLOCK)) {
            let product = &mut product[..left.len()];
            product.fill(0);
            self.plan.mul_accumulate(product, left, right);
            left.copy_from_slice(product);
        }
    }

    /// row *= constant.
    pub(crate) fn mul_constant(&self, row: &mut [u64], constant: u64) {
        let constant = [constant; BLOCK];
        let mut product = [0; BLOCK];
        for block in row.chunks_mut(BLOCK) {
            let product = &mut product[..block.len()];
            product.fill(0);
            self.plan.mul_accumulate(product, block, &constant);
            block.copy_from_slice(product);
        }
    }

    /// row = (row − other) · constant.
    pub(crate) fn sub_mul_constant(&self, row: &mut [u64], other: &[u64], constant: u64) {
        for (row, other) in row.chunks_mut(BLOCK).zip(other.chunks(BLOCK)) {
            self.sub_assign(row, other);
            self.mul_constant(row, constant);
        }
    }

    /// Residues modulo `from`, read as centred integers, written as residues modulo this prime.
    ///
    /// The quotient is found in floating point: x < 2^51 is exact, so it is off by at most one.
    pub(crate) fn lift(&self, out: &mut [u64], row: &[u64], from: u64) {
        let p = self.value;
        let inverse = 1.0 / p as f64;
        let half = from / 2;
        let wrap = from % p;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (out, &x) in out.iter_mut().zip(row) {
                    let quotient = (x as f64 * inverse) as u64;
                    let remainder = x.wrapping_sub(quotient.wrapping_mul(p));
                    let remainder = remainder.min(remainder.wrapping_add(p));
                    let remainder = remainder.min(remainder.wrapping_sub(p));
                    let back = if x > half { wrap } else { 0 };
                    let centred = remainder.wrapping_sub(back);
                    *out = centred.min(centred.wrapping_add(p));
                }
            },
        );
    }

    pub(crate) fn multiply(&self, left: u64, right: u64) -> u64 {
        (u128::from(left) * u128::from(right) % u128::from(self.value)) as u64
    }

    pub(crate) fn power(&self, base: u64, mut exponent: u64) -> u64 {
        let (mut base, mut result) = (base % self.value, 1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.multiply(result, base);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        result
    }

    /// The inverse of `x`, which must not be a multiple of the prime.
    pub(crate) fn invert(&self, x: u64) -> u64 {
        self.power(x, self.value - 2)
    }

    /// The residue of a signed integer.
    pub(crate) fn residue(&self, x: i64) -> u64 {
        let remainder = x.unsigned_abs() % self.value;
        if x < 0 && remainder != 0 {
            self.value - remainder
        } else {
            remainder
        }
    }

    /// The residue of a wide signed integer.
    pub(crate) fn residue_wide(&self, x: i128) -> u64 {
        x.rem_euclid(i128::from(self.value)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn rows_agree_with_wide_integers() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let set = crate::Parameters::accurate().unwrap();
        let fast = crate::Parameters::fast().unwrap();
        let primes = [set.special(), set.primes()[1], fast.primes()[1]];
        for p in primes {
            let modulus = Modulus::new(8192, p).unwrap();
            let draw = |rng: &mut rand_chacha::ChaCha8Rng, p: u64| -> Vec<u64> {
                (0..8192)
                    .map(|at| match at {
                        0 => 0,
                        1 => p - 1,
                        _ => rng.random_range(0..p),
                    })
                    .collect()
            };
            let (a, b) = (draw(&mut rng, p), draw(&mut rng, p));
            let wide = |f: &dyn Fn(i128, i128) -> i128| -> Vec<u64> {
                a.iter()
                    .zip(&b)
                    .map(|(&a, &b)| modulus.residue_wide(f(a.into(), b.into())))
                    .collect()
            };
            let mut row = a.clone();
            modulus.add_assign(&mut row, &b);
            assert_eq!(row, wide(&|a, b| a + b));
            let mut row = a.clone();
            modulus.sub_assign(&mut row, &b);
            assert_eq!(row, wide(&|a, b| a - b));
            let mut row = a.clone();
            modulus.negate(&mut row);
            assert_eq!(row, wide(&|a, _| -a));
            let mut row = a.clone();
            modulus.mul_assign(&mut row, &b);
            assert_eq!(row, wide(&|a, b| a * b));
            let mut row = a.clone();
            modulus.sub_mul_constant(&mut row, &b, 12345);
            assert_eq!(row, wide(&|a, b| (a - b) * 12345));
            let mut row = a.clone();
            modulus.forward(&mut row);
            modulus.inverse(&mut row);
            assert_eq!(row, a);
            for from in primes {
                let source = draw(&mut rng, from);
                let mut row = vec![0; 8192];
                modulus.lift(&mut row, &source, from);
                let expected: Vec<u64> = source
                    .iter()
                    .map(|&x| {
                        let centred =
                            i128::from(x) - if x > from / 2 { i128::from(from) } else { 0 };
                        modulus.residue_wide(centred)
                    })
                    .collect();
                assert_eq!(row, expected, "from {from} to {p}");
            }
        }
    }
}
