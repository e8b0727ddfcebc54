//! A simulated head behind an interface: encrypted answers, and the classes that its owner reveals.

use super::number;
use crate::error::RheError;
use crate::head::class_of;
use crate::linear::{DigitRows, LinearShape, Scheme, SmallRows};
use crate::modular::{add, mul, sub};
use crate::quantise::QuantisedFeatures;
use crate::transform::Backend;

/// A simulated protected head that answers queries with ciphertexts, and the owner who may reveal
/// their classes: for experiments. It cannot be saved, and its key does not leave it.
#[derive(Debug)]
pub struct SimulatedHead {
    pub(super) shape: LinearShape,
    pub(super) bodies: Answering,
    /// The products of masks and secret: what takes the bodies' cover off.
    pub(super) masks: Answering,
    /// The real size of each row's step.
    pub(super) steps: Vec<f64>,
}

/// Rows of words made ready to be multiplied with features, and their biases.
#[derive(Debug)]
pub(super) struct Answering {
    rows: DigitRows,
    biases: Vec<u64>,
}

impl Answering {
    /// Of the words of a head of this shape.
    pub(super) fn new(shape: &LinearShape, words: &[u64]) -> Self {
        let rows = words.chunks_exact(shape.row());
        let (weights, biases): (Vec<&[u64]>, Vec<u64>) = rows
            .filter_map(|row| row.split_last().map(|(bias, weights)| (weights, *bias)))
            .unzip();
        Self {
            rows: DigitRows::new(&weights, Backend::Detected),
            biases,
        }
    }

    fn answer(&self, rows: &SmallRows, scale: u64) -> Vec<u64> {
        let mut words = vec![0; self.biases.len()];
        self.rows.multiply(rows, &mut words);
        let each = words.iter().zip(&self.biases);
        each.map(|(&word, &bias)| add(word, mul(bias, scale)))
            .collect()
    }
}

impl SimulatedHead {
    /// What is seen in the place of the scores of an image with these features: one body number a
    /// class, in [−1/2, 1/2). (The rest of an answer is x̂, which who asks knows, and a tag.)
    pub fn observed_scores(&self, features: &[f32]) -> Result<Vec<f32>, RheError> {
        let (rows, scale) = self.quantised(features)?;
        let words = self.bodies.answer(&rows, scale);
        Ok(words.into_iter().map(number).collect())
    }

    /// The class that the owner reveals of the encrypted answer for these features: the answer is
    /// computed under encryption, then decrypted.
    pub fn revealed_class(&self, features: &[f32]) -> Result<usize, RheError> {
        let (rows, scale) = self.quantised(features)?;
        let words = self.bodies.answer(&rows, scale);
        let covers = self.masks.answer(&rows, scale);
        let words = words.iter().zip(&covers).zip(&self.steps);
        let values: Vec<f64> = words
            .map(|((&word, &cover), step)| {
                let word = sub(word, cover);
                Scheme::Lattice.integer(word, self.shape.space.delta) as f64 * step
            })
            .collect();
        Ok(class_of(&values))
    }

    /// x̂ as a row, and β.
    fn quantised(&self, features: &[f32]) -> Result<(SmallRows, u64), RheError> {
        let width = self.shape.features;
        let mut quantised = QuantisedFeatures::default();
        quantised.fill(features, width, &self.shape.space, 0)?;
        let mut rows = SmallRows::new(width);
        rows.push(quantised.values.iter().map(|&x| x as i16));
        Ok((rows, u64::from(quantised.scale)))
    }
}
