//! Encryption under the secret key.

use crate::poly::{Basis, Poly};
use crate::sampling::{Seed, noise, random_bytes, to_poly, uniform};
use crate::{Ciphertext, CkksError, Plaintext, SecretKey, SeededCiphertext};
use zeroize::Zeroizing;

impl SecretKey {
    /// (m + e − a·s, a) with a fresh uniform a.
    ///
    /// # Errors
    /// If the plaintext belongs to another parameter set or the system gives no randomness.
    pub fn encrypt(&self, plain: &Plaintext) -> Result<Ciphertext, CkksError> {
        Ok(self.encrypt_seeded(plain)?.expand())
    }

    /// As [`SecretKey::encrypt`], with a named by a seed: half the bytes.
    pub fn encrypt_seeded(&self, plain: &Plaintext) -> Result<SeededCiphertext, CkksError> {
        let noise = noise(self.context.degree())?;
        self.hide(plain, random_bytes()?, &noise)
    }

    /// (m + e − a·s, a) with the a that `seed` names and the noise e.
    pub(crate) fn hide(
        &self,
        plain: &Plaintext,
        seed: Seed,
        noise: &[i64],
    ) -> Result<SeededCiphertext, CkksError> {
        self.context.same(&plain.context, "encrypt")?;
        let basis = Basis::q(plain.level());
        let mut body: Poly = uniform(&self.context, basis, &seed, 0);
        for (row, values) in body.rows_mut().enumerate() {
            self.context.q(row).mul_assign(values, self.poly.row(row));
        }
        body.negate(&self.context);
        body.add_assign(
            &self.context,
            &Zeroizing::new(to_poly(&self.context, basis, noise)),
        );
        body.add_assign(&self.context, &plain.poly);
        Ok(SeededCiphertext {
            context: self.context.clone(),
            key: self.id,
            body,
            seed,
            scale: plain.scale,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{CkksError, Context, Parameters, SecretKey};

    #[test]
    fn only_the_right_key_decrypts() {
        let context = Context::new(&Parameters::fast().unwrap()).unwrap();
        let (key, other) = (
            SecretKey::generate(&context).unwrap(),
            SecretKey::generate(&context).unwrap(),
        );
        let values: Vec<f64> = (0..4096).map(|j| (j as f64).sin()).collect();
        let plain = context.encode_real(&values, 2, context.scale()).unwrap();
        let ciphertext = key.encrypt(&plain).unwrap();
        for (a, b) in key
            .decrypt(&ciphertext)
            .unwrap()
            .decode_real()
            .iter()
            .zip(&values)
        {
            assert!((a - b).abs() < 2e-6);
        }
        assert!(matches!(
            other.decrypt(&ciphertext),
            Err(CkksError::Key { .. })
        ));
        // The two parts hide the message from whoever forges the name.
        let mut forged = ciphertext.clone();
        forged.key = other.id();
        let garbage = other.decrypt(&forged).unwrap().decode_real();
        assert!(garbage.iter().any(|x| x.abs() > 1e3));
    }
}
