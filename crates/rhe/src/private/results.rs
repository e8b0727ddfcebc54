//! Results that hide the features, and how the key's owner reads them.

use super::PrivateShape;
use super::protect::{secret, slots};
use super::ring::{LIMBS, Poly, Ring, centred};
use crate::error::RheError;
use crate::head::class_of;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::linear::Logits;
use crate::quantise::{Rounding, uncertain};

/// The result of one image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PrivateResult {
    /// One polynomial a group, in coefficients.
    pub(crate) masks: Vec<Poly>,
    /// One word a class, modulo each prime.
    pub(crate) bodies: Vec<[u64; LIMBS]>,
}

/// The encrypted logits of one or more images; they tell their owner the logits, up to a
/// statistical distance of 2^-40, and nothing else of the features.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateResults {
    pub(crate) key: Identity,
    pub(crate) head: Identity,
    pub(crate) shape: PrivateShape,
    pub(crate) step: SealedNumbers,
    pub(crate) images: Vec<PrivateResult>,
}

impl PrivateResults {
    /// The number of images.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// The name of the key that opens them.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// The name of the head that made them.
    pub fn head_id(&self) -> Identity {
        self.head
    }

    /// Bytes of ciphertext for one image.
    pub fn bytes_per_image(&self) -> usize {
        let packing = self.shape.packing;
        8 * LIMBS * (packing.groups * super::SIZE + packing.classes)
    }
}

impl SecretKey {
    /// Logits of each image. For owners who trust the classifier: nothing in a private result shows
    /// whether it was made from features.
    pub(crate) fn reveal_private_logits(
        &self,
        results: &PrivateResults,
    ) -> Result<Vec<Logits>, RheError> {
        self.check("result", results.key)?;
        let rounding = Rounding::from_numbers(&results.step.open(self, results.head)?);
        let (space, ring) = (results.shape.space, Ring::new());
        let secret = secret(self, results.head, &ring);
        // Fixed for all images: the norm of the features is not sent.
        let norm = (space.max_feature as u64).pow(2) * results.shape.packing.features as u64;
        let deviations = rounding.deviations(space.scale as u32, norm);
        let images = results.images.iter().enumerate();
        images
            .map(|(image, result)| {
                let phases = phases(&results.shape, &ring, &secret, result);
                let integers = phases
                    .into_iter()
                    .map(|phase| decode(&results.shape, phase, image))
                    .collect::<Result<Vec<i64>, _>>()?;
                let steps = integers.iter().zip(&rounding.steps);
                let values: Vec<f64> = steps
                    .map(|(&integer, step)| integer as f64 * (step / space.scale as f64))
                    .collect();
                Ok(Logits {
                    class: class_of(&values),
                    uncertain: uncertain(&values, &deviations),
                    integers,
                    values,
                })
            })
            .collect()
    }
}

/// Δ·logit + noise + flood of each class.
pub(super) fn phases(
    shape: &PrivateShape,
    ring: &Ring,
    secret: &Poly,
    result: &PrivateResult,
) -> Vec<i128> {
    let mut bodies = result.bodies.iter();
    let mut out = Vec::with_capacity(result.bodies.len());
    for (group, mask) in result.masks.iter().enumerate() {
        let mut mask = mask.clone();
        ring.forward(&mut mask);
        let mut product = Poly::zero();
        ring.multiply_add(&mut product, &mask, secret);
        ring.inverse(&mut product);
        for (at, &body) in slots(shape, group).zip(bodies.by_ref()) {
            let mut phase = centred(body) - centred(product.at(at));
            let q = super::ring::modulus();
            if phase.abs() > q / 2 {
                phase -= phase.signum() * q;
            }
            out.push(phase);
        }
    }
    out
}

fn decode(shape: &PrivateShape, phase: i128, image: usize) -> Result<i64, RheError> {
    let space = &shape.space;
    let message = (phase + phase.signum() * (space.delta / 2)) / space.delta;
    let noise = phase - message * space.delta;
    if message.abs() > space.max_logit.into() || noise.abs() > space.noise + space.flood {
        return Err(RheError::result(format!(
            "a logit of image {image} is outside of the plaintext space: the result is damaged or \
             of another key"
        )));
    }
    Ok(message as i64)
}
