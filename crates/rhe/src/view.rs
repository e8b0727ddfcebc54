//! What an adversary sees of a protected head or of an encrypted result, as plain numbers.
//!
//! Attacks are run against these numbers as they would be against weights or scores: same order,
//! same shapes, a residue r modulo q as r/q in [−1/2, 1/2).

use crate::error::RheError;
use crate::head::PlainHead;
use crate::linear::{LinearResults, LinearShape, ProtectedLinear};
use crate::modular::to_signed;
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::quantise::{Precision, QuantisedFeatures, QuantisedLinear};
use crate::randomness::fill_binary;
use crate::rows::{EncryptedRows, Encryptor, RowEvaluator};
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
        if out.len() != self.len() {
            let reason = format!("{} numbers are asked for, it has {}", out.len(), self.len());
            return Err(RheError::head(reason));
        }
        self.read(&self.encrypt(weights, rng)?.0, out);
        Ok(())
    }

    /// A simulated head that can be asked: what an adversary gets who sends features to a
    /// classifier and sees the encrypted results. Its key is made for it and forgotten.
    pub fn simulate_classifier(
        &self,
        weights: &[f32],
        rng: &mut impl CryptoRng,
    ) -> Result<SimulatedHead, RheError> {
        let (rows, _) = self.encrypt(weights, rng)?;
        Ok(SimulatedHead {
            shape: self.shape,
            rows: RowEvaluator::new(&rows, Backend::Detected),
        })
    }

    /// Rows under a key drawn from `rng`, and that key in evaluation form.
    fn encrypt(
        &self,
        weights: &[f32],
        rng: &mut impl CryptoRng,
    ) -> Result<(EncryptedRows, Zeroizing<Vec<u64>>), RheError> {
        let packing = &self.shape.packing;
        let head = PlainHead::linear(packing.features, packing.classes, weights)?;
        let quantised = QuantisedLinear::new(&head.layers()[0], self.shape.precision)?;
        let mut secret = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        fill_binary(rng, &mut secret);
        self.transform.forward(&mut secret);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let mut encryptor = Encryptor::new(&self.transform, &secret, &seed, rng);
        let (weights, biases) = self.shape.messages(&quantised);
        let rows = EncryptedRows::encrypt(&mut encryptor, seed, *packing, &weights, &biases);
        Ok((rows, secret))
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

/// A simulated protected head that answers queries with ciphertexts: for experiments. It cannot be
/// saved, and nobody has its key.
#[derive(Debug)]
pub struct SimulatedHead {
    shape: LinearShape,
    rows: RowEvaluator,
}

impl SimulatedHead {
    /// What is seen in the place of the scores of an image with these features: one body number a
    /// class, in [−1/2, 1/2). (The mask is a public function of the head's masks and the features.)
    pub fn observed_scores(&self, features: &[f32]) -> Result<Vec<f32>, RheError> {
        let packing = &self.shape.packing;
        let mut quantised = QuantisedFeatures::default();
        quantised.fill(features, packing.features, &self.shape.space, 0)?;
        let bodies = self
            .rows
            .evaluate_bodies(&quantised.values, quantised.scale);
        Ok(bodies.into_iter().map(number).collect())
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
mod tests;
