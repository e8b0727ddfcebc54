//! Sums, products and rescaling.

use crate::ciphertext::{check_levels, check_scales};
use crate::evaluation_keys::EvaluationKeys;
use crate::poly::{Basis, Poly};
use crate::{Ciphertext, CkksError, Plaintext};

impl Ciphertext {
    /// The sum of two ciphertexts of one key, level and scale.
    pub fn add(&self, other: &Self) -> Result<Self, CkksError> {
        let mut out = self.clone();
        out.add_assign(other)?;
        Ok(out)
    }

    /// Adds `other` in place; three parts and two may be mixed.
    pub fn add_assign(&mut self, other: &Self) -> Result<(), CkksError> {
        self.check_with(other, "add ciphertexts")?;
        check_scales("add ciphertexts", self.scale, other.scale)?;
        for (at, theirs) in other.parts.iter().enumerate() {
            match self.parts.get_mut(at) {
                Some(mine) => mine.add_assign(&self.context, theirs),
                None => self.parts.push(theirs.clone()),
            }
        }
        Ok(())
    }

    /// The difference of two ciphertexts of one key, level and scale.
    pub fn sub(&self, other: &Self) -> Result<Self, CkksError> {
        self.add(&other.negate())
    }

    /// The negative.
    pub fn negate(&self) -> Self {
        let mut out = self.clone();
        for part in &mut out.parts {
            part.negate(&self.context);
        }
        out
    }

    /// Adds an encoded message of the same level and scale.
    pub fn add_plain(&self, plain: &Plaintext) -> Result<Self, CkksError> {
        let operation = "add a plaintext";
        self.context.same(&plain.context, operation)?;
        check_levels(operation, self.level(), plain.level())?;
        check_scales(operation, self.scale, plain.scale)?;
        let mut out = self.clone();
        out.parts[0].add_assign(&self.context, &plain.poly);
        Ok(out)
    }

    /// Adds the same real constant to every slot.
    pub fn add_constant(&self, constant: f64) -> Result<Self, CkksError> {
        let scaled = self.integer("add a constant", constant, self.scale)?;
        let mut out = self.clone();
        let basis = Basis::q(self.level());
        for (row, values) in out.parts[0].rows_mut().enumerate() {
            let modulus = basis.modulus(&self.context, row);
            // A constant polynomial has the same value at every point.
            let constant = [modulus.residue_wide(scaled); 64];
            for block in values.chunks_mut(64) {
                modulus.add_assign(block, &constant);
            }
        }
        Ok(out)
    }

    /// The slotwise product with an encoded message of the same level; scales multiply.
    pub fn mul_plain(&self, plain: &Plaintext) -> Result<Self, CkksError> {
        let operation = "multiply by a plaintext";
        self.context.same(&plain.context, operation)?;
        check_levels(operation, self.level(), plain.level())?;
        let mut out = self.clone();
        for part in &mut out.parts {
            part.mul_assign(&self.context, &plain.poly);
        }
        out.scale *= plain.scale;
        self.check_scale(operation, out.scale)?;
        Ok(out)
    }

    /// The product with a real constant encoded at `scale`; scales multiply.
    ///
    /// The constant becomes the integer round(constant · scale): its relative error is
    /// 1/(2·constant·scale).
    pub fn mul_constant(&self, constant: f64, scale: f64) -> Result<Self, CkksError> {
        let operation = "multiply by a constant";
        let scaled = self.integer(operation, constant, scale)?;
        let mut out = self.clone();
        let basis = Basis::q(self.level());
        for part in &mut out.parts {
            for (row, values) in part.rows_mut().enumerate() {
                let modulus = basis.modulus(&self.context, row);
                modulus.mul_constant(values, modulus.residue_wide(scaled));
            }
        }
        out.scale *= scale;
        self.check_scale(operation, out.scale)?;
        Ok(out)
    }

    fn integer(
        &self,
        operation: &'static str,
        constant: f64,
        scale: f64,
    ) -> Result<i128, CkksError> {
        let scaled = (constant * scale).round_ties_even();
        if !(scaled.is_finite() && scale > 0.0) {
            return Err(CkksError::Value {
                operation,
                reason: format!("{constant} at scale {scale} is not a finite integer"),
            });
        }
        self.context
            .check_fits(operation, scaled.abs(), self.level())?;
        Ok(scaled as i128)
    }

    /// Multiplies every slot by i, exactly: the polynomial is multiplied by X^(N/2).
    pub fn mul_i(&self) -> Self {
        let mut out = self.clone();
        let mut monomial = Poly::zero(&self.context, Basis::q(self.level()));
        for (row, values) in monomial.rows_mut().enumerate() {
            values[self.context.slots()] = 1;
            self.context.q(row).forward(values);
        }
        for part in &mut out.parts {
            part.mul_assign(&self.context, &monomial);
        }
        out
    }

    /// The slotwise product of two ciphertexts of one key and level: three parts, scales multiply.
    pub fn mul(&self, other: &Self) -> Result<Self, CkksError> {
        let operation = "multiply ciphertexts";
        self.check_with(other, operation)?;
        self.check_two_parts(operation)?;
        other.check_two_parts(operation)?;
        let scale = self.scale * other.scale;
        self.check_scale(operation, scale)?;
        let ([a0, a1], [b0, b1]) = (
            [&self.parts[0], &self.parts[1]],
            [&other.parts[0], &other.parts[1]],
        );
        let zero = Poly::zero(&self.context, a0.basis);
        let (mut c0, mut c1, mut c2) = (zero.clone(), zero.clone(), zero);
        c0.mul_accumulate(&self.context, a0, b0);
        c1.mul_accumulate(&self.context, a0, b1);
        c1.mul_accumulate(&self.context, a1, b0);
        c2.mul_accumulate(&self.context, a1, b1);
        Ok(self.with_parts(vec![c0, c1, c2], scale))
    }

    /// The slotwise square, three parts.
    pub fn square(&self) -> Result<Self, CkksError> {
        self.mul(self)
    }

    /// Turns a product back into two parts.
    pub fn relinearise(&self, keys: &EvaluationKeys) -> Result<Self, CkksError> {
        let operation = "relinearise";
        if self.parts.len() == 2 {
            return Ok(self.clone());
        }
        self.context.same(keys.context(), operation)?;
        if self.key != keys.key_id() {
            return Err(CkksError::Key { operation });
        }
        let key = keys.relinearisation(operation)?;
        let [mut c0, mut c1] = key.switch(&self.context, &self.parts[2]);
        c0.add_assign(&self.context, &self.parts[0]);
        c1.add_assign(&self.context, &self.parts[1]);
        Ok(self.with_parts(vec![c0, c1], self.scale))
    }

    /// Divides the polynomial and the scale by the last prime and drops it.
    ///
    /// # Errors
    /// At level 0.
    pub fn rescale(&self) -> Result<Self, CkksError> {
        let level = self.level();
        if level == 0 {
            return Err(CkksError::LevelsSpent {
                operation: "rescale",
                level,
                needed: 1,
            });
        }
        let mut out = self.clone();
        for part in &mut out.parts {
            let last = self.context.q(level);
            let mut tail = part.row(level).to_vec();
            last.inverse(&mut tail);
            part.truncate(level - 1);
            let mut lifted = vec![0; tail.len()];
            for (row, values) in part.rows_mut().enumerate() {
                let modulus = self.context.q(row);
                modulus.lift(&mut lifted, &tail, last.value());
                modulus.forward(&mut lifted);
                modulus.sub_mul_constant(values, &lifted, self.context.inverse_of_q(level, row));
            }
        }
        out.scale /= self.context.q(level).value() as f64;
        Ok(out)
    }

    /// The same message at the same scale and a lower level.
    ///
    /// # Errors
    /// If `level` is above the ciphertext's, or the scaled message no longer fits.
    pub fn drop_to(&self, level: usize) -> Result<Self, CkksError> {
        if level > self.level() {
            return Err(CkksError::LevelsSpent {
                operation: "drop a ciphertext",
                level: self.level(),
                needed: level,
            });
        }
        let mut out = self.clone();
        for part in &mut out.parts {
            part.truncate(level);
        }
        out.context
            .check_fits("drop a ciphertext", out.scale, level)?;
        Ok(out)
    }

    /// Reads the same polynomial under another scale: multiplies every slot by scale / `scale`.
    ///
    /// # Errors
    /// If `scale` is not positive and finite.
    pub fn with_scale(&self, scale: f64) -> Result<Self, CkksError> {
        if !(scale.is_finite() && scale > 0.0) {
            return Err(CkksError::Value {
                operation: "set a scale",
                reason: format!("the scale must be positive and finite, not {scale}"),
            });
        }
        let mut out = self.clone();
        out.scale = scale;
        Ok(out)
    }

    /// A message of size 1 at `scale` must fit the modulus.
    fn check_scale(&self, operation: &'static str, scale: f64) -> Result<(), CkksError> {
        self.context.check_fits(operation, scale, self.level())
    }
}
