//! Logistic regression on plain inputs: what transfer must at least match.

use crate::optimiser::logistic_gradient;
use crate::{CryptoTlError, error::shape_error};
use datasets::FeatureSet;

/// w·x + b, fitted with an L2 penalty on w.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticRegression {
    weight: Vec<f32>,
    bias: f32,
}

impl LogisticRegression {
    /// Minimises ½‖w‖² + C·Σ loss on the rows of `set` in `rows` (scikit-learn's objective; its
    /// default C is 1) by accelerated gradient descent.
    ///
    /// # Errors
    /// If there are no rows, more than two classes, or C is not positive.
    pub fn fit(set: &FeatureSet, rows: &[usize], c: f32) -> Result<Self, CryptoTlError> {
        if rows.is_empty() || rows.iter().any(|&r| r >= set.len()) || set.classes() > 2 {
            return shape_error(
                "fit a logistic regression",
                "rows of two classes are needed",
            );
        }
        if !(c > 0.0 && c.is_finite()) {
            return shape_error(
                "fit a logistic regression",
                format!("C must be positive, not {c}"),
            );
        }
        // The loss has curvature 1/4: L bounds the Hessian's largest eigenvalue.
        let norms: f32 = rows
            .iter()
            .map(|&row| 1.0 + set.row(row).iter().map(|x| x * x).sum::<f32>())
            .sum();
        let step = 1.0 / (1.0 + c * norms / 4.0);
        let width = set.width();
        let mut current = vec![0.0f32; width + 1];
        let mut ahead = current.clone();
        let mut momentum = 1.0f32;
        for _ in 0..2000 {
            let mut gradient = ahead.clone();
            gradient[width] = 0.0;
            for &row in rows {
                let x = set.row(row);
                let d = c * logistic_gradient(
                    dot(&ahead[..width], x) + ahead[width],
                    set.labels()[row],
                );
                for (g, x) in gradient.iter_mut().zip(x) {
                    *g += d * x;
                }
                gradient[width] += d;
            }
            let next = (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt()) / 2.0;
            let pull = (momentum - 1.0) / next;
            let mut rising = 0.0;
            for ((current, ahead), g) in current.iter_mut().zip(&mut ahead).zip(&gradient) {
                let new = *ahead - step * g;
                rising += g * (new - *current);
                *ahead = new + pull * (new - *current);
                *current = new;
            }
            // Start the momentum anew when it points uphill (O'Donoghue, Candès 2015).
            momentum = if rising > 0.0 { 1.0 } else { next };
            if gradient.iter().all(|g| g.abs() < 1e-4 * c) {
                break;
            }
        }
        let bias = current.pop().unwrap_or_default();
        Ok(Self {
            weight: current,
            bias,
        })
    }

    /// w·x + b.
    pub fn logit(&self, x: &[f32]) -> f32 {
        dot(&self.weight, x) + self.bias
    }

    /// The class (0 or 1) of one row.
    pub fn classify(&self, x: &[f32]) -> u32 {
        u32::from(self.logit(x) > 0.0)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_is_stationary() {
        let values: Vec<f32> = (0..40)
            .flat_map(|i| [(i as f32).sin(), (i as f32 * 0.37).cos()])
            .collect();
        let labels: Vec<u32> = (0..40).map(|i| u32::from((i as f32).sin() > 0.3)).collect();
        let set = FeatureSet::new(2, values, labels, 2).unwrap();
        let rows: Vec<usize> = (0..40).collect();
        let fit = LogisticRegression::fit(&set, &rows, 1.0).unwrap();
        let mut gradient = [fit.weight[0], fit.weight[1], 0.0];
        for &row in &rows {
            let x = set.row(row);
            let d = logistic_gradient(dot(&fit.weight, x) + fit.bias, set.labels()[row]);
            gradient[0] += d * x[0];
            gradient[1] += d * x[1];
            gradient[2] += d;
        }
        assert!(gradient.iter().all(|g| g.abs() < 5e-3), "{gradient:?}");
        assert!(LogisticRegression::fit(&set, &[], 1.0).is_err());
        assert!(LogisticRegression::fit(&set, &rows, 0.0).is_err());
    }
}
