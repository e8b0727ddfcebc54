//! Encrypted logits of a square head, and how their owner reads them.

use super::SquareShape;
use crate::error::RheError;
use crate::head::class_of;
use crate::keys::{Identity, SealedBytes, SealedNumbers, SecretKey};
use crate::linear::Logits;
use crate::quantise::uncertain;
use ckks::{Ciphertext, Context};

/// An upper bound, measured, on the standard deviation of a logit L read in steps of 1/c = `unit`:
/// the last square turns an error of its input into one that grows with √|c·L|. Three layers are
/// computed at a larger scale.
pub(super) fn deviation(shape: &SquareShape, value: f64, unit: f64) -> f64 {
    let of_one = match shape.widths.len() {
        2 => 2f64.powi(-17),
        _ => 2f64.powi(-24),
    };
    unit * of_one * (1.0 + (value / unit).abs().sqrt())
}

/// One CKKS ciphertext an image; its slots repeat the logits and hold nothing else.
#[derive(Clone)]
pub struct SquareResults {
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    pub(crate) shape: SquareShape,
    pub(crate) context: Context,
    pub(crate) secret: SealedBytes,
    pub(crate) scale: SealedNumbers,
    pub(crate) logits: Vec<Ciphertext>,
}

impl SquareResults {
    /// The number of images.
    pub fn images(&self) -> usize {
        self.logits.len()
    }

    /// The number of logits of an image.
    pub fn outputs(&self) -> usize {
        self.shape.outputs()
    }

    /// The name of the key that opens them.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// The name of the head that made them.
    pub fn head_id(&self) -> Identity {
        self.head
    }
}

impl SecretKey {
    /// Logits of each image, with CKKS's approximation errors.
    pub(crate) fn reveal_square_logits(
        &self,
        results: &SquareResults,
    ) -> Result<Vec<Logits>, RheError> {
        self.check("result", results.key)?;
        let unit = results.scale.open(self, results.head)?[0];
        let secret = results.secret.open(self, results.head)?;
        let secret = ckks::SecretKey::from_bytes(&results.context, &secret)?;
        let reveal = |ciphertext: &Ciphertext| {
            let slots = secret.decrypt(ciphertext)?.decode_real();
            let values: Vec<f64> = slots[..results.outputs()]
                .iter()
                .map(|l| l * unit)
                .collect();
            let noise: Vec<f64> = values
                .iter()
                .map(|v| deviation(&results.shape, *v, unit))
                .collect();
            Ok(Logits {
                integers: Vec::new(),
                class: class_of(&values),
                uncertain: uncertain(&values, &noise),
                values,
            })
        };
        results.logits.iter().map(reveal).collect()
    }
}
