//! Classification: features in the clear to encrypted logits.

use super::{LinearResults, ProtectedLinear};
use crate::error::RheError;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::quantise::{FeatureScale, QuantisedFeatures};
use crate::rows::RowEvaluator;
use crate::transform::Backend;
use rayon::prelude::*;

/// A protected linear head made ready to classify.
#[derive(Debug)]
pub struct LinearClassifier {
    template: LinearResults,
    scale: FeatureScale,
    rows: RowEvaluator,
}

/// Memory that one thread reuses from image to image.
#[derive(Debug, Default)]
struct Scratch {
    scaled: Vec<f32>,
    features: QuantisedFeatures,
    polynomial: Vec<u64>,
}

impl LinearClassifier {
    /// Makes a head ready.
    pub fn new(head: &ProtectedLinear, backend: Backend) -> Self {
        Self {
            template: LinearResults {
                shape: head.shape,
                key: head.key,
                head: head.id,
                step: head.step.clone(),
                scales: Vec::new(),
                masks: Vec::new(),
                bodies: Vec::new(),
            },
            scale: head.scale.clone(),
            rows: RowEvaluator::new(&head.rows, backend),
        }
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.rows.packing().features
    }

    /// Encrypted logits of `images × d` features, row-major, one image or many: on all threads of
    /// the rayon pool, the same bits for any number of them.
    pub fn classify(&self, features: &[f32]) -> Result<LinearResults, RheError> {
        let mut out = self.template.clone();
        self.classify_into(features, &mut out)?;
        Ok(out)
    }

    /// As [`LinearClassifier::classify`], reusing the memory of `out`.
    pub fn classify_into(&self, features: &[f32], out: &mut LinearResults) -> Result<(), RheError> {
        let packing = self.rows.packing();
        let images = crate::head::image_count(features, packing.features)?;
        let words = packing.groups * POLYNOMIAL_SIZE;
        (out.shape, out.key) = (self.template.shape, self.template.key);
        out.head = self.template.head;
        out.step.clone_from(&self.template.step);
        out.scales.resize(images, (0, 0));
        out.masks.resize(images * words, 0);
        out.bodies.resize(images * packing.classes, 0);
        if images == 1 {
            // One image does not pay for waking other threads.
            let (masks, bodies) = (&mut out.masks, &mut out.bodies);
            out.scales[0] = self.evaluate(0, features, masks, bodies, &mut Scratch::default())?;
            return Ok(());
        }
        let masks = out.masks.par_chunks_exact_mut(words);
        let bodies = out.bodies.par_chunks_exact_mut(packing.classes);
        features
            .par_chunks_exact(packing.features)
            .zip(&mut out.scales)
            .zip(masks.zip(bodies))
            .enumerate()
            .try_for_each_init(
                Scratch::default,
                |scratch, (image, ((row, scale), (masks, bodies)))| {
                    *scale = self.evaluate(image, row, masks, bodies, scratch)?;
                    Ok(())
                },
            )
    }

    fn evaluate(
        &self,
        image: usize,
        row: &[f32],
        masks: &mut [u64],
        bodies: &mut [u64],
        scratch: &mut Scratch,
    ) -> Result<(u32, u64), RheError> {
        let Scratch {
            scaled,
            features,
            polynomial,
        } = scratch;
        let row = self.scale.apply(row, scaled);
        features.fill(row, self.features(), &self.template.shape.space, image)?;
        let scale = features.scale;
        self.rows
            .evaluate(&features.values, scale, polynomial, masks, bodies);
        Ok((scale, features.norm))
    }
}
