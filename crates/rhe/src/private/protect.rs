//! From a linear head in the clear to one whose results hide the features.

use super::PrivateShape;
use super::ring::{Masks, Poly, Ring, SIZE, errors, ternary};
use crate::error::RheError;
use crate::head::PlainHead;
use crate::keys::{Identity, SealedNumbers, SecretKey};
use crate::quantise::{FeatureScale, QuantisedLinear, Rounding};
use crate::randomness::{MaskSeed, fill_from_system, system_generator};
use rand::CryptoRng;

/// A linear head under encryption whose results hide the features from the key's owner; 10 × 1024
/// weights take 264 KB.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedPrivate {
    pub(crate) key: Identity,
    pub(crate) id: Identity,
    pub(crate) shape: PrivateShape,
    /// Step and norm of each row.
    pub(crate) step: SealedNumbers,
    pub(crate) scale: FeatureScale,
    /// Of all masks: those of the weights, of the biases, then p1.
    pub(crate) seed: MaskSeed,
    /// Bodies of the weights, one polynomial a ciphertext, in coefficients.
    pub(crate) bodies: Vec<Poly>,
    /// Bodies of the biases, times β: one polynomial a group, of which the logits' coefficients
    /// alone are not zero.
    pub(crate) bias_bodies: Vec<Poly>,
    /// p0, the body of the public encryption of zero.
    pub(crate) zero: Poly,
}

impl ProtectedPrivate {
    /// Encrypts a linear head. `calibration` (`rows × d`, public, like those that will be
    /// classified) fixes the range of the features: images beyond four times the largest are
    /// refused by who classifies, since a range of their own would tell their size.
    ///
    /// # Errors
    /// [`RheError::Rounding`] where the rounding of features changes the class of more than one
    /// calibration image in 200, [`RheError::Setting`] for shapes that leave no room for the noise.
    pub fn protect(
        head: &PlainHead,
        key: &SecretKey,
        weight_bits: u32,
        calibration: &[f32],
    ) -> Result<Self, RheError> {
        let [layer] = head.layers() else {
            return Err(RheError::head(format!(
                "it has {} layers, results that hide the features are for one",
                head.layers().len()
            )));
        };
        let shape = PrivateShape::new(layer.inputs, layer.outputs, weight_bits)?;
        let (precision, space) = (shape.precision(), shape.space);
        let scale = FeatureScale::fixed(head, precision, calibration, |row, rounded, image| {
            rounded.fill_fixed(row, space.scale as u32, space.max_feature as u32, image)
        })?;
        let layer = scale.fold(layer)?;
        let quantised = QuantisedLinear::new(&layer, precision)?;
        let id = Identity::random()?;
        let mut seed = [0; 32];
        fill_from_system(&mut seed)?;
        let ring = Ring::new();
        let mut noise = system_generator()?;
        let mut encryptor = Encryptor {
            secret: secret(key, id, &ring),
            ring: &ring,
            masks: Masks::new(&seed),
            noise: &mut noise,
        };
        let packing = shape.packing;
        let mut messages = vec![Poly::zero(); packing.ciphertexts()];
        let mut biases = vec![Poly::zero(); packing.groups];
        for (class, row) in quantised.weights.chunks_exact(packing.features).enumerate() {
            let (group, slot) = packing.place(class);
            let at = slot * packing.width;
            for chunk in 0..packing.chunks {
                let message = &mut messages[group * packing.chunks + chunk];
                for (j, &w) in row[packing.chunk(chunk)].iter().enumerate() {
                    message.add_at(at + j, space.delta * i128::from(w));
                }
            }
            let bias = i128::from(quantised.biases[class]) * i128::from(space.scale);
            biases[group].add_at(at, space.delta * bias);
        }
        let bodies = messages.into_iter().map(|m| encryptor.encrypt(m)).collect();
        let whole: Vec<Poly> = biases.into_iter().map(|m| encryptor.encrypt(m)).collect();
        let bias_bodies = whole.iter().enumerate().map(|(group, whole)| {
            let mut kept = Poly::zero();
            for at in slots(&shape, group) {
                for (kept, whole) in kept.0.iter_mut().zip(&whole.0) {
                    kept[at] = whole[at];
                }
            }
            kept
        });
        Ok(Self {
            key: key.id(),
            id,
            shape,
            step: SealedNumbers::seal(&Rounding::new(&layer, &quantised).to_numbers(), key, id),
            scale,
            seed,
            bodies,
            bias_bodies: bias_bodies.collect(),
            zero: encryptor.encrypt(Poly::zero()),
        })
    }

    /// d, the number of features.
    pub fn features(&self) -> usize {
        self.shape.packing.features
    }

    /// K, the number of classes.
    pub fn classes(&self) -> usize {
        self.shape.packing.classes
    }

    /// log2 of the bound on the statistical distance between the results of two images of equal
    /// logits, masks aside: at most −40.
    pub fn log2_distance(&self) -> f64 {
        self.shape.space.log2_distance(self.classes())
    }

    /// The name of the key that opens its results.
    pub fn key_id(&self) -> Identity {
        self.key
    }

    /// Its own name, drawn at random.
    pub fn id(&self) -> Identity {
        self.id
    }
}

/// The coefficients in which a group's logits lie.
pub(crate) fn slots(shape: &PrivateShape, group: usize) -> impl Iterator<Item = usize> {
    let packing = shape.packing;
    let first = group * packing.slots;
    let count = packing.slots.min(packing.classes - first);
    (0..count).map(move |slot| slot * packing.width)
}

/// s of one head, as values.
pub(super) fn secret(key: &SecretKey, head: Identity, ring: &Ring) -> Poly {
    let mut stream = key.derived("rhea rhe private head secret", &head.0);
    let coefficients = zeroize::Zeroizing::new(ternary(&mut stream));
    let mut secret = Poly::from_signed(coefficients.iter().copied());
    ring.forward(&mut secret);
    secret
}

/// Encrypts one polynomial after the other of a mask stream.
struct Encryptor<'a, R> {
    ring: &'a Ring,
    secret: Poly,
    masks: Masks,
    noise: &'a mut R,
}

impl<R: CryptoRng> Encryptor<'_, R> {
    /// The body a·s + e + message, in coefficients.
    fn encrypt(&mut self, mut message: Poly) -> Poly {
        let mut mask = self.masks.draw();
        self.ring.forward(&mut mask);
        let mut product = Poly::zero();
        self.ring.multiply_add(&mut product, &mask, &self.secret);
        self.ring.inverse(&mut product);
        message.add_assign(&product);
        message.add_assign(&Poly::from_signed(errors(self.noise).into_iter()));
        debug_assert_eq!(message.0[0].len(), SIZE);
        message
    }
}
