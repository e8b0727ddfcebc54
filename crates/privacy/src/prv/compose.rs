//! Composition by FFT, under a tilt.

use std::sync::{LazyLock, Mutex, PoisonError};

use realfft::RealFftPlanner;
use realfft::num_complex::Complex64;

use super::lattice::Masses;
use super::plan::Window;

/// FFT plans are costly to make and shared.
static PLANNER: LazyLock<Mutex<RealFftPlanner<f64>>> =
    LazyLock::new(|| Mutex::new(RealFftPlanner::new()));

/// Spectrum values below e^−60 of the largest cannot show in the sum.
const FAINT: f64 = -60.0;

/// The share of the tilted law, from below, that is not looked into.
const RESOLVED: f64 = 1e-9;

/// The law of the whole run's loss on the points `offset` + (`first` + k)·`step`. The P-mass there
/// is `tilted[k]`·e^(`ln_scale` − θ·loss).
#[derive(Debug)]
pub(crate) struct ComposedLoss {
    step: f64,
    offset: f64,
    first: i64,
    theta: f64,
    ln_scale: f64,
    tilted: Vec<f64>,
}

/// Composes each of `parts` its number of times, tilted by e^(θ·loss).
pub(crate) fn compose(parts: &[(Masses, u64)], step: f64, window: Window) -> ComposedLoss {
    let Window {
        theta, low, size, ..
    } = window;
    let (forward, inverse) = {
        let mut planner = PLANNER.lock().unwrap_or_else(PoisonError::into_inner);
        (
            planner.plan_fft_forward(size),
            planner.plan_fft_inverse(size),
        )
    };
    let mut signal = forward.make_input_vec();
    let mut spectrum = forward.make_output_vec();
    let mut scratch = forward.make_scratch_vec();
    // ln|·| and argument of the product's spectrum.
    let mut polar = vec![(0.0f64, 0.0f64); spectrum.len()];
    let mut ln_scale = 0.0;
    let (mut origin, mut offset) = (0i64, 0.0);

    for (masses, steps) in parts {
        let times = *steps as f64;
        let (centre, ln_total) = fold_tilted(masses, step * theta, &mut signal);
        ln_scale += times * (ln_total + theta * masses.offset);
        offset += times * masses.offset;
        origin += centre * *steps as i64;
        // Lengths come from the plan itself, so these calls cannot fail.
        let _ = forward.process_with_scratch(&mut signal, &mut spectrum, &mut scratch);
        for (total, value) in polar.iter_mut().zip(&spectrum) {
            if total.0 >= FAINT {
                total.0 += times * 0.5 * value.norm_sqr().ln();
                if total.0 >= FAINT {
                    total.1 += times * value.arg();
                }
            }
        }
    }

    for (value, &(ln_size, angle)) in spectrum.iter_mut().zip(&polar) {
        *value = if ln_size >= FAINT {
            Complex64::from_polar(ln_size.exp() / size as f64, angle)
        } else {
            Complex64::new(0.0, 0.0)
        };
    }
    // The ends of a real signal's spectrum are real; powers leave a hair of rounding there.
    let last = spectrum.len() - 1;
    spectrum[0].im = 0.0;
    spectrum[last].im = 0.0;
    let mut scratch = inverse.make_scratch_vec();
    let _ = inverse.process_with_scratch(&mut spectrum, &mut signal, &mut scratch);

    let first = ((low - offset) / step).floor() as i64;
    signal.rotate_left((first - origin).rem_euclid(size as i64) as usize);
    for value in &mut signal {
        *value = value.max(0.0);
    }
    ComposedLoss {
        step,
        offset,
        first,
        theta,
        ln_scale,
        tilted: signal,
    }
}

/// Writes the tilted, normalised masses around their mean, folded onto the circle; returns the
/// mean's index and ln of the total before normalising. `slope` is θ times the lattice step.
fn fold_tilted(masses: &Masses, slope: f64, signal: &mut [f64]) -> (i64, f64) {
    let exponent = |i: usize| masses.values[i].ln() + slope * (masses.first + i as i64) as f64;
    let top = (0..masses.values.len())
        .map(exponent)
        .fold(f64::NEG_INFINITY, f64::max);
    let tilted: Vec<f64> = (0..masses.values.len())
        .map(|i| (exponent(i) - top).exp())
        .collect();
    let total: f64 = tilted.iter().sum();
    let mean = (0..)
        .zip(&tilted)
        .map(|(i, m)| f64::from(i) * m)
        .sum::<f64>()
        / total;
    let middle = mean.round() as i64;
    signal.fill(0.0);
    let size = signal.len() as i64;
    for (i, mass) in (0i64..).zip(&tilted) {
        signal[(i - middle).rem_euclid(size) as usize] += mass / total;
    }
    (masses.first + middle, top + total.ln())
}

impl ComposedLoss {
    /// The smallest ε ≥ 0 whose δ is at most `delta`; where all of the window's ε have less, the
    /// smallest of them as `Err`.
    pub fn epsilon(&self, delta: f64) -> Result<f64, f64> {
        // Below this point the tilted masses drown in rounding.
        let mut below = 0.0;
        let bottom = self.tilted.iter().position(|mass| {
            below += mass;
            below > RESOLVED
        });
        let bottom = bottom.unwrap_or(0);
        // From the largest loss down: P(L ≥ loss) and, relative to e^(−loss), Q(L ≥ loss).
        let (mut p_above, mut q_above) = (0.0, 0.0);
        let decay = (-self.step).exp();
        for k in (bottom..self.tilted.len()).rev() {
            let loss = self.loss(k);
            let mass = self.p_mass(k);
            let (p, q) = (p_above + mass, q_above * decay + mass);
            if p - q > delta {
                // δ(ε) = P − e^(ε − loss)·Q between this point and the one above it.
                let above = loss + self.step;
                let epsilon = above + ((p_above - delta) / q_above).ln();
                return Ok(epsilon.clamp(loss.max(0.0), above.max(0.0)));
            }
            if loss <= 0.0 {
                return Ok(0.0);
            }
            (p_above, q_above) = (p, q);
        }
        Err(self.loss(bottom).max(0.0))
    }

    fn loss(&self, k: usize) -> f64 {
        self.offset + (self.first + k as i64) as f64 * self.step
    }

    /// The P-mass of point k.
    fn p_mass(&self, k: usize) -> f64 {
        self.tilted[k] * (self.ln_scale - self.theta * self.loss(k)).exp()
    }

    /// (index of the first point, masses) of the tilted measure itself, which is P at θ = 0 and
    /// Q at θ = −1.
    pub fn into_measure(mut self) -> (i64, Vec<f64>) {
        let scale = self.ln_scale.exp();
        for value in &mut self.tilted {
            *value *= scale;
        }
        (self.first, self.tilted)
    }
}
