//! The converged logistic regression, and how far one record can move it.

use crate::TransferError;
use crate::shape::setting;

/// The norm of the gradient at which the regression counts as converged; what is left of the way to
/// the minimum is part of the noise's unit.
const TOLERANCE: f64 = 1e-9;

/// Steps, at most.
const MOST_STEPS: usize = 200_000;

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
    /// Accelerated gradient descent in the span of the examples, W = A X, where a step needs their
    /// Gram matrix alone. J's curvature is between λ and ½ + λ for examples of norm 1.
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
        let gram: Vec<f64> = examples
            .iter()
            .flat_map(|a| examples.iter().map(move |b| dot(a, b)))
            .collect();
        let problem = Problem {
            gram,
            labels,
            classes,
            n,
            regularisation,
        };
        let coefficients = problem.minimise()?;
        let width = examples.first().map_or(0, Vec::len);
        let mut weights = vec![0.0; classes * width];
        for (row, coefficients) in weights
            .chunks_exact_mut(width)
            .zip(coefficients.chunks_exact(n))
        {
            for (coefficient, example) in coefficients.iter().zip(examples) {
                for (weight, x) in row.iter_mut().zip(example) {
                    *weight += coefficient * x;
                }
            }
        }
        let moved = std::f64::consts::SQRT_2 / (n as f64 * regularisation);
        Ok(Self {
            weights,
            // Removing costs both runs' distance to their minimum, 2τ/λ; replacing no more.
            unit: moved + 2.0 * TOLERANCE / regularisation,
        })
    }
}

struct Problem<'a> {
    gram: Vec<f64>,
    labels: &'a [usize],
    classes: usize,
    n: usize,
    regularisation: f64,
}

impl Problem<'_> {
    /// A, K × n.
    fn minimise(&self) -> Result<Vec<f64>, TransferError> {
        let (most, least) = (0.5 + self.regularisation, self.regularisation);
        let root = (least / most).sqrt();
        let momentum = (1.0 - root) / (1.0 + root);
        let mut here = vec![0.0; self.classes * self.n];
        let mut ahead = here.clone();
        for step in 0..MOST_STEPS {
            let gradient = self.gradient(&ahead);
            if step % 8 == 0 && self.norm(&gradient) <= TOLERANCE {
                return Ok(ahead);
            }
            for ((here, ahead), g) in here.iter_mut().zip(&mut ahead).zip(&gradient) {
                let next = *ahead - g / most;
                *ahead = next + momentum * (next - *here);
                *here = next;
            }
        }
        Err(TransferError::Diverged { steps: MOST_STEPS })
    }

    /// The gradient's coefficients: (1/n)(P − Y) + λA.
    fn gradient(&self, coefficients: &[f64]) -> Vec<f64> {
        let n = self.n;
        let logits = self.times_gram(coefficients);
        let mut gradient = vec![0.0; coefficients.len()];
        for i in 0..n {
            let column = |k: usize| logits[k * n + i];
            let top = (0..self.classes)
                .map(column)
                .fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = (0..self.classes).map(|k| (column(k) - top).exp()).sum();
            for k in 0..self.classes {
                let p = (column(k) - top).exp() / total;
                let y = f64::from(u8::from(self.labels[i] == k));
                gradient[k * n + i] =
                    (p - y) / n as f64 + self.regularisation * coefficients[k * n + i];
            }
        }
        gradient
    }

    fn times_gram(&self, coefficients: &[f64]) -> Vec<f64> {
        coefficients
            .chunks_exact(self.n)
            .flat_map(|row| self.gram.chunks_exact(self.n).map(move |g| dot(row, g)))
            .collect()
    }

    /// ‖E X‖ of coefficients E.
    fn norm(&self, coefficients: &[f64]) -> f64 {
        let squared = dot(&self.times_gram(coefficients), coefficients);
        // A negative hair is 0; no number at all must not pass for convergence.
        if squared < 0.0 { 0.0 } else { squared.sqrt() }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
