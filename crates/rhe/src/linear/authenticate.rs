//! Tags: how the owner tells an honest answer from any other before decrypting it.

use super::{Binding, DigitRows, LinearResults, LinearShape, SmallRows};
use crate::keys::SecretKey;
use crate::modular::{add, mul};
use crate::randomness::fill_uniform;
use crate::transform::Backend;
use rand::CryptoRng;
use rayon::prelude::*;
use zeroize::Zeroizing;

/// α and r of one head, uniform modulo q.
pub(crate) struct TagKey {
    /// α, one a class.
    classes: Zeroizing<Vec<u64>>,
    /// r, one a feature and one for the bias.
    columns: Zeroizing<Vec<u64>>,
}

impl TagKey {
    /// What answers of a head are authenticated with.
    pub(crate) fn of(key: &SecretKey, binding: &Binding) -> Self {
        let mut stream = key.derived("rhea rhe linear head tags", &binding.bytes());
        Self::draw(&mut stream, &binding.shape)
    }

    pub(crate) fn draw(rng: &mut impl CryptoRng, shape: &LinearShape) -> Self {
        let mut draw = |count: usize| {
            let mut out = Zeroizing::new(vec![0; count]);
            fill_uniform(rng, &mut out);
            out
        };
        Self {
            classes: draw(shape.classes),
            columns: draw(shape.row()),
        }
    }

    /// T_j = Σ_k α_k·B_kj + r_j, for body words `K × (d + 1)`.
    pub(crate) fn row(&self, bodies: &[u64]) -> Vec<u64> {
        let mut tags = self.columns.to_vec();
        for (row, &alpha) in bodies.chunks_exact(tags.len()).zip(self.classes.iter()) {
            for (tag, &word) in tags.iter_mut().zip(row) {
                *tag = add(*tag, mul(alpha, word));
            }
        }
        tags
    }
}

/// A head's tag key made ready to check results.
pub(crate) struct TagCheck {
    binding: Binding,
    classes: Zeroizing<Vec<u64>>,
    columns: DigitRows,
    bias: u64,
}

impl TagCheck {
    /// The check of results that state this binding; none where they are not of this key, or
    /// their sealed step was not sealed by it.
    pub(crate) fn new(key: &SecretKey, binding: &Binding) -> Option<Self> {
        key.check("result", binding.key).ok()?;
        binding.step.open(key, binding.head).ok()?;
        let TagKey { classes, columns } = TagKey::of(key, binding);
        let (bias, weights) = columns.split_last()?;
        Some(Self {
            columns: DigitRows::new(&[weights], Backend::Detected),
            bias: *bias,
            binding: binding.clone(),
            classes,
        })
    }

    /// Whether every image of the results is in range and carries its tag. All are looked at:
    /// which one fails does not show in the time that it takes.
    pub(crate) fn accepts(&self, results: &LinearResults) -> bool {
        let shape = &self.binding.shape;
        let checks = results.batches().map(|batch| {
            let mut sound = true;
            let mut rows = SmallRows::new(shape.features);
            for image in 0..batch.images() {
                let features = batch.features_of(image);
                let admitted = shape.admits(batch.scales[image], features);
                sound &= admitted;
                // Products are of integers in range: what is not counts as zeros, in the same time.
                let kept = -i16::from(admitted);
                rows.push(features.iter().map(|feature| feature & kept));
            }
            let mut sums = vec![0; batch.images()];
            self.columns.multiply(&rows, &mut sums);
            for (image, &sum) in sums.iter().enumerate() {
                let (bodies, tag) = batch.words_of(image);
                let bias = mul(self.bias, u64::from(batch.scales[image]));
                let products = bodies.iter().zip(self.classes.iter());
                let expected = products.fold(add(sum, bias), |sum, (&b, &a)| add(sum, mul(a, b)));
                sound &= expected == tag;
            }
            sound
        });
        results.binding == self.binding && checks.reduce(|| true, |a, b| a & b)
    }
}

impl Drop for TagCheck {
    fn drop(&mut self) {
        self.columns.wipe();
        zeroize::Zeroize::zeroize(&mut self.bias);
    }
}
