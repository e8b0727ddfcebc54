//! Between slots and coefficients: the canonical embedding by one complex FFT.
//!
//! Slot j of a real polynomial m is m(ζ^(5^j)), ζ = exp(iπ/N). With z_k = m_k + i·m_(k+N/2) and
//! 5^j = 4t + 1 this is Σ_k z_k ζ^k exp(2πi·kt/(N/2)): a twist, an FFT of size N/2 and a
//! permutation.

use std::f64::consts::PI;
use std::sync::Arc;

use fourier::{Complex64, Fft};

/// Tables of the embedding for one ring degree.
pub(crate) struct Encoder {
    to_slots: Arc<dyn Fft<f64>>,
    to_coefficients: Arc<dyn Fft<f64>>,
    /// ζ^k.
    twist: Vec<Complex64>,
    /// t of slot j.
    position: Vec<u32>,
}

impl Encoder {
    pub(crate) fn new(degree: usize) -> Self {
        let slots = degree / 2;
        let mut power = 1;
        Self {
            to_slots: fourier::inverse(slots),
            to_coefficients: fourier::forward(slots),
            twist: (0..slots)
                .map(|k| Complex64::from_polar(1.0, PI * k as f64 / degree as f64))
                .collect(),
            position: (0..slots)
                .map(|_| {
                    let position = (power - 1) / 4;
                    power = power * 5 % (2 * degree);
                    position as u32
                })
                .collect(),
        }
    }

    /// The N real coefficients of the polynomial with these slots; missing slots are zero.
    pub(crate) fn coefficients(&self, slots: impl Iterator<Item = Complex64>) -> Vec<f64> {
        let count = self.twist.len();
        let mut buffer = vec![Complex64::default(); count];
        for (&position, slot) in self.position.iter().zip(slots) {
            buffer[position as usize] = slot;
        }
        self.to_coefficients.process(&mut buffer);
        let mut out = vec![0.0; 2 * count];
        for (k, (value, twist)) in buffer.iter().zip(&self.twist).enumerate() {
            let z = value * twist.conj() / count as f64;
            out[k] = z.re;
            out[k + count] = z.im;
        }
        out
    }

    /// The slots of the polynomial with these coefficients.
    pub(crate) fn slots(&self, coefficients: &[f64]) -> Vec<Complex64> {
        let count = self.twist.len();
        let mut buffer: Vec<Complex64> = (0..count)
            .map(|k| Complex64::new(coefficients[k], coefficients[k + count]) * self.twist[k])
            .collect();
        self.to_slots.process(&mut buffer);
        self.position
            .iter()
            .map(|&position| buffer[position as usize])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_evaluations_at_powers_of_five() {
        let degree = 1024;
        let encoder = Encoder::new(degree);
        let coefficients: Vec<f64> = (0..degree).map(|k| ((k * k) % 17) as f64 - 8.0).collect();
        let slots = encoder.slots(&coefficients);
        let mut power = 1usize;
        for slot in slots.iter().take(5) {
            let direct: Complex64 = coefficients
                .iter()
                .enumerate()
                .map(|(k, &c)| {
                    let angle = PI * ((k * power) % (2 * degree)) as f64 / degree as f64;
                    Complex64::from_polar(c, angle)
                })
                .sum();
            assert!((slot - direct).norm() < 1e-8);
            power = power * 5 % (2 * degree);
        }
        let back = encoder.coefficients(slots.into_iter());
        for (a, b) in back.iter().zip(&coefficients) {
            assert!((a - b).abs() < 1e-10);
        }
    }
}
