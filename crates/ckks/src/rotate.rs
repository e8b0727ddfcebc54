//! Rotations and conjugation, singly or hoisted.

use crate::evaluation_keys::{EvaluationKeys, GaloisKey};
use crate::key_switch::{Digits, divide_by_special};
use crate::{Ciphertext, CkksError};

/// A ciphertext decomposed once, to be rotated many times.
///
/// Decomposing is most of a rotation's cost; each further rotation is two inner products and a
/// permutation.
pub struct Hoisted<'a> {
    pub(crate) source: &'a Ciphertext,
    pub(crate) digits: Digits,
}

impl Ciphertext {
    /// Moves slot j + `steps` to slot j, around the N/2 slots.
    ///
    /// # Errors
    /// If the ciphertext is not relinearised, the keys belong to another secret key, or the
    /// rotation's key was not generated.
    pub fn rotate(&self, steps: i64, keys: &EvaluationKeys) -> Result<Self, CkksError> {
        if self.context.galois_element(steps) == 1 {
            return Ok(self.clone());
        }
        self.hoist()?.rotate(steps, keys)
    }

    /// The complex conjugate of every slot.
    pub fn conjugate(&self, keys: &EvaluationKeys) -> Result<Self, CkksError> {
        self.hoist()?.conjugate(keys)
    }

    /// Decomposes the ciphertext for several rotations.
    pub fn hoist(&self) -> Result<Hoisted<'_>, CkksError> {
        self.check_two_parts("rotate")?;
        Ok(Hoisted {
            source: self,
            digits: Digits::of(&self.context, &self.parts[1]),
        })
    }

    pub(crate) fn check_keys(
        &self,
        operation: &'static str,
        keys: &EvaluationKeys,
    ) -> Result<(), CkksError> {
        self.context.same(keys.context(), operation)?;
        if self.key != keys.key_id() {
            return Err(CkksError::Key { operation });
        }
        Ok(())
    }
}

impl Hoisted<'_> {
    /// As [`Ciphertext::rotate`].
    pub fn rotate(&self, steps: i64, keys: &EvaluationKeys) -> Result<Ciphertext, CkksError> {
        let element = self.source.context.galois_element(steps);
        if element == 1 {
            return Ok(self.source.clone());
        }
        self.source.check_keys("rotate", keys)?;
        let key = keys.galois("rotate", element, || format!("a rotation by {steps} slots"))?;
        Ok(self.apply(key))
    }

    /// As [`Ciphertext::conjugate`].
    pub fn conjugate(&self, keys: &EvaluationKeys) -> Result<Ciphertext, CkksError> {
        self.source.check_keys("conjugate", keys)?;
        let element = self.source.context.conjugation();
        let key = keys.galois("conjugate", element, || "complex conjugation".into())?;
        Ok(self.apply(key))
    }

    fn apply(&self, key: &GaloisKey) -> Ciphertext {
        let context = &self.source.context;
        let mut parts = key
            .switch
            .inner_product(context, &self.digits)
            .map(|product| divide_by_special(context, product));
        parts[0].add_assign(context, &self.source.parts[0]);
        let parts = parts.iter().map(|part| part.permuted(&key.permutation));
        self.source.with_parts(parts.collect(), self.source.scale)
    }
}

#[cfg(test)]
mod tests {
    use crate::{CkksError, Complex64, Context, Parameters, SecretKey};

    #[test]
    fn slots_move_and_conjugate() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let key = SecretKey::generate(&context).unwrap();
        let keys = key
            .evaluation_keys()
            .rotations([1, 700, -3])
            .conjugation()
            .build()
            .unwrap();
        assert_eq!(keys.len(), 4);
        let slots: Vec<Complex64> = (0..4096)
            .map(|j| Complex64::new((j as f64).sin(), (j as f64).cos()))
            .collect();
        for level in [4, 1, 0] {
            let plain = context.encode(&slots, level, context.scale()).unwrap();
            let ciphertext = key.encrypt(&plain).unwrap();
            let hoisted = ciphertext.hoist().unwrap();
            for steps in [0i64, 1, 700, -3] {
                let rotated = hoisted.rotate(steps, &keys).unwrap();
                let out = key.decrypt(&rotated).unwrap().decode();
                for (j, value) in out.iter().enumerate() {
                    let from = (j as i64 + steps).rem_euclid(4096) as usize;
                    assert!((value - slots[from]).norm() < 2e-5);
                }
            }
            let out = key.decrypt(&ciphertext.conjugate(&keys).unwrap()).unwrap();
            for (value, slot) in out.decode().iter().zip(&slots) {
                assert!((value - slot.conj()).norm() < 2e-5);
            }
            assert!(matches!(
                ciphertext.rotate(2, &keys),
                Err(CkksError::MissingKey { .. })
            ));
        }
    }
}
