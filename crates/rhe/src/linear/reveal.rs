//! Decryption, by the key's owner.

use super::{LinearResults, LinearShape};
use crate::error::RheError;
use crate::head::class_of;
use crate::keys::SecretKey;
use crate::modular::{from_signed, mul, sub, to_signed};
use crate::noise::tail;
use crate::parameters::{MAX_LOG2_FAILURE, MODULUS, POLYNOMIAL_SIZE};
use crate::quantise::{Rounding, uncertain};
use crate::transform::{Backend, Transform};
use zeroize::Zeroizing;

/// One image's logits in the clear.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    /// The integer logits of the quantised head; empty where the scheme is approximate.
    pub integers: Vec<i64>,
    /// The logits as real numbers.
    pub values: Vec<f64>,
    /// The class.
    pub class: usize,
    /// Whether another class's logit is closer to the largest than rounding, or the noise of an
    /// approximate scheme, can tell.
    pub uncertain: bool,
}

impl SecretKey {
    /// Logits of each image.
    pub(crate) fn reveal_linear_logits(
        &self,
        results: &LinearResults,
    ) -> Result<Vec<Logits>, RheError> {
        self.check("result", results.key)?;
        let rounding = Rounding::from_numbers(&results.step.open(self, results.head)?);
        let shape = &results.shape;
        let transform = Transform::new(Backend::Detected);
        let readers = slot_readers(self, shape, &transform);
        let masks = results
            .masks
            .chunks_exact(shape.packing.groups * POLYNOMIAL_SIZE);
        let bodies = results.bodies.chunks_exact(shape.packing.classes);
        masks
            .zip(bodies)
            .zip(&results.scales)
            .enumerate()
            .map(|(image, ((masks, bodies), &(scale, norm)))| {
                let phases = phases(shape, &readers, &transform, masks, bodies);
                let integers = phases
                    .map(|phase| decode(phase, shape, norm, image))
                    .collect::<Result<Vec<i64>, _>>()?;
                let steps = integers.iter().zip(&rounding.steps);
                let values: Vec<f64> = steps
                    .map(|(&integer, step)| integer as f64 * (step / f64::from(scale)))
                    .collect();
                Ok(Logits {
                    class: class_of(&values),
                    uncertain: uncertain(&values, &rounding.deviations(scale, norm)),
                    integers,
                    values,
                })
            })
            .collect()
    }
}

/// The decrypted, not yet rounded words of one image: Δ·logit + noise modulo q, for each class.
pub(crate) fn phases<'a>(
    shape: &'a LinearShape,
    readers: &'a [Zeroizing<Vec<u64>>],
    transform: &'a Transform,
    masks: &'a [u64],
    bodies: &'a [u64],
) -> impl Iterator<Item = u64> + 'a {
    bodies.iter().enumerate().map(move |(class, &body)| {
        let (group, slot) = shape.packing.place(class);
        let mask = &masks[group * POLYNOMIAL_SIZE..][..POLYNOMIAL_SIZE];
        sub(body, transform.dot(mask, &readers[slot]))
    })
}

/// For each slot the vector whose inner product with a polynomial a in evaluation form is
/// coefficient t·w of a·s: NTT(X^(−t·w)) ∘ NTT(s) / N, since coefficient 0 is the mean value.
pub(crate) fn slot_readers(
    key: &SecretKey,
    shape: &LinearShape,
    transform: &Transform,
) -> Vec<Zeroizing<Vec<u64>>> {
    (0..shape.packing.slots)
        .map(|slot| {
            let at = slot * shape.packing.width;
            let mut monomial = vec![0; POLYNOMIAL_SIZE];
            match at {
                0 => monomial[0] = 1,
                _ => monomial[POLYNOMIAL_SIZE - at] = MODULUS - 1,
            }
            transform.forward(&mut monomial);
            let mut reader = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
            transform.multiply(&mut reader, &monomial, key.values());
            reader
                .iter_mut()
                .for_each(|v| *v = mul(*v, transform.size_inverse()));
            reader
        })
        .collect()
}

/// Rounds to a message; noise or a message beyond what the head can give betrays another key.
fn decode(phase: u64, shape: &LinearShape, norm: u64, image: usize) -> Result<i64, RheError> {
    let delta = shape.space.delta as i64;
    let signed = to_signed(phase);
    let message = (signed + delta.signum() * signed.signum() * (delta / 2)) / delta;
    let noise = to_signed(sub(phase, mul(from_signed(message), shape.space.delta)));
    if message.abs() > shape.space.max_logit {
        return Err(RheError::result(format!(
            "a logit of image {image} is outside of the plaintext space: the result is damaged"
        )));
    }
    if noise.unsigned_abs() as f64 > tail(norm as f64, MAX_LOG2_FAILURE) {
        return Err(RheError::result(format!(
            "a logit of image {image} holds more noise than a product can: the result is damaged \
             or of another key"
        )));
    }
    Ok(message)
}
