//! Encrypted logits of a ReLU head, and how their owner reads them.

use super::FEATURE_NORM;
use crate::bootstrap::LWE_WORDS;
use crate::error::RheError;
use crate::head::class_of;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::linear::Logits;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::quantise::uncertain;

/// One LWE ciphertext (2049 words over 2^64) an image and output.
#[derive(Clone, Debug, PartialEq)]
pub struct ReluResults {
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    pub(crate) outputs: usize,
    pub(crate) scales: SealedNumbers,
    /// β of each image.
    pub(crate) betas: Vec<u32>,
    /// `images × outputs × 2049`.
    pub(crate) words: Vec<u64>,
}

impl ReluResults {
    /// The number of images.
    pub fn images(&self) -> usize {
        self.betas.len()
    }

    /// The number of logits of an image.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The name of the key that opens them.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// The name of the head that made them.
    pub fn head_id(&self) -> Identity {
        self.head
    }

    /// The numbers that an observer of image i's result sees.
    pub fn ciphertext(&self, image: usize) -> &[u64] {
        let words = self.outputs * LWE_WORDS;
        self.words
            .chunks_exact(words)
            .nth(image)
            .unwrap_or_default()
    }
}

impl SecretKey {
    /// Logits of each image, with the noise of their bootstraps.
    pub(crate) fn reveal_relu_logits(
        &self,
        results: &ReluResults,
    ) -> Result<Vec<Logits>, RheError> {
        self.check("result", results.key)?;
        let numbers = results.scales.open(self, results.head)?;
        let (unit, rest) = (numbers[0], &numbers[1..]);
        if rest.len() != 2 * results.outputs {
            return Err(RheError::result("it has not two sealed numbers an output"));
        }
        let (offsets, deviations) = rest.split_at(results.outputs);
        let images = results.words.chunks_exact(results.outputs * LWE_WORDS);
        images
            .zip(&results.betas)
            .enumerate()
            .map(|(image, (words, &beta))| {
                let lwes = words.chunks_exact(LWE_WORDS).zip(offsets);
                let values = lwes
                    .map(|(lwe, offset)| {
                        let turns = self.phase(lwe) as i64 as f64 / 2f64.powi(64) + offset / unit;
                        let turns = turns - turns.round();
                        // Logits keep to an eighth of a turn and noise to far less.
                        if turns.abs() > 0.375 {
                            return Err(RheError::result(format!(
                                "a logit of image {image} is outside of the head's range: the \
                                 result is damaged, of another key, or its features are unlike \
                                 those of the calibration"
                            )));
                        }
                        Ok(turns * unit / f64::from(beta))
                    })
                    .collect::<Result<Vec<f64>, _>>()?;
                // The norm of [f; 1] is at most that of (x̂, β) over β.
                let norm = FEATURE_NORM / f64::from(beta);
                let noise: Vec<f64> = deviations.iter().map(|d| d * norm).collect();
                Ok(Logits {
                    integers: Vec::new(),
                    class: class_of(&values),
                    uncertain: uncertain(&values, &noise),
                    values,
                })
            })
            .collect()
    }

    /// b − ⟨a, s⟩ over 2^64.
    pub(crate) fn phase(&self, lwe: &[u64]) -> u64 {
        let products = lwe[..POLYNOMIAL_SIZE].iter().zip(self.coefficients());
        let inner = products.fold(0u64, |sum, (&a, &s)| sum.wrapping_add(a.wrapping_mul(s)));
        lwe[POLYNOMIAL_SIZE].wrapping_sub(inner)
    }
}
