//! Polynomials modulo q = p0·p1 and X^N + 1, as two rows of residues.

use std::fmt;

use crate::randomness::MaskSeed;
use rand::{CryptoRng, Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use tfhe_ntt::prime64::Plan;
use zeroize::Zeroize;

/// N.
pub(crate) const SIZE: usize = 4096;

/// The number of primes.
pub(crate) const LIMBS: usize = 2;

/// The two largest primes below 2^54.5 that are 1 modulo 2N.
pub(crate) const PRIMES: [u64; LIMBS] = [25_476_206_690_025_473, 25_476_206_689_853_441];

/// The largest error, of a centred binomial law of 2·21 bits.
pub(crate) const ERROR_BOUND: u32 = 21;

/// q.
pub(crate) fn modulus() -> i128 {
    i128::from(PRIMES[0]) * i128::from(PRIMES[1])
}

/// N coefficients, or N values, modulo each prime; wiped when dropped, since it may be secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Poly(pub(crate) [Vec<u64>; LIMBS]);

impl Poly {
    pub(crate) fn zero() -> Self {
        Self([vec![0; SIZE], vec![0; SIZE]])
    }

    /// Small signed coefficients.
    pub(crate) fn from_signed(coefficients: impl Iterator<Item = i64> + Clone) -> Self {
        Self(PRIMES.map(|p| {
            let mut row: Vec<u64> = coefficients.clone().map(|c| small_residue(c, p)).collect();
            row.resize(SIZE, 0);
            row
        }))
    }

    /// Adds a number to coefficient `at`.
    pub(crate) fn add_at(&mut self, at: usize, value: i128) {
        for (row, p) in self.0.iter_mut().zip(PRIMES) {
            row[at] = add(row[at], residue(value, p), p);
        }
    }

    pub(crate) fn add_assign(&mut self, other: &Self) {
        for ((row, other), p) in self.0.iter_mut().zip(&other.0).zip(PRIMES) {
            for (a, &b) in row.iter_mut().zip(other) {
                *a = add(*a, b, p);
            }
        }
    }

    /// The residues of coefficient `at`.
    pub(crate) fn at(&self, at: usize) -> [u64; LIMBS] {
        [self.0[0][at], self.0[1][at]]
    }
}

impl Drop for Poly {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The transforms of both primes.
pub(crate) struct Ring {
    plans: [Plan; LIMBS],
}

impl Ring {
    pub(crate) fn new() -> Self {
        let plan = |p| Plan::try_new(SIZE, p);
        match PRIMES.map(plan) {
            [Some(first), Some(second)] => Self {
                plans: [first, second],
            },
            // The primes are constants, and a test makes this ring.
            _ => unreachable!("both primes are 1 modulo 2N"),
        }
    }

    /// Coefficients to values, in place; the order of values is this process's own.
    pub(crate) fn forward(&self, poly: &mut Poly) {
        for (plan, row) in self.plans.iter().zip(&mut poly.0) {
            plan.fwd(row);
        }
    }

    /// Values to coefficients.
    pub(crate) fn inverse(&self, poly: &mut Poly) {
        for (plan, row) in self.plans.iter().zip(&mut poly.0) {
            plan.inv(row);
            plan.normalize(row);
        }
    }

    /// sum += left · right, all as values.
    pub(crate) fn multiply_add(&self, sum: &mut Poly, left: &Poly, right: &Poly) {
        let rows = left.0.iter().zip(&right.0);
        for ((plan, sum), (left, right)) in self.plans.iter().zip(&mut sum.0).zip(rows) {
            plan.mul_accumulate(sum, left, right);
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({SIZE})")
    }
}

/// Masks of a public seed, in coefficients: uniform modulo each prime, and so modulo q.
pub(crate) struct Masks(ChaCha20Rng);

impl Masks {
    pub(crate) fn new(seed: &MaskSeed) -> Self {
        Self(ChaCha20Rng::from_seed(*seed))
    }

    /// The next polynomial.
    pub(crate) fn draw(&mut self) -> Poly {
        Poly(PRIMES.map(|p| {
            let shift = p.leading_zeros();
            let next = |rng: &mut ChaCha20Rng| loop {
                let word = rng.next_u64() >> shift;
                if word < p {
                    return word;
                }
            };
            (0..SIZE).map(|_| next(&mut self.0)).collect()
        }))
    }
}

/// Uniform coefficients of −1, 0 and 1.
pub(crate) fn ternary(rng: &mut impl CryptoRng) -> Vec<i64> {
    let mut out = Vec::with_capacity(SIZE);
    while out.len() < SIZE {
        // Each pair of bits but 3 is a coefficient.
        let mut word = rng.next_u64();
        for _ in 0..32 {
            let pair = word & 3;
            word >>= 2;
            if pair < 3 && out.len() < SIZE {
                out.push(pair as i64 - 1);
            }
        }
    }
    out
}

/// Coefficients of the encryption's error: the difference of two sums of 21 bits.
pub(crate) fn errors(rng: &mut impl CryptoRng) -> Vec<i64> {
    let half = (1u64 << ERROR_BOUND) - 1;
    let draw = |word: u64| {
        let (first, second) = (word & half, (word >> ERROR_BOUND) & half);
        i64::from(first.count_ones()) - i64::from(second.count_ones())
    };
    (0..SIZE).map(|_| draw(rng.next_u64())).collect()
}

/// Uniform on [−bound, bound], by rejection.
pub(crate) fn uniform(rng: &mut impl CryptoRng, bound: i128) -> i128 {
    let span = 2 * bound as u128 + 1;
    let shift = (span - 1).leading_zeros().min(127);
    loop {
        let word = (u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())) >> shift;
        if word < span {
            return word as i128 - bound;
        }
    }
}

/// The representative in (−q/2, q/2) of residues modulo both primes.
pub(crate) fn centred([first, second]: [u64; LIMBS]) -> i128 {
    let [p, r] = PRIMES.map(u128::from);
    // first + p·((second − first)/p modulo r).
    let difference = (u128::from(second) + r - u128::from(first) % r) % r;
    let lifted = u128::from(first) + p * (difference * inverse_of_first() % r);
    let (value, q) = (lifted as i128, modulus());
    if value > q / 2 { value - q } else { value }
}

/// 1/p0 modulo p1, by Fermat.
fn inverse_of_first() -> u128 {
    let r = u128::from(PRIMES[1]);
    let (mut result, mut square, mut exponent) = (1, u128::from(PRIMES[0]) % r, r - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * square % r;
        }
        square = square * square % r;
        exponent >>= 1;
    }
    result
}

/// Of a number below p in magnitude: no division.
fn small_residue(value: i64, p: u64) -> u64 {
    let magnitude = value.unsigned_abs();
    if value < 0 { p - magnitude } else { magnitude }
}

fn residue(value: i128, p: u64) -> u64 {
    value.rem_euclid(i128::from(p)) as u64
}

fn add(a: u64, b: u64, p: u64) -> u64 {
    let sum = a + b;
    if sum >= p { sum - p } else { sum }
}
