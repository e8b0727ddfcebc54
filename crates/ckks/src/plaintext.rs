//! Encoded messages: polynomials with a level and a scale, not yet hidden.

use crate::context::Context;
use crate::poly::{Basis, Poly};
use crate::{CkksError, Complex64};

/// A message as an integer polynomial m ≈ Δ·σ^-1(slots) modulo Q_level.
#[derive(Clone)]
pub struct Plaintext {
    pub(crate) context: Context,
    pub(crate) poly: Poly,
    pub(crate) scale: f64,
}

impl std::fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plaintext")
            .field("level", &self.level())
            .field("scale", &self.scale)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Encodes real slots (missing ones are zero) at `level` and `scale`.
    ///
    /// Rounding to integers adds an error of variance 1/12 to each coefficient.
    ///
    /// # Errors
    /// If there are more than N/2 slots, a value or the scale is not finite and positive, the level
    /// does not exist, or the scaled polynomial does not fit Q_level.
    pub fn encode_real(
        &self,
        slots: &[f64],
        level: usize,
        scale: f64,
    ) -> Result<Plaintext, CkksError> {
        self.check_slots(slots.len(), slots.iter().all(|x| x.is_finite()))?;
        let values = slots.iter().map(|&re| Complex64::new(re, 0.0));
        let poly = self.round(self.encoder().coefficients(values), Basis::q(level), scale)?;
        Ok(self.plaintext(poly, scale))
    }

    /// Encodes complex slots, as [`Context::encode_real`] does real ones.
    pub fn encode(
        &self,
        slots: &[Complex64],
        level: usize,
        scale: f64,
    ) -> Result<Plaintext, CkksError> {
        self.check_slots(slots.len(), slots.iter().all(|x| x.is_finite()))?;
        let values = slots.iter().copied();
        let poly = self.round(self.encoder().coefficients(values), Basis::q(level), scale)?;
        Ok(self.plaintext(poly, scale))
    }

    fn plaintext(&self, poly: Poly, scale: f64) -> Plaintext {
        Plaintext {
            context: self.clone(),
            poly,
            scale,
        }
    }

    pub(crate) fn check_slots(&self, count: usize, finite: bool) -> Result<(), CkksError> {
        let reason = if count > self.slots() {
            format!("{count} slots are more than the {} there are", self.slots())
        } else if !finite {
            "a slot is not finite".to_string()
        } else {
            return Ok(());
        };
        Err(CkksError::Value {
            operation: "encode",
            reason,
        })
    }

    /// Scaled and rounded coefficients in the transform domain of `basis`.
    pub(crate) fn round(
        &self,
        mut coefficients: Vec<f64>,
        basis: Basis,
        scale: f64,
    ) -> Result<Poly, CkksError> {
        self.check_level("encode", basis.level)?;
        if !(scale.is_finite() && scale > 0.0) {
            return Err(CkksError::Value {
                operation: "encode",
                reason: format!("the scale must be positive and finite, not {scale}"),
            });
        }
        let mut largest = 0.0f64;
        for coefficient in &mut coefficients {
            *coefficient = (*coefficient * scale).round_ties_even();
            largest = largest.max(coefficient.abs());
        }
        self.check_fits("encode", largest, basis.level)?;
        let mut poly = Poly::zero(self, basis);
        let narrow = largest < 2f64.powi(62);
        for (row, values) in poly.rows_mut().enumerate() {
            let modulus = basis.modulus(self, row);
            for (value, &coefficient) in values.iter_mut().zip(&coefficients) {
                *value = if narrow {
                    modulus.residue(coefficient as i64)
                } else {
                    modulus.residue_wide(coefficient as i128)
                };
            }
            modulus.forward(values);
        }
        Ok(poly)
    }

    /// That a scaled value stays below Q_level / 2 and below what a wide integer holds.
    pub(crate) fn check_fits(
        &self,
        operation: &'static str,
        scaled: f64,
        level: usize,
    ) -> Result<(), CkksError> {
        let bits = scaled.log2();
        if bits >= (self.log_q(level) - 1.0).min(126.0) {
            return Err(CkksError::Overflow {
                operation,
                bits,
                level,
            });
        }
        Ok(())
    }
}

impl Plaintext {
    /// The level ℓ: the polynomial is modulo q_0·…·q_ℓ.
    pub fn level(&self) -> usize {
        self.poly.basis.level
    }

    /// The scale Δ.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The N/2 slots.
    pub fn decode(&self) -> Vec<Complex64> {
        let mut coefficients = self.coefficients();
        for coefficient in &mut coefficients {
            *coefficient /= self.scale;
        }
        self.context.encoder().slots(&coefficients)
    }

    /// The real parts of the slots.
    pub fn decode_real(&self) -> Vec<f64> {
        self.decode().into_iter().map(|slot| slot.re).collect()
    }

    /// The N integer coefficients, centred modulo Q_level.
    ///
    /// Centred mixed-radix digits: those above a small value are exactly zero, so nothing cancels.
    pub fn coefficients(&self) -> Vec<f64> {
        let level = self.level();
        let mut poly = self.poly.clone();
        for (row, values) in poly.rows_mut().enumerate() {
            self.context.q(row).inverse(values);
        }
        let mut digits = vec![0i64; level + 1];
        (0..self.context.degree())
            .map(|at| {
                let (mut value, mut weight) = (0.0, 1.0);
                for i in 0..=level {
                    let modulus = self.context.q(i);
                    // (x − Σ_{j<i} d_j q_0…q_(j−1)) / (q_0…q_(i−1)) mod q_i, one prime at a time.
                    let mut residue = poly.row(i)[at];
                    for (j, &digit) in digits[..i].iter().enumerate() {
                        let difference = residue + modulus.value() - modulus.residue(digit);
                        let inverse = self.context.inverse_of_q(j, i);
                        residue = modulus.multiply(difference % modulus.value(), inverse);
                    }
                    let half = modulus.value() / 2;
                    digits[i] = residue as i64
                        - if residue > half {
                            modulus.value() as i64
                        } else {
                            0
                        };
                    value += digits[i] as f64 * weight;
                    weight *= modulus.value() as f64;
                }
                value
            })
            .collect()
    }

    /// The plaintext at a lower level, at the same scale.
    ///
    /// # Errors
    /// If `level` is above the plaintext's.
    pub fn drop_to(&self, level: usize) -> Result<Self, CkksError> {
        if level > self.level() {
            return Err(CkksError::LevelsSpent {
                operation: "drop a plaintext",
                level: self.level(),
                needed: level,
            });
        }
        let mut out = self.clone();
        out.poly.truncate(level);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameters;

    #[test]
    fn encoding_round_trips_at_every_level() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let slots: Vec<Complex64> = (0..context.slots())
            .map(|j| Complex64::new((j % 13) as f64 - 6.0, (j % 7) as f64 / 7.0))
            .collect();
        for level in 0..=context.max_level() {
            let plaintext = context.encode(&slots, level, context.scale()).unwrap();
            for (a, b) in plaintext.decode().iter().zip(&slots) {
                assert!((a - b).norm() < 1e-6);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let scale = context.scale();
        assert!(context.encode_real(&vec![0.0; 4097], 0, scale).is_err());
        assert!(context.encode_real(&[f64::NAN], 0, scale).is_err());
        assert!(context.encode_real(&[1.0], 5, scale).is_err());
        assert!(context.encode_real(&[1.0], 0, -1.0).is_err());
        let all = vec![1e4; 4096];
        assert!(matches!(
            context.encode_real(&all, 0, scale),
            Err(CkksError::Overflow { level: 0, .. })
        ));
        assert!(context.encode_real(&all, 1, scale).is_ok());
        assert!(context.encode_real(&[1.0], 4, 2f64.powi(90)).is_ok());
    }
}
