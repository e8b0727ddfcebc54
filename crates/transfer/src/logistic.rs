//! Converged logistic regression in the span of the examples.
//!
//! The minimum of C Σ_i CE(W f_i + b, y_i) + ½‖W‖² over W (K × d) and free b has W = C (Y − P) F
//! with P the probabilities there: W = A F with A = C·α lies in the span, and the logits are
//! Z = C α G + b 1ᵀ with G = FFᵀ. So the unknowns are α (K × N) and b, and α = Y − P is the
//! condition to meet, with Σ_i α_ki = 0 for the free biases.
//!
//! This is the mode of a Gaussian process with softmax likelihood and covariance CG for each class,
//! so Newton steps follow Rasmussen and Williams (2006), algorithm 3.3: K Cholesky factors of N × N
//! in place of one of KN × KN. The bias has a normal prior of variance κ, centred anew in every
//! step on where it is (a proximal step), so that nothing holds it in the end.
//!
//! Free biases absorb any shift of the features, so the examples are centred: features whose mean is
//! large beside their differences (a network's, unscaled) would leave G with few digits for what
//! tells them apart, and the steps would not come to rest.
//!
//! With two classes scikit-learn fits the difference v of the two rows, C Σ CE + ½‖v‖². The rows
//! ∓v/2 have ½‖W‖² = ¼‖v‖²: the same minimum at half the strength.

pub(crate) mod newton;

use datasets::FeatureSet;

use crate::matrix::Matrix;
use crate::products::combine;
use crate::{HeadShape, Recipe, TransferError};
use newton::{Newton, Problem};

/// Scratch memory of logistic regression.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logistic {
    /// F less its mean, N × (d+1), the last column 0.
    examples: Matrix,
    /// The mean of the examples, d.
    mean: Vec<f64>,
    /// A = C·α, K × N.
    coefficients: Matrix,
    weights: Matrix,
    problem: Problem,
    newton: Newton,
}

impl Logistic {
    /// Finds the minimum and writes its weights into `out`: NaN where it is not found.
    ///
    /// # Errors
    /// Where the steps do not come to rest.
    pub fn train(
        &mut self,
        shape: &HeadShape,
        recipe: &Recipe,
        features: &FeatureSet,
        members: &[u32],
        out: &mut [f32],
    ) -> Result<(), TransferError> {
        let (n, classes) = (members.len(), shape.classes);
        self.examples.resize(n, shape.features + 1);
        self.centre(features, members);
        let strength = f64::from(recipe.strength) / if classes == 2 { 2.0 } else { 1.0 };
        let problem = &mut self.problem;
        problem.classes = classes;
        problem.labels.clear();
        let labels = members.iter().map(|&it| features.labels()[it as usize]);
        problem.labels.extend(labels.map(|label| label as usize));
        problem.biased = true;
        let examples = &self.examples;
        problem.covariance(strength, n, |i, j| dot(examples.row(i), examples.row(j)));
        let minimum = self
            .newton
            .solve(problem)
            .inspect_err(|_| out.fill(f32::NAN))?;
        self.coefficients.resize(classes, n);
        for class in 0..classes {
            let to = self.coefficients.row_mut(class);
            for (i, to) in to[..n].iter_mut().enumerate() {
                *to = (strength * minimum.alpha(i, class)) as f32;
            }
        }
        self.weights.resize(classes, shape.features + 1);
        combine(&mut self.weights, 0.0, &self.coefficients, &self.examples);
        for class in 0..classes {
            let row = self.weights.row_mut(class);
            let products = row.iter().zip(&self.mean).map(|(&w, m)| f64::from(w) * m);
            let shift: f64 = products.sum();
            row[shape.features] = (minimum.bias(class) - shift) as f32;
        }
        self.weights.write(out);
        Ok(())
    }

    /// Sets the examples and their mean.
    fn centre(&mut self, features: &FeatureSet, members: &[u32]) {
        let n = members.len();
        let mean = &mut self.mean;
        mean.clear();
        mean.resize(features.width(), 0.0);
        for &member in members {
            let row = features.row(member as usize);
            (mean.iter_mut().zip(row)).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        mean.iter_mut().for_each(|mean| *mean /= n as f64);
        self.examples.resize(n, mean.len() + 1);
        for (i, &member) in members.iter().enumerate() {
            let row = self.examples.row_mut(i);
            let values = features.row(member as usize).iter().zip(mean.iter());
            for (to, (&x, mean)) in row.iter_mut().zip(values) {
                *to = (f64::from(x) - mean) as f32;
            }
        }
    }
}

/// Products in double precision, summed in eight strands.
fn dot(left: &[f32], right: &[f32]) -> f64 {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    let mut strands = [0.0; 8];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..8 {
            strands[lane] += f64::from(left[lane]) * f64::from(right[lane]);
        }
    }
    let rest = left_rest.iter().zip(right_rest);
    let rest: f64 = rest.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    strands.iter().sum::<f64>() + rest
}
