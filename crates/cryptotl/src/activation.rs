//! Polynomial activations: what can be computed on ciphertexts.

use crate::CryptoTlError;
use crate::error::shape_error;

/// z ↦ Σ_i c_i z^i.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    coefficients: Vec<f64>,
}

impl Activation {
    /// The polynomial with these coefficients, constant first.
    ///
    /// # Errors
    /// If its degree is not between 1 and 15 or a coefficient is not finite.
    pub fn new(coefficients: &[f64]) -> Result<Self, CryptoTlError> {
        let length = coefficients
            .iter()
            .rposition(|&c| c != 0.0)
            .map_or(0, |at| at + 1);
        if !(2..=16).contains(&length) || coefficients.iter().any(|c| !c.is_finite()) {
            return shape_error(
                "make an activation",
                format!("{coefficients:?} is not a finite polynomial of degree 1 to 15"),
            );
        }
        Ok(Self {
            coefficients: coefficients[..length].to_vec(),
        })
    }

    /// −.0061728 z³ + .092593 z² + .59259 z + .49383: the paper's stand-in for ReLU.
    pub fn cubic() -> Self {
        Self {
            coefficients: vec![0.49383, 0.59259, 0.092593, -0.0061728],
        }
    }

    /// z².
    pub fn square() -> Self {
        Self {
            coefficients: vec![0.0, 0.0, 1.0],
        }
    }

    /// The coefficients, constant first.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The degree.
    pub fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }

    /// The value at `z`.
    pub fn value(&self, z: f32) -> f32 {
        self.coefficients
            .iter()
            .rev()
            .fold(0.0, |sum, &c| sum * z + c as f32)
    }

    /// The derivative at `z`.
    pub fn slope(&self, z: f32) -> f32 {
        self.coefficients
            .iter()
            .enumerate()
            .skip(1)
            .rev()
            .fold(0.0, |sum, (power, &c)| sum * z + power as f32 * c as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_difference_quotients() {
        for activation in [Activation::cubic(), Activation::square()] {
            for z in [-2.0f32, -0.3, 0.0, 1.7] {
                let quotient = (activation.value(z + 0.01) - activation.value(z - 0.01)) / 0.02;
                assert!((quotient - activation.slope(z)).abs() < 1e-3);
            }
        }
        assert!(Activation::new(&[1.0, 0.0]).is_err());
        assert!(Activation::new(&[1.0, f64::NAN]).is_err());
        assert_eq!(Activation::new(&[1.0, 2.0, 0.0]).unwrap().degree(), 1);
    }
}
