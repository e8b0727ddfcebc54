//! Decryption, by the key's owner, of results that have been authenticated.

use super::{Binding, DigitRows, LinearResults, LinearShape, Scheme, SmallRows, TagCheck};
use crate::error::RheError;
use crate::head::class_of;
use crate::keys::SecretKey;
use crate::modular::{add, mul, sub};
use crate::quantise::{Rounding, uncertain};
use crate::transform::Backend;
use rayon::prelude::*;

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

/// A head's mask products A made ready: whoever holds them can decrypt, without a transform.
pub(crate) struct Decryptor {
    shape: LinearShape,
    scheme: Scheme,
    rounding: Rounding,
    rows: DigitRows,
    biases: Vec<u64>,
}

impl Decryptor {
    /// Of a head whose binding a [`TagCheck`] has confirmed: everything follows from it and the key.
    pub(crate) fn new(key: &SecretKey, binding: &Binding) -> Result<Self, RheError> {
        let shape = binding.shape;
        let words = binding.masks(key);
        let rows = words.chunks_exact(shape.row());
        let (weights, biases): (Vec<&[u64]>, Vec<u64>) = rows
            .filter_map(|row| row.split_last().map(|(bias, weights)| (weights, *bias)))
            .unzip();
        Ok(Self {
            scheme: binding.scheme,
            rounding: Rounding::from_numbers(&binding.step.open(key, binding.head)?),
            rows: DigitRows::new(&weights, Backend::Detected),
            shape,
            biases,
        })
    }

    /// Logits of each image of results that the head's [`TagCheck`] accepts.
    pub(crate) fn logits(&self, results: &LinearResults) -> Vec<Logits> {
        let integers = self.phases(results, |word| {
            self.scheme.integer(word, self.shape.space.delta)
        });
        let features = results.features.chunks_exact(self.shape.features);
        let images = integers.into_iter().zip(&results.scales).zip(features);
        images
            .map(|((integers, &scale), features)| {
                let steps = integers.iter().zip(&self.rounding.steps);
                let values: Vec<f64> = steps
                    .map(|(&integer, step)| integer as f64 * (step / f64::from(scale)))
                    .collect();
                let squares = features.iter().map(|&x| u64::from(x.unsigned_abs()).pow(2));
                let norm = squares.sum::<u64>() + u64::from(scale).pow(2);
                Logits {
                    class: class_of(&values),
                    uncertain: uncertain(&values, &self.rounding.deviations(scale, norm)),
                    integers,
                    values,
                }
            })
            .collect()
    }

    /// What `read` makes of each decrypted, not yet rounded word Δ·logit + noise, image by image.
    pub(crate) fn phases<T: Send>(
        &self,
        results: &LinearResults,
        read: impl Fn(u64) -> T + Sync,
    ) -> Vec<Vec<T>> {
        let batches = results.batches().flat_map_iter(|batch| {
            let mut rows = SmallRows::new(self.shape.features);
            (0..batch.images()).for_each(|i| rows.push(batch.features_of(i).iter().copied()));
            let classes = self.shape.classes;
            let mut products = vec![0; batch.images() * classes];
            self.rows.multiply(&rows, &mut products);
            let images = products.chunks_exact(classes).enumerate();
            let images = images.map(|(image, products)| {
                let scale = u64::from(batch.scales[image]);
                let words = batch
                    .words_of(image)
                    .0
                    .iter()
                    .zip(products)
                    .zip(&self.biases);
                words
                    .map(|((&body, &product), &bias)| {
                        read(sub(body, add(product, mul(bias, scale))))
                    })
                    .collect()
            });
            images.collect::<Vec<Vec<T>>>()
        });
        batches.collect()
    }
}

impl Drop for Decryptor {
    fn drop(&mut self) {
        self.rows.wipe();
        zeroize::Zeroize::zeroize(&mut self.biases);
    }
}

impl SecretKey {
    /// Logits of each image, if every one of them carries its tag.
    pub(crate) fn reveal_linear_logits(
        &self,
        results: &LinearResults,
    ) -> Result<Vec<Logits>, RheError> {
        let check = TagCheck::new(self, &results.binding).ok_or(RheError::Refused)?;
        if !check.accepts(results) {
            return Err(RheError::Refused);
        }
        Ok(Decryptor::new(self, &results.binding)?.logits(results))
    }
}
