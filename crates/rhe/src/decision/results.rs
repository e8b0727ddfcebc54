//! Encrypted classes, and how the key's owner reads them.

use super::budget::MESSAGE_STEP;
use crate::bootstrap::{LWE_WORDS, OUTPUT_TURN_NOISE};
use crate::error::RheError;
use crate::keys::{Identity, SecretKey};
use crate::parameters::MAX_LOG2_FAILURE;

/// One LWE ciphertext (2049 words over 2^64) an image: its class, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionResults {
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    /// Outputs of the head: K, or 1 where it has two classes and one logit.
    pub(crate) outputs: usize,
    /// `images × 2049`.
    pub(crate) words: Vec<u64>,
}

impl DecisionResults {
    /// The number of images.
    pub fn images(&self) -> usize {
        self.words.len() / LWE_WORDS
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.outputs.max(2)
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
        self.words
            .chunks_exact(LWE_WORDS)
            .nth(image)
            .unwrap_or_default()
    }
}

impl SecretKey {
    /// The class of each image of decisions **that a trusted classifier made**; none where three or
    /// more classes were too close to be ordered.
    pub fn reveal_trusted_decisions(
        &self,
        results: &DecisionResults,
    ) -> Result<Vec<Option<usize>>, RheError> {
        self.check("result", results.key)?;
        let images = results.words.chunks_exact(LWE_WORDS).enumerate();
        images
            .map(|(image, lwe)| {
                let phase = self.phase(lwe).wrapping_add(MESSAGE_STEP / 2);
                let message = (phase / MESSAGE_STEP) as usize;
                let noise = (phase % MESSAGE_STEP).abs_diff(MESSAGE_STEP / 2);
                // Other noise or another message betrays damage or another key, 95 times in 100.
                if noise as f64 > largest_noise(results.outputs) || message > results.classes() {
                    return Err(RheError::result(format!(
                        "the decision of image {image} holds no class: the result is damaged or \
                         of another key"
                    )));
                }
                Ok(message.checked_sub(1))
            })
            .collect()
    }
}

/// What the noise of a sum of K bootstraps stays below but for a probability of 2^-64.
fn largest_noise(outputs: usize) -> f64 {
    let deviation = OUTPUT_TURN_NOISE * 2f64.powi(64) * (outputs as f64).sqrt();
    deviation * (2.0 * std::f64::consts::LN_2 * (1.0 - MAX_LOG2_FAILURE)).sqrt()
}
