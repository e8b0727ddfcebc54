//! Classification: features in the clear to encrypted logits.

use super::{Binding, DigitRows, LinearResults, ProtectedLinear, SmallRows};
use crate::error::RheError;
use crate::modular::{add, mul};
use crate::quantise::{FeatureScale, QuantisedFeatures};
use crate::transform::Backend;
use crate::vectorised::vectorised;
use rayon::prelude::*;
use std::cell::RefCell;

/// A protected linear head made ready to classify.
#[derive(Debug)]
pub struct LinearClassifier {
    binding: Binding,
    scale: FeatureScale,
    /// The rows of the bodies, and the tags as one more.
    rows: DigitRows,
    /// B_kd of each class, and T_d.
    biases: Vec<u64>,
    arch: Option<pulp::Arch>,
}

thread_local! {
    /// A thread keeps it from call to call: one image takes microseconds.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        scaled: Vec::new(),
        features: QuantisedFeatures::default(),
        rows: SmallRows::new(1),
    });
}

/// Memory that one thread reuses from batch to batch: features, which whoever classifies sees.
struct Scratch {
    scaled: Vec<f32>,
    features: QuantisedFeatures,
    rows: SmallRows,
}

impl LinearClassifier {
    /// Makes a head ready.
    pub fn new(head: &ProtectedLinear, backend: Backend) -> Self {
        let row = head.binding.shape.row();
        let rows = head.bodies.chunks_exact(row).chain([&head.tags[..]]);
        let (weights, biases): (Vec<&[u64]>, Vec<u64>) = rows
            .filter_map(|row| row.split_last().map(|(bias, weights)| (weights, *bias)))
            .unzip();
        Self {
            binding: head.binding.clone(),
            scale: head.scale.clone(),
            rows: DigitRows::new(&weights, backend),
            biases,
            arch: (backend == Backend::Detected).then(pulp::Arch::new),
        }
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.binding.shape.features
    }

    pub(crate) fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Encrypted logits of `images × d` features, row-major, one image or many: on all threads of
    /// the rayon pool, the same bits for any number of them.
    pub fn classify(&self, features: &[f32]) -> Result<LinearResults, RheError> {
        let mut out = LinearResults::empty(self.binding.clone());
        self.classify_into(features, &mut out)?;
        Ok(out)
    }

    /// As [`LinearClassifier::classify`], reusing the memory of `out`.
    pub fn classify_into(&self, features: &[f32], out: &mut LinearResults) -> Result<(), RheError> {
        let images = crate::head::image_count(features, self.features())?;
        if out.binding != self.binding {
            *out = LinearResults::empty(self.binding.clone());
        }
        out.resize(images);
        let width = self.features();
        if images == 1 {
            // One image does not pay for waking other threads.
            let (scales, small, words) = (&mut out.scales, &mut out.features, &mut out.words);
            return self.batch(0, features, scales, small, words);
        }
        let batch = LinearResults::BATCH;
        let scales = out.scales.par_chunks_mut(batch);
        let small = out.features.par_chunks_mut(batch * width);
        let words = out.words.par_chunks_mut(batch * self.biases.len());
        features
            .par_chunks(batch * width)
            .zip(scales)
            .zip(small.zip(words))
            .enumerate()
            .try_for_each(|(at, ((rows, scales), (small, words)))| {
                self.batch(at * batch, rows, scales, small, words)
            })
    }

    /// Classifies a batch whose first image is number `first` of all.
    fn batch(
        &self,
        first: usize,
        features: &[f32],
        scales: &mut [u32],
        small: &mut [i16],
        words: &mut [u64],
    ) -> Result<(), RheError> {
        SCRATCH.with_borrow_mut(|scratch| {
            self.batch_with(scratch, first, features, scales, small, words)
        })
    }

    fn batch_with(
        &self,
        scratch: &mut Scratch,
        first: usize,
        features: &[f32],
        scales: &mut [u32],
        small: &mut [i16],
        words: &mut [u64],
    ) -> Result<(), RheError> {
        let width = self.features();
        scratch.rows.reset(width);
        let outputs = features
            .chunks_exact(width)
            .zip(small.chunks_exact_mut(width));
        for (image, (row, small)) in outputs.enumerate() {
            let image = first + image;
            scales[image - first] = vectorised(
                self.arch,
                #[inline(always)]
                || self.quantise(image, row, small, scratch),
            )?;
        }
        self.rows.multiply(&scratch.rows, words);
        for (words, &scale) in words.chunks_exact_mut(self.biases.len()).zip(&*scales) {
            for (word, &bias) in words.iter_mut().zip(&self.biases) {
                *word = add(*word, mul(bias, u64::from(scale)));
            }
        }
        Ok(())
    }

    /// Features of one image to integers; returns their scale.
    #[inline(always)]
    fn quantise(
        &self,
        image: usize,
        row: &[f32],
        small: &mut [i16],
        scratch: &mut Scratch,
    ) -> Result<u32, RheError> {
        let quantised = &mut scratch.features;
        let row = self.scale.apply(row, &mut scratch.scaled);
        quantised.fill(row, self.features(), &self.binding.shape.space, image)?;
        // In range: features have at most 14 bits.
        small
            .iter_mut()
            .zip(&quantised.values)
            .for_each(|(out, &x)| *out = x as i16);
        scratch.rows.push(small.iter().copied());
        Ok(quantised.scale)
    }
}
