//! What an adversary sees of a protected head or of an encrypted result, as plain numbers.
//!
//! Attacks are run against these numbers as they would be against weights or scores: same order,
//! same shapes, a residue r modulo q as r/q in [−1/2, 1/2).

use crate::error::RheError;
use crate::head::PlainHead;
use crate::linear::{
    DigitRows, LinearResults, LinearShape, ProtectedLinear, SmallRows, TagKey, encrypt_words,
    mask_products,
};
use crate::modular::{add, mul, sub, to_signed};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::quantise::{Precision, QuantisedFeatures, QuantisedLinear};
use crate::randomness::{MaskSeed, MaskStream, fill_binary};
use crate::transform::{Backend, Transform};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Reads protected linear heads of one shape as numbers, and makes an adversary's own.
///
/// The numbers of a head are its *body* words in the order of the weights that they hide,
/// `classes × (features + 1)`, the bias last in each row: an attack on weights runs unchanged.
/// The rest of what is released are the masks of the bodies ([`CiphertextView::masks`]), public
/// randomness from a seed that does not depend on the weights, and a tag a column
/// ([`CiphertextView::tags`]). [`CiphertextView::simulate_release`] gives all three of a simulated
/// head, and what breaks it.
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
        self.shape.words()
    }

    /// Never true: a head has a class and a feature.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a released head.
    pub fn bodies(&self, head: &ProtectedLinear) -> Result<Vec<f32>, RheError> {
        self.check(head)?;
        Ok(head.bodies.iter().map(|&word| number(word)).collect())
    }

    /// The masks of a released head in evaluation form, N for each N bodies or part of them.
    pub fn masks(&self, head: &ProtectedLinear) -> Result<Vec<f32>, RheError> {
        self.check(head)?;
        Ok(masks(&head.binding.seed, self.len()))
    }

    /// The tags of a released head, features + 1.
    pub fn tags(&self, head: &ProtectedLinear) -> Result<Vec<f32>, RheError> {
        self.check(head)?;
        Ok(head.tags.iter().map(|&word| number(word)).collect())
    }

    fn check(&self, head: &ProtectedLinear) -> Result<(), RheError> {
        if head.binding.shape == self.shape {
            return Ok(());
        }
        Err(RheError::head(
            "it has another shape or precision than the view",
        ))
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
        let head = self.encrypt(weights, Noise::AsReleased, rng)?;
        out.iter_mut()
            .zip(&head.bodies)
            .for_each(|(out, &word)| *out = number(word));
        Ok(())
    }

    /// Everything that is released of such a head, masks and tags too, and the secret beside it:
    /// with that, or without noise, an attack must succeed that is said to fail on the rest.
    pub fn simulate_release(
        &self,
        weights: &[f32],
        noise: Noise,
        rng: &mut impl CryptoRng,
    ) -> Result<SimulatedRelease, RheError> {
        let head = self.encrypt(weights, noise, rng)?;
        let tags = TagKey::draw(rng, &self.shape).row(&head.bodies);
        let mut opened = head.bodies.clone();
        mask_products(
            &self.transform,
            &head.secret,
            &head.seed,
            self.len(),
            |start, products| {
                for (word, &product) in opened[start..].iter_mut().zip(products) {
                    *word = sub(*word, product);
                }
            },
        );
        let numbers = |words: &[u64]| words.iter().map(|&word| number(word)).collect();
        Ok(SimulatedRelease {
            bodies: numbers(&head.bodies),
            masks: masks(&head.seed, self.len()),
            tags: numbers(&tags),
            opened: numbers(&opened),
        })
    }

    /// A simulated head that can be asked: what an adversary gets who sends features to a
    /// classifier and sees the encrypted results. Its key is made for it and forgotten.
    pub fn simulate_classifier(
        &self,
        weights: &[f32],
        rng: &mut impl CryptoRng,
    ) -> Result<SimulatedHead, RheError> {
        let head = self.encrypt(weights, Noise::AsReleased, rng)?;
        let rows = head.bodies.chunks_exact(self.shape.row());
        let (weights, biases): (Vec<&[u64]>, Vec<u64>) = rows
            .filter_map(|row| row.split_last().map(|(bias, weights)| (weights, *bias)))
            .unzip();
        Ok(SimulatedHead {
            shape: self.shape,
            rows: DigitRows::new(&weights, Backend::Detected),
            biases,
        })
    }

    fn encrypt(
        &self,
        weights: &[f32],
        noise: Noise,
        rng: &mut impl CryptoRng,
    ) -> Result<Encrypted, RheError> {
        let shape = &self.shape;
        let head = PlainHead::linear(shape.features, shape.classes, weights)?;
        let quantised = QuantisedLinear::new(&head.layers()[0], shape.precision)?;
        let mut secret = Zeroizing::new(vec![0; POLYNOMIAL_SIZE]);
        fill_binary(rng, &mut secret);
        self.transform.forward(&mut secret);
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let mut bodies = shape.messages(&quantised);
        match noise {
            Noise::AsReleased => encrypt_words(&self.transform, &secret, &seed, rng, &mut bodies),
            Noise::None => {
                let count = bodies.len();
                let transform = &self.transform;
                mask_products(transform, &secret, &seed, count, |start, products| {
                    for (word, &product) in bodies[start..].iter_mut().zip(products) {
                        *word = add(*word, product);
                    }
                });
            }
        }
        Ok(Encrypted {
            bodies,
            seed,
            secret,
        })
    }
}

/// A simulated head and the key that it was made with.
struct Encrypted {
    bodies: Vec<u64>,
    seed: MaskSeed,
    /// In evaluation form.
    secret: Zeroizing<Vec<u64>>,
}

/// The noise of simulated ciphertexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// That of real ones.
    AsReleased,
    /// None, for a control. What hides the secret then is the weights alone.
    None,
}

/// A simulated head as numbers, for experiments.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedRelease {
    /// Body words, `classes × (features + 1)`.
    pub bodies: Vec<f32>,
    /// Mask words in evaluation form.
    pub masks: Vec<f32>,
    /// Tags, features + 1.
    pub tags: Vec<f32>,
    /// What who knows the secret sees in the place of `bodies`: Δ·W + noise, over q. Not released.
    pub opened: Vec<f32>,
}

impl SimulatedRelease {
    /// All that is released, in one row: bodies, masks, tags.
    pub fn released(&self) -> Vec<f32> {
        [&self.bodies[..], &self.masks, &self.tags].concat()
    }
}

/// A simulated protected head that answers queries with ciphertexts: for experiments. It cannot be
/// saved, and nobody has its key.
#[derive(Debug)]
pub struct SimulatedHead {
    shape: LinearShape,
    rows: DigitRows,
    biases: Vec<u64>,
}

impl SimulatedHead {
    /// What is seen in the place of the scores of an image with these features: one body number a
    /// class, in [−1/2, 1/2). (The rest of an answer is x̂, which who asks knows, and a tag.)
    pub fn observed_scores(&self, features: &[f32]) -> Result<Vec<f32>, RheError> {
        let width = self.shape.features;
        let mut quantised = QuantisedFeatures::default();
        quantised.fill(features, width, &self.shape.space, 0)?;
        let mut rows = SmallRows::new(width);
        rows.push(quantised.values.iter().map(|&x| x as i16));
        let mut bodies = vec![0; self.shape.classes];
        self.rows.multiply(&rows, &mut bodies);
        let scale = u64::from(quantised.scale);
        let words = bodies.iter().zip(&self.biases);
        Ok(words
            .map(|(&body, &bias)| number(add(body, mul(bias, scale))))
            .collect())
    }
}

impl LinearResults {
    /// What an observer sees in the place of image i's scores: one body number a class.
    pub fn observed_scores(&self, image: usize) -> Vec<f32> {
        self.bodies(image)
            .iter()
            .map(|&word| number(word))
            .collect()
    }
}

/// The masks of `count` words, in evaluation form.
fn masks(seed: &MaskSeed, count: usize) -> Vec<f32> {
    let mut stream = MaskStream::new(seed);
    let mut mask = vec![0; POLYNOMIAL_SIZE];
    let polynomials = 0..count.div_ceil(POLYNOMIAL_SIZE);
    polynomials
        .flat_map(|_| {
            stream.fill(&mut mask);
            mask.iter().map(|&word| number(word)).collect::<Vec<_>>()
        })
        .collect()
}

fn number(word: u64) -> f32 {
    (to_signed(word) as f64 / MODULUS as f64) as f32
}

#[cfg(test)]
mod tests;
