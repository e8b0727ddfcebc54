//! What an adversary sees of a protected head or of an encrypted result, as plain numbers.
//!
//! Attacks are run against these numbers as they would be against weights or scores: same order,
//! same shapes, a residue r modulo q as r/q in [−1/2, 1/2).

mod answers;
mod hidden;
mod square;

use crate::error::RheError;
use crate::head::PlainHead;
use crate::linear::{
    LinearResults, LinearShape, ProtectedLinear, TagKey, encrypt_words, mask_products,
};
use crate::modular::{add, sub, to_signed};
use crate::parameters::{MODULUS, POLYNOMIAL_SIZE};
use crate::quantise::{Precision, QuantisedLinear};
use crate::randomness::{MaskSeed, MaskStream, fill_binary};
use crate::transform::{Backend, Transform};
use answers::Answering;
use rand::CryptoRng;
use zeroize::Zeroizing;

pub use answers::SimulatedHead;
pub use hidden::HiddenView;
pub use square::SquareView;

/// Reads protected linear heads of one shape as numbers, and makes an adversary's own.
///
/// The numbers of a head are its *body* words in the order of the weights that they hide,
/// `classes × (features + 1)`, the bias last in each row: an attack on weights runs unchanged.
/// The rest of what is released are the masks of the bodies ([`CiphertextView::masks`]), public
/// randomness from a seed that does not depend on the weights, and a tag a column
/// ([`CiphertextView::tags`]). [`CiphertextView::simulate`] gives all three of a simulated head;
/// [`CiphertextView::simulate_release`] also what its key shows.
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

    /// Classes of the heads.
    pub fn classes(&self) -> usize {
        self.shape.classes
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

    /// Numbers of a class that are seen beside its row: its share of the masks, and all tags.
    fn beside_a_class(&self) -> usize {
        let masks = self.len().div_ceil(POLYNOMIAL_SIZE) * POLYNOMIAL_SIZE;
        masks.div_ceil(self.shape.classes) + self.shape.row()
    }

    /// Numbers that are seen of a head beside its bodies, class by class: every mask goes to one class
    /// (what is left of the last share is 0), all tags go to each.
    pub fn beside(&self) -> usize {
        self.shape.classes * self.beside_a_class()
    }

    /// The numbers of a head that the adversary protects itself, with a key of its own that is
    /// made for this head and forgotten: what shadow heads become. `out` takes a number for each
    /// weight, by `sight`; `beside` the [`CiphertextView::beside`] others, the same in every sight.
    ///
    /// All randomness comes from `rng`, so that an experiment can be repeated. Neither the key nor
    /// a usable head leaves: this protects nothing, [`ProtectedLinear::protect`] does.
    pub fn simulate(
        &self,
        weights: &[f32],
        sight: Sight,
        rng: &mut impl CryptoRng,
        out: &mut [f32],
        beside: &mut [f32],
    ) -> Result<(), RheError> {
        check_sizes(out, beside, [self.len(), self.beside()])?;
        let head = self.encrypt(weights, Noise::AsReleased, rng)?;
        match sight {
            Sight::Released => out
                .iter_mut()
                .zip(&head.bodies)
                .for_each(|(out, &word)| *out = number(word)),
            Sight::KnownSecret => out.copy_from_slice(&self.open(&head)),
        }
        let tags: Vec<f32> = self.tag_row(&head, rng);
        let masks = masks(&head.seed, self.len());
        let shares = masks.len().div_ceil(self.shape.classes);
        let classes = beside.chunks_exact_mut(self.beside_a_class());
        for (class, beside) in classes.enumerate() {
            let (own, others) = beside.split_at_mut(shares);
            lay_part(&masks, class, own);
            others.copy_from_slice(&tags);
        }
        Ok(())
    }

    /// Everything that is released of such a head, masks and tags too, and what its key shows beside
    /// it: with that an attack must succeed that is said to fail on the rest.
    pub fn simulate_release(
        &self,
        weights: &[f32],
        noise: Noise,
        rng: &mut impl CryptoRng,
    ) -> Result<SimulatedRelease, RheError> {
        let head = self.encrypt(weights, noise, rng)?;
        Ok(SimulatedRelease {
            bodies: head.bodies.iter().map(|&word| number(word)).collect(),
            masks: masks(&head.seed, self.len()),
            tags: self.tag_row(&head, rng),
            opened: self.open(&head),
        })
    }

    fn tag_row(&self, head: &Encrypted, rng: &mut impl CryptoRng) -> Vec<f32> {
        let tags = TagKey::draw(rng, &self.shape).row(&head.bodies);
        tags.into_iter().map(number).collect()
    }

    /// b − a·s in steps of Δ, times the step of its row: the weights, up to rounding and noise.
    fn open(&self, head: &Encrypted) -> Vec<f32> {
        let products = self.products(head);
        let words = head.bodies.iter().zip(&products);
        let delta = self.shape.space.delta as f64;
        words
            .enumerate()
            .map(|(at, (&body, &product))| {
                let units = to_signed(sub(body, product)) as f64 / delta;
                (units * head.steps[at / self.shape.row()]) as f32
            })
            .collect()
    }

    /// The coefficients of a·s that hide the words.
    fn products(&self, head: &Encrypted) -> Vec<u64> {
        let mut all = vec![0; self.len()];
        let (transform, count) = (&self.transform, self.len());
        mask_products(
            transform,
            &head.secret,
            &head.seed,
            count,
            |start, products| {
                all[start..start + products.len()].copy_from_slice(products);
            },
        );
        all
    }

    /// A simulated head that can be asked: what an adversary gets who sends features to a
    /// classifier and sees the encrypted results, or has its owner reveal their classes.
    pub fn simulate_classifier(
        &self,
        weights: &[f32],
        rng: &mut impl CryptoRng,
    ) -> Result<SimulatedHead, RheError> {
        let head = self.encrypt(weights, Noise::AsReleased, rng)?;
        Ok(SimulatedHead {
            shape: self.shape,
            bodies: Answering::new(&self.shape, &head.bodies),
            masks: Answering::new(&self.shape, &self.products(&head)),
            steps: head.steps,
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
            steps: quantised.steps,
        })
    }
}

/// A simulated head and the key that it was made with.
struct Encrypted {
    bodies: Vec<u64>,
    seed: MaskSeed,
    /// In evaluation form.
    secret: Zeroizing<Vec<u64>>,
    /// The real size of each row's step.
    steps: Vec<f64>,
}

/// What of a simulated head stands where its weights would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Its body words: what is released.
    Released,
    /// What its key makes of them, Δ·W and the noise: the control of attacks on what is released.
    KnownSecret,
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
    /// What who has the key sees in the place of `bodies`: the rounded weights and the noise. Not
    /// released.
    pub opened: Vec<f32>,
}

impl SimulatedRelease {
    /// All that is released, in one row: bodies, masks, tags.
    pub fn released(&self) -> Vec<f32> {
        [&self.bodies[..], &self.masks, &self.tags].concat()
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

/// Refuses memory of another size than the numbers of a head and those beside them take.
fn check_sizes(out: &[f32], beside: &[f32], own: [usize; 2]) -> Result<(), RheError> {
    let asked = [out.len(), beside.len()];
    if asked == own {
        return Ok(());
    }
    let reason = format!("{asked:?} numbers are asked for, it has {own:?}");
    Err(RheError::head(reason))
}

/// Part `at` of numbers that are cut into parts as long as `out`; what the last does not fill is 0.
fn lay_part(all: &[f32], at: usize, out: &mut [f32]) {
    out.fill(0.0);
    let part = all.chunks(out.len()).nth(at).unwrap_or_default();
    out[..part.len()].copy_from_slice(part);
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
mod layers;
#[cfg(test)]
mod tests;
