//! What an adversary sees of a protected head or of an encrypted result, as plain numbers.
//!
//! Attacks are run against these numbers as they would be against weights or scores: same order,
//! same shapes, a residue r modulo q as r/q in [−1/2, 1/2).

use crate::error::RheError;
use crate::head::PlainHead;
use crate::linear::{LinearResults, LinearShape, ProtectedLinear};
use crate::modular::to_signed;
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::quantise::{Precision, QuantisedLinear};
use crate::randomness::fill_binary;
use crate::rows::{EncryptedRows, Encryptor};
use crate::transform::{Backend, Transform};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Reads protected linear heads of one shape as numbers, and makes an adversary's own.
///
/// The numbers of a head are its *body* words in the order of the weights that they hide,
/// `classes × (features + 1)`, the bias last in each row: an attack on weights runs unchanged.
/// [`CiphertextView::masks`] are the other half of the ciphertexts: public randomness, drawn from
/// a seed that does not depend on the weights.
#[derive(Debug)]
pub struct CiphertextView {
    shape: LinearShape,
    transform: Transform,
}

impl CiphertextView {
    /// A view of K × d heads.
    pub fn new(features: usize, classes: usize, precision: Precision) -> Result<Self, RheError> {
        Ok(Self {
            shape: LinearShape::new(features, classes, precision)?,
            transform: Transform::new(Backend::Detected),
        })
    }

    /// How many numbers a head is: classes × (features + 1).
    pub fn len(&self) -> usize {
        self.shape.packing.classes * (self.shape.packing.features + 1)
    }

    /// Never true: a head has a class and a feature.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a released head.
    pub fn bodies(&self, head: &ProtectedLinear) -> Result<Vec<f32>, RheError> {
        if head.shape != self.shape {
            return Err(RheError::head(
                "it has another shape or precision than the view",
            ));
        }
        let mut out = vec![0.0; self.len()];
        self.read(&head.rows, &mut out);
        Ok(out)
    }

    /// The masks of a released head, of its weights and then of its biases.
    pub fn masks(&self, head: &ProtectedLinear) -> Vec<f32> {
        let (weights, biases) = head.rows.expand_masks();
        weights.into_iter().chain(biases).map(number).collect()
    }

    /// The numbers of a head that the adversary protects itself, with a key of its own that is
    /// made for this head and forgotten: what shadow heads become.
    ///
    /// All randomness comes from `rng`, so that an experiment can be repeated. Neither the key nor
    /// a usable head leaves: this protects nothing, [`ProtectedLinear::protect`] does.
    pub fn simulate(
        &self,
        weights: &[f32],
        rng: &mut impl CryptoRng,
        out: &mut [f32],
    ) -> Result<(), RheError> {
        let packing = &self.shape.packing;
        let head = PlainHead::linear(packing.features, packing.classes, weights)?;
        if out.len() != self.len() {
            let reason = format!("{} numbers are asked for, it has {}", out.len(), self.len());
            return Err(RheError::head(reason));
        }
        let quantised = QuantisedLinear::new(&head.layers()[0], self.shape.precision)?;
        let mut secret = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        fill_binary(rng, &mut secret);
        self.transform.forward(&mut secret);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let mut encryptor = Encryptor::new(&self.transform, &secret, &seed, rng);
        let (weights, biases) = self.shape.messages(&quantised);
        let rows = EncryptedRows::encrypt(&mut encryptor, seed, *packing, &weights, &biases);
        self.read(&rows, out);
        Ok(())
    }

    fn read(&self, rows: &EncryptedRows, out: &mut [f32]) {
        let packing = &rows.packing;
        for (class, out) in out.chunks_exact_mut(packing.features + 1).enumerate() {
            let (group, slot) = packing.place(class);
            for chunk in 0..packing.chunks {
                let at = (group * packing.chunks + chunk) * POLYNOMIAL_SIZE + slot * packing.width;
                let range = packing.chunk(chunk);
                let words = &rows.bodies[at..at + range.len()];
                for (out, &word) in out[range].iter_mut().zip(words) {
                    *out = number(word);
                }
            }
            out[packing.features] = number(rows.bias_bodies[class]);
        }
    }
}

impl LinearResults {
    /// What an observer sees in the place of image i's scores: one body number a class.
    pub fn observed_scores(&self, image: usize) -> Vec<f32> {
        let bodies = self.bodies.chunks_exact(self.classes()).nth(image);
        bodies
            .unwrap_or_default()
            .iter()
            .map(|&word| number(word))
            .collect()
    }
}

fn number(word: u64) -> f32 {
    (to_signed(word) as f64 / MODULUS as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Form, LinearClassifier, SecretKey};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn weights() -> Vec<f32> {
        (0..3 * 101).map(|i| (i as f32 * 0.7).sin()).collect()
    }

    fn moments(numbers: &[f32]) -> (f64, f64) {
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let square = numbers.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / count;
        (mean, square)
    }

    #[test]
    fn a_simulation_repeats_and_is_uniform() {
        let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
        let (mut a, mut b) = (vec![0.0; view.len()], vec![0.0; view.len()]);
        view.simulate(&weights(), &mut ChaCha8Rng::seed_from_u64(1), &mut a)
            .unwrap();
        view.simulate(&weights(), &mut ChaCha8Rng::seed_from_u64(1), &mut b)
            .unwrap();
        assert_eq!(a, b);
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut all = Vec::new();
        for _ in 0..200 {
            view.simulate(&weights(), &mut rng, &mut b).unwrap();
            all.extend_from_slice(&b);
        }
        assert_ne!(a, b);
        let (mean, square) = moments(&all);
        // Uniform on [−1/2, 1/2): variance 1/12, of the square 1/180; six standard errors.
        let count = all.len() as f64;
        assert!(mean.abs() < 6.0 * (1.0 / 12.0 / count).sqrt(), "{mean}");
        assert!(
            (square - 1.0 / 12.0).abs() < 6.0 * (1.0 / 180.0 / count).sqrt(),
            "{square}"
        );
    }

    #[test]
    fn released_heads_and_results_are_seen_in_the_shape_of_weights_and_scores() {
        let view = CiphertextView::new(100, 3, Precision::default()).unwrap();
        let plain = PlainHead::linear(100, 3, &weights()).unwrap();
        let key = SecretKey::generate().unwrap();
        let head =
            ProtectedLinear::protect(&plain, &key, Precision::default(), Form::Seeded).unwrap();
        let bodies = view.bodies(&head).unwrap();
        assert_eq!(bodies.len(), 3 * 101);
        assert!(bodies.iter().all(|x| x.abs() <= 0.5));
        assert_eq!(view.masks(&head).len() % POLYNOMIAL_SIZE, 0);
        let results = LinearClassifier::new(&head, Backend::Detected)
            .classify(&[1.0; 200])
            .unwrap();
        assert_eq!(results.observed_scores(1).len(), 3);
        assert!(results.observed_scores(2).is_empty());
        let other = CiphertextView::new(99, 3, Precision::default()).unwrap();
        assert!(other.bodies(&head).is_err());
        assert!(
            view.simulate(&weights(), &mut ChaCha8Rng::seed_from_u64(1), &mut [0.0; 3])
                .is_err()
        );
    }
}
