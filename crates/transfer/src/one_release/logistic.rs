//! The converged logistic regression, and how far one record can move it.

use crate::TransferError;
use crate::logistic::newton::{Newton, Problem, TOLERANCE};
use crate::shape::setting;

/// The minimum of J(W) = (1/n)·Σ cross-entropy(softmax(W xᵢ), yᵢ) + (λ/2)·‖W‖².
#[derive(Debug)]
pub(super) struct Logistic {
    /// W, K × width, row-major.
    pub weights: Vec<f64>,
    /// How far adding or removing one record moves it at most; replacing one, twice as far.
    ///
    /// The gradient of one record's loss is (p − y)xᵀ with ‖p − y‖ ≤ √2 and ‖x‖ ≤ 1. J is λ-strongly
    /// convex, so replacing a record moves the minimum by at most the change of the gradient over
    /// λ: 2√2/(nλ) (Chaudhuri et al. 2011, lemma 7), and leaving its term out of the sum, with n
    /// as it is, by √2/(nλ). Where the gradient's norm is τ the minimum is within τ/λ, on both
    /// data sets.
    pub unit: f64,
}

impl Logistic {
    /// The minimum W = (1/nλ)·Σ αᵢ xᵢᵀ over `examples` of norm 1 at most.
    ///
    /// The gradient there is (1/n)·Σ (αᵢ − (yᵢ − pᵢ)) xᵢᵀ. Where no entry of its brackets exceeds
    /// [`TOLERANCE`], its norm τ is √K times that at most.
    pub fn fit(
        examples: &[Vec<f64>],
        labels: &[usize],
        classes: usize,
        regularisation: f64,
    ) -> Result<Self, TransferError> {
        if !(regularisation > 0.0 && regularisation.is_finite()) {
            return Err(setting(
                "regularisation",
                regularisation,
                "a finite number above 0: without it one record can move the minimum any way",
            ));
        }
        let n = examples.len();
        let strength = 1.0 / (n as f64 * regularisation);
        let products = |i: usize, j: usize| dot(&examples[i], &examples[j]);
        let problem = Problem::unbiased(classes, labels.to_vec(), strength, products);
        let mut newton = Newton::default();
        let minimum = newton.solve(&problem)?;
        let width = examples.first().map_or(0, Vec::len);
        let mut weights = vec![0.0; classes * width];
        for (class, row) in weights.chunks_exact_mut(width).enumerate() {
            for (i, example) in examples.iter().enumerate() {
                let coefficient = strength * minimum.alpha(i, class);
                for (weight, x) in row.iter_mut().zip(example) {
                    *weight += coefficient * x;
                }
            }
        }
        let moved = std::f64::consts::SQRT_2 / (n as f64 * regularisation);
        let short = (classes as f64).sqrt() * TOLERANCE / regularisation;
        Ok(Self {
            weights,
            // Removing costs both runs' distance to their minimum, 2τ/λ; replacing no more.
            unit: moved + 2.0 * short,
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
