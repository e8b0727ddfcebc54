//! Polynomials of encrypted values, with exact scales.
//!
//! p = q·x^k + r with k the largest power of two not above the degree. Every partial result is
//! asked for at a level and a scale, and constants are encoded at whatever scale makes it so:
//! no two addends ever differ in scale, and a degree-n polynomial takes ⌈log2(n + 1)⌉ levels.

use crate::evaluation_keys::EvaluationKeys;
use crate::{Ciphertext, CkksError};

impl Ciphertext {
    /// Σ_i coefficients\[i\] · x^i, ⌈log2(degree + 1)⌉ levels down, at exactly `scale`.
    ///
    /// # Errors
    /// If the degree is 0, a coefficient is not finite, levels do not suffice or the
    /// relinearisation key is missing.
    pub fn polynomial(
        &self,
        coefficients: &[f64],
        scale: f64,
        keys: &EvaluationKeys,
    ) -> Result<Self, CkksError> {
        let operation = "evaluate a polynomial";
        let degree = coefficients.iter().rposition(|&c| c != 0.0).unwrap_or(0);
        if degree == 0 || coefficients.iter().any(|c| !c.is_finite()) {
            return Err(CkksError::Value {
                operation,
                reason: "the coefficients must be finite and of degree 1 or more".into(),
            });
        }
        self.check_two_parts(operation)?;
        let depth = (degree + 1).next_power_of_two().ilog2() as usize;
        if self.level() < depth {
            return Err(CkksError::LevelsSpent {
                operation,
                level: self.level(),
                needed: depth,
            });
        }
        let mut powers = vec![self.clone()];
        while 2 << (powers.len() - 1) <= degree {
            let last = &powers[powers.len() - 1];
            powers.push(last.square()?.relinearise(keys)?.rescale()?);
        }
        let level = self.level() - depth;
        evaluate(&coefficients[..=degree], &powers, level, scale, keys)
    }
}

/// The polynomial at exactly `level` and `scale`.
fn evaluate(
    coefficients: &[f64],
    powers: &[Ciphertext],
    level: usize,
    scale: f64,
    keys: &EvaluationKeys,
) -> Result<Ciphertext, CkksError> {
    let prime = powers[0].context().prime(level + 1)?;
    let degree = coefficients.iter().rposition(|&c| c != 0.0).unwrap_or(0);
    if degree <= 1 {
        return line(coefficients, &powers[0], level + 1, scale * prime)?.rescale();
    }
    let split = degree.ilog2();
    let (low, high) = coefficients.split_at(1 << split);
    let power = powers[split as usize].drop_to(level + 1)?;
    let mut sum = if degree == 1 << split {
        power.mul_constant(high[0], scale * prime / power.scale())?
    } else {
        let factor = evaluate(high, powers, level + 1, scale * prime / power.scale(), keys)?;
        power.mul(&factor)?
    };
    // A product's scale is known only to rounding of the last bit; name it exactly.
    sum = sum.with_scale(scale * prime)?;
    if low.iter().skip(2).all(|&c| c == 0.0) {
        sum.add_assign(&line(low, &powers[0], level + 1, scale * prime)?)?;
        return sum.relinearise(keys)?.rescale();
    }
    let rest = evaluate(low, powers, level, scale, keys)?;
    sum.relinearise(keys)?
        .rescale()?
        .with_scale(scale)?
        .add(&rest.with_scale(scale)?)
}

/// c_1·x + c_0 at `level` and `scale`, before rescaling.
fn line(
    coefficients: &[f64],
    x: &Ciphertext,
    level: usize,
    scale: f64,
) -> Result<Ciphertext, CkksError> {
    let slope = coefficients.get(1).copied().unwrap_or(0.0);
    x.drop_to(level)?
        .mul_constant(slope, scale / x.scale())?
        .with_scale(scale)?
        .add_constant(coefficients[0])
}

#[cfg(test)]
mod tests {
    use crate::{CkksError, Context, Parameters, SecretKey};

    #[test]
    fn polynomials_agree_with_horner() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let key = SecretKey::generate(&context).unwrap();
        let keys = key.evaluation_keys().relinearisation().build().unwrap();
        let x: Vec<f64> = (0..4096).map(|j| j as f64 / 2048.0 - 1.0).collect();
        let plain = context.encode_real(&x, 4, context.scale()).unwrap();
        let ciphertext = key.encrypt(&plain).unwrap();
        for (coefficients, levels) in [
            (vec![0.5, -2.0], 1),
            (vec![0.0, 0.0, 1.0], 2),
            (vec![0.49383, 0.59259, 0.092593, -0.0061728], 2),
            (vec![0.1, 0.0, -0.3, 0.2, 0.5], 3),
            (vec![0.1, 0.2, -0.3, 0.2, 0.5, -0.7, 0.3, 0.4], 3),
            (vec![0.0, 0.3, 0.0, 0.0, 0.0, -0.7, 0.0, 0.0, 0.2, 0.1], 4),
        ] {
            let y = ciphertext
                .polynomial(&coefficients, context.scale(), &keys)
                .unwrap();
            assert_eq!((y.level(), y.scale()), (4 - levels, context.scale()));
            for (x, y) in x.iter().zip(key.decrypt(&y).unwrap().decode_real()) {
                let horner = coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
                assert!((horner - y).abs() < 5e-5, "{coefficients:?} at {x}: {y}");
            }
        }
        let low = ciphertext.drop_to(1).unwrap();
        assert!(matches!(
            low.polynomial(&[0.0, 0.0, 1.0], context.scale(), &keys),
            Err(CkksError::LevelsSpent { needed: 2, .. })
        ));
        assert!(
            ciphertext
                .polynomial(&[1.0], context.scale(), &keys)
                .is_err()
        );
    }
}
