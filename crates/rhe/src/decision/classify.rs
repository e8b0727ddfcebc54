//! Classification to the encrypted class.

use super::circuit::decide;
use super::{DecisionResults, ProtectedDecision};
use crate::bootstrap::{Bootstrapper, EvaluationKeys};
use crate::error::RheError;
use crate::head::image_count;
use crate::relu::{evaluate_rows, scaled};
use crate::rows::RowEvaluator;
use crate::transform::Backend;

/// A protected linear head and its evaluation keys made ready to decide: about 130 MB.
pub struct LinearDecider {
    template: DecisionResults,
    rows: RowEvaluator,
    bootstrapper: Bootstrapper,
}

impl LinearDecider {
    /// Makes a head ready. The keys must be of the head's secret key.
    pub fn new(
        head: &ProtectedDecision,
        keys: &EvaluationKeys,
        backend: Backend,
    ) -> Result<Self, RheError> {
        keys.check("protected head", head.linear.key_id())?;
        Ok(Self {
            template: DecisionResults {
                key: head.linear.key_id(),
                head: head.linear.id(),
                outputs: head.linear.classes(),
                words: Vec::new(),
            },
            rows: RowEvaluator::new(&head.rows, backend),
            bootstrapper: Bootstrapper::new(keys),
        })
    }

    /// d, the number of features an image must have.
    pub fn features(&self) -> usize {
        self.rows.packing().features
    }

    /// Encrypted classes of `images × d` features, row-major. The bootstraps of an image run on
    /// all threads of the rayon pool; the bits do not depend on their number.
    pub fn decide(&self, features: &[f32]) -> Result<DecisionResults, RheError> {
        DecisionResults::check_size(image_count(features, self.features())?)?;
        let mut out = self.template.clone();
        for (image, row) in features.chunks_exact(self.features()).enumerate() {
            let (x, beta) = scaled(row, self.features(), image)?;
            let logits = evaluate_rows(&self.rows, &x, beta);
            out.words.extend(decide(&self.bootstrapper, &logits));
        }
        Ok(out)
    }
}
