//! Plans of fast Fourier transforms in double precision, made once and shared.
//!
//! The library's planners are generic: each crate that names one compiles every kernel of it for
//! itself, which took longer than the rest of the crate. This one names them for all.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use realfft::RealFftPlanner;
use rustfft::FftPlanner;

pub use realfft::{ComplexToReal, RealToComplex};
pub use rustfft::Fft;
pub use rustfft::num_complex::Complex64;

static COMPLEX: LazyLock<Mutex<FftPlanner<f64>>> = LazyLock::new(|| Mutex::new(FftPlanner::new()));
static REAL: LazyLock<Mutex<RealFftPlanner<f64>>> =
    LazyLock::new(|| Mutex::new(RealFftPlanner::new()));

/// Σ_k x_k exp(−2πi·kt/n), in place and not scaled.
#[must_use]
pub fn forward(length: usize) -> Arc<dyn Fft<f64>> {
    let mut planner = COMPLEX.lock().unwrap_or_else(PoisonError::into_inner);
    planner.plan_fft_forward(length)
}

/// Σ_k x_k exp(+2πi·kt/n), in place and not scaled: [`forward`] and this one multiply by `length`.
#[must_use]
pub fn inverse(length: usize) -> Arc<dyn Fft<f64>> {
    let mut planner = COMPLEX.lock().unwrap_or_else(PoisonError::into_inner);
    planner.plan_fft_inverse(length)
}

/// [`forward`] of `length` real numbers: the `length / 2 + 1` values that tell the rest.
#[must_use]
pub fn forward_of_reals(length: usize) -> Arc<dyn RealToComplex<f64>> {
    let mut planner = REAL.lock().unwrap_or_else(PoisonError::into_inner);
    planner.plan_fft_forward(length)
}

/// [`inverse`] to `length` real numbers, from the `length / 2 + 1` values that tell the rest.
#[must_use]
pub fn inverse_to_reals(length: usize) -> Arc<dyn ComplexToReal<f64>> {
    let mut planner = REAL.lock().unwrap_or_else(PoisonError::into_inner);
    planner.plan_fft_inverse(length)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn by_definition(values: &[Complex64], sign: f64) -> Vec<Complex64> {
        let n = values.len() as f64;
        (0..values.len())
            .map(|t| {
                let term = |(k, value): (usize, &Complex64)| {
                    value * Complex64::from_polar(1.0, sign * TAU * (k * t) as f64 / n)
                };
                values.iter().enumerate().map(term).sum()
            })
            .collect()
    }

    fn near(found: &[Complex64], truth: &[Complex64]) -> bool {
        let off = |(a, b): (&Complex64, &Complex64)| (a - b).norm() < 1e-10;
        found.len() == truth.len() && found.iter().zip(truth).all(off)
    }

    #[test]
    fn transforms_are_what_their_sums_say() {
        for length in [1, 2, 12, 64, 97] {
            let reals: Vec<f64> = (0..length).map(|k| (k as f64 * 1.7).sin() + 0.3).collect();
            let values: Vec<Complex64> = reals.iter().map(|&re| re.into()).collect();
            let spectrum = by_definition(&values, -1.0);

            let mut found = values.clone();
            forward(length).process(&mut found);
            assert!(near(&found, &spectrum), "forward, {length}");
            inverse(length).process(&mut found);
            let scaled: Vec<Complex64> = values.iter().map(|v| v * length as f64).collect();
            assert!(near(&found, &scaled), "inverse, {length}");

            let plan = forward_of_reals(length);
            let (mut signal, mut half) = (reals.clone(), plan.make_output_vec());
            plan.process(&mut signal, &mut half).unwrap();
            assert!(near(&half, &spectrum[..half.len()]), "reals, {length}");
            let plan = inverse_to_reals(length);
            // The ends of a real signal's spectrum are real; the plan holds to it.
            half[0].im = 0.0;
            if length % 2 == 0 {
                half[length / 2].im = 0.0;
            }
            plan.process(&mut half, &mut signal).unwrap();
            let back: Vec<Complex64> = signal.iter().map(|&re| re.into()).collect();
            assert!(near(&back, &scaled), "to reals, {length}");
        }
    }
}
