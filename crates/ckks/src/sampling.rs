//! Where randomness comes from: secrets and noise from the operating system, public parts from seeds.

use crate::CkksError;
use crate::context::Context;
use crate::modulus::Modulus;
use crate::poly::{Basis, Poly};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

/// Variance of a noise coefficient: a centred binomial of 2 × 21 coins, σ = 3.24.
pub(crate) const NOISE_VARIANCE: f64 = 10.5;
/// Variance of a uniform ternary coefficient.
pub(crate) const TERNARY_VARIANCE: f64 = 2.0 / 3.0;

/// Fills an array from the operating system's generator.
pub(crate) fn random_bytes<const LEN: usize>() -> Result<[u8; LEN], CkksError> {
    let mut bytes = [0; LEN];
    fill(&mut bytes)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8]) -> Result<(), CkksError> {
    getrandom::fill(bytes).map_err(|error| CkksError::Randomness {
        reason: error.to_string(),
    })
}

/// Small coefficients of centred binomial noise; wiped when dropped.
pub(crate) fn noise(degree: usize) -> Result<Zeroizing<Vec<i64>>, CkksError> {
    noise_from(degree, fill)
}

/// As [`noise`], from bytes of another source.
pub(crate) fn noise_from<E>(
    degree: usize,
    mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Zeroizing<Vec<i64>>, E> {
    let mut bytes = Zeroizing::new(vec![0u8; degree * 8]);
    fill(&mut bytes)?;
    let coins = (1u64 << 21) - 1;
    Ok(Zeroizing::new(
        bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|&word| {
                let word = u64::from_le_bytes(word);
                i64::from((word & coins).count_ones())
                    - i64::from((word >> 21 & coins).count_ones())
            })
            .collect(),
    ))
}

/// Uniform coefficients from {−1, 0, 1}; wiped when dropped.
pub(crate) fn ternary(degree: usize) -> Result<Zeroizing<Vec<i64>>, CkksError> {
    ternary_from(degree, fill)
}

/// As [`ternary`], from bytes of another source.
pub(crate) fn ternary_from<E>(
    degree: usize,
    mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Zeroizing<Vec<i64>>, E> {
    let mut out = Zeroizing::new(Vec::with_capacity(degree));
    let mut bytes = Zeroizing::new(vec![0u8; degree]);
    while out.len() < degree {
        fill(&mut bytes)?;
        for &byte in bytes.iter() {
            // 255 = 3 · 85: below it, the residue modulo 3 is exactly uniform.
            if byte < 255 && out.len() < degree {
                out.push(i64::from(byte % 3) - 1);
            }
        }
    }
    Ok(out)
}

/// Small signed coefficients as an element of the ring, in the transform domain.
pub(crate) fn to_poly(context: &Context, basis: Basis, coefficients: &[i64]) -> Poly {
    let mut poly = Poly::zero(context, basis);
    for (row, values) in poly.rows_mut().enumerate() {
        let modulus = basis.modulus(context, row);
        for (value, &coefficient) in values.iter_mut().zip(coefficients) {
            *value = modulus.residue(coefficient);
        }
        modulus.forward(values);
    }
    poly
}

/// A seed that names public uniform polynomials.
pub(crate) type Seed = [u8; 32];

/// The uniform polynomial number `index` of `seed` (already in the transform domain).
///
/// Row r is drawn from stream 64·index + r, a special row always from stream 64·index + 63, so a
/// polynomial's rows are the same in whatever basis they are asked for.
pub(crate) fn uniform(context: &Context, basis: Basis, seed: &Seed, index: u64) -> Poly {
    let mut poly = Poly::zero(context, basis);
    for (row, values) in poly.rows_mut().enumerate() {
        let stream = if row <= basis.level { row as u64 } else { 63 };
        uniform_row(
            basis.modulus(context, row),
            values,
            seed,
            64 * index + stream,
        );
    }
    poly
}

/// Rejection sampling below the prime.
fn uniform_row(modulus: &Modulus, values: &mut [u64], seed: &Seed, stream: u64) {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    rng.set_stream(stream);
    let mask = u64::MAX >> (64 - modulus.bits());
    let mut bytes = [0u8; 2048];
    let mut filled = 0;
    while filled < values.len() {
        rng.fill_bytes(&mut bytes);
        for &word in bytes.as_chunks::<8>().0 {
            let candidate = u64::from_le_bytes(word) & mask;
            if candidate < modulus.value() && filled < values.len() {
                values[filled] = candidate;
                filled += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[i64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<i64>() as f64 / n;
        let square = values.iter().map(|&x| (x * x) as f64).sum::<f64>() / n;
        (mean, square)
    }

    #[test]
    fn small_polynomials_have_their_moments() {
        // 2^18 samples: five standard errors are below 4 % of the variance.
        let (mean, variance) = moments(&noise(1 << 18).unwrap());
        assert!(mean.abs() < 0.04 && (variance / NOISE_VARIANCE - 1.0).abs() < 0.04);
        let (mean, variance) = moments(&ternary(1 << 18).unwrap());
        assert!(mean.abs() < 0.01 && (variance / TERNARY_VARIANCE - 1.0).abs() < 0.02);
    }

    #[test]
    fn seeds_name_polynomials() {
        let context = Context::new(&crate::Parameters::fast().unwrap()).unwrap();
        let wide = uniform(&context, Basis::qp(4), &[7; 32], 3);
        let narrow = uniform(&context, Basis::qp(1), &[7; 32], 3);
        assert!(wide.row(0) == narrow.row(0) && wide.row(5) == narrow.row(2));
        assert!(wide.row(0) != uniform(&context, Basis::q(0), &[7; 32], 4).row(0));
        let prime = context.special().value() as f64;
        let mean = wide.row(5).iter().map(|&x| x as f64).sum::<f64>() / 8192.0;
        assert!((mean / prime - 0.5).abs() < 0.02);
    }
}
