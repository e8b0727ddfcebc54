//! Composition by FFT, under a tilt, with a bound on everything that rounding does to it.
//!
//! The tilted law of the run is a probability law; let η bound the ℓ₁ distance between it and
//! what is computed. Its error in δ(ε) is at most
//! η·e^(ΣK(θ) − θε)·max_u e^(−θu)(1 − e^(−u)): the untilting weight times (1 − e^(ε−L))₊ at its
//! largest. Mass that is only off by one lattice point counts for less ([`astray`]). That term is added to δ for an upper bound on ε and taken from it for a lower one, so
//! both hold whatever the tilt was; a good tilt only makes them tight.

use fourier::Complex64;

use super::doubt::{Doubt, FAINT, SpectrumDoubt, astray};
use super::lattice::Masses;
use super::losses::ComposedLoss;
use super::window::Window;

/// Composes each of `parts` its number of times, tilted by e^(θ·loss).
pub(crate) fn compose(parts: &[(Masses, u64)], step: f64, window: Window) -> ComposedLoss {
    let Window {
        theta, low, size, ..
    } = window;
    let forward = fourier::forward_of_reals(size);
    let inverse = fourier::inverse_to_reals(size);
    let mut signal = forward.make_input_vec();
    let mut spectrum = forward.make_output_vec();
    let mut scratch = forward.make_scratch_vec();
    // ln|·| and argument of the product's spectrum.
    let mut polar = vec![(0.0f64, 0.0f64); spectrum.len()];
    let mut of_spectrum = SpectrumDoubt::new(spectrum.len(), size);
    let mut doubt = Doubt::new(size);
    let mut ln_scale = 0.0;
    let (mut origin, mut offset) = (0i64, 0.0);

    for (masses, steps) in parts {
        let times = *steps as f64;
        let folded = fold_tilted(masses, step * theta, astray(theta, step), &mut signal);
        ln_scale += times * (folded.ln_total + theta * masses.offset);
        offset += times * masses.offset;
        origin += folded.centre * *steps as i64;
        doubt.add_masses(times, folded.doubt);
        doubt.add_scale(times, folded.ln_total.abs() + (theta * masses.offset).abs());
        // Lengths come from the plan itself, so these calls cannot fail.
        let _ = forward.process_with_scratch(&mut signal, &mut spectrum, &mut scratch);
        for (j, (total, value)) in polar.iter_mut().zip(&spectrum).enumerate() {
            let squared = value.norm_sqr();
            let (size, ln_size) = (squared.sqrt(), 0.5 * squared.ln());
            of_spectrum.add(j, times, size, ln_size);
            if total.0 >= FAINT {
                total.0 += times * ln_size;
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
    doubt.add_transforms(&of_spectrum, &signal);

    let first = ((low - offset) / step).floor() as i64;
    signal.rotate_left((first - origin).rem_euclid(size as i64) as usize);
    for value in &mut signal {
        // The truth is not negative, so this only brings it nearer. A NaN stays, and shows.
        if *value < 0.0 {
            *value = 0.0;
        }
    }
    for (ends, sign) in [(first, -1.0), (first + size as i64 - 1, 1.0)] {
        let end = offset + ends as f64 * step;
        doubt.add_outside(outside(parts, step, theta, sign * window.reach(sign), end));
    }
    ComposedLoss {
        step,
        offset,
        first,
        theta,
        ln_scale,
        tilted: signal,
        doubt: doubt.total(),
    }
}

/// ln of Chernoff's bound on the tilted mass beyond `end`, from the lattice's own moments;
/// `further` is what the tilt is moved by.
fn outside(parts: &[(Masses, u64)], step: f64, theta: f64, further: f64, end: f64) -> f64 {
    let moved: f64 = parts
        .iter()
        .map(|(masses, steps)| {
            let ln_moment = |theta: f64| ln_total(masses, step * theta).0 + theta * masses.offset;
            *steps as f64 * (ln_moment(theta + further) - ln_moment(theta))
        })
        .sum();
    moved - further * end
}

/// The exponent of point i under `slope`, which is θ times the lattice step.
fn exponent(masses: &Masses, slope: f64, i: usize) -> f64 {
    let mass = masses.values[i];
    // Merging may leave a negative hair where the truth is 0.
    if mass <= 0.0 {
        f64::NEG_INFINITY
    } else {
        mass.ln() + slope * (masses.first + i as i64) as f64
    }
}

/// ln of the tilted total, and the largest exponent.
fn ln_total(masses: &Masses, slope: f64) -> (f64, f64) {
    let all = || (0..masses.values.len()).map(|i| exponent(masses, slope, i));
    let top = all().fold(f64::NEG_INFINITY, f64::max);
    (top + all().map(|e| (e - top).exp()).sum::<f64>().ln(), top)
}

/// A step's tilted masses on the circle.
struct Folded {
    /// The index of their mean, which is put at 0.
    centre: i64,
    /// ln of their total before normalising.
    ln_total: f64,
    /// ℓ₁ error relative to that total.
    doubt: f64,
}

/// Writes the tilted, normalised masses around their mean, folded onto the circle.
///
/// `off_by_one` is what mass that may be off by one point counts in mass that may be wrong.
fn fold_tilted(masses: &Masses, slope: f64, off_by_one: f64, signal: &mut [f64]) -> Folded {
    let (_, top) = ln_total(masses, slope);
    let (mut total, mut mean, mut doubt) = (0.0, 0.0, 0.0);
    let tilted: Vec<f64> = (0..masses.values.len())
        .map(|i| {
            let exponent = exponent(masses, slope, i);
            let lift = slope * (masses.first + i as i64) as f64;
            let value = (exponent - top).exp();
            total += value;
            mean += i as f64 * value;
            if value > 0.0 {
                let digits = 8.0 + exponent.abs() + 2.0 * lift.abs() + top.abs();
                doubt += 2.0 * f64::EPSILON * digits * value;
            }
            let (wrong, off) = masses.doubts[i];
            let both = wrong + off * off_by_one;
            // A doubt that is no number must not pass for none.
            if !(both <= 0.0) {
                doubt += (both.ln() + lift - top).exp();
            }
            value
        })
        .collect();
    let middle = (mean / total).round() as i64;
    signal.fill(0.0);
    let size = signal.len() as i64;
    for (i, mass) in (0i64..).zip(&tilted) {
        signal[(i - middle).rem_euclid(size) as usize] += mass / total;
    }
    Folded {
        centre: masses.first + middle,
        ln_total: top + total.ln(),
        doubt: doubt / total,
    }
}
