//! Logistic regression by Newton's method in the span of the examples.
//!
//! It is what transfer must at least match, and where tuning starts: tuning a whole network from
//! random weights on few examples distorts features that were good; fitting a linear classifier
//! first and tuning from there keeps them (Kumar et al. 2022, arXiv:2202.10054). It minimises
//!
//! ½‖w‖² + C·Σ_i loss(w·f_i + b, y_i), with w = Σ_i a_i f_i
//!
//! (scikit-learn's objective), by iteratively reweighted least squares: a step costs n³ for n
//! examples, whatever the width. Where tuning starts, f is scaled by 1/√(mean ‖f‖²) and C is the
//! smallest whose cross-validated loss is within one standard error of the best (Breiman et al. 1984,
//! section 3.4.3).
//!
//! The multinomial regression of `transfer` solves problems of tens of examples by the thousand, four
//! classes in the lanes of a vector; here are hundreds of examples of two classes, one factor a step,
//! which faer's blocked Cholesky takes some ten times faster.

use crate::optimiser::{logistic_gradient, logistic_loss};
use crate::{CryptoTlError, error::shape_error};
use datasets::FeatureSet;
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use rayon::prelude::*;

/// Values of C that cross-validation chooses from, increasing.
const STRENGTHS: [f64; 6] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0];
/// C where there is nothing to choose by.
const STRENGTH: f64 = 3.0;
/// Newton steps, at most; ten are usual.
const STEPS: usize = 40;
/// What may be left of the gradient, in shares of its terms, in single precision.
const STATIONARY: f64 = 1e-3;

/// w·f + b on the features as they come.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticRegression {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: f32,
}

impl LogisticRegression {
    /// Minimises ½‖w‖² + C·Σ loss on the rows of `set` in `rows`; scikit-learn's default C is 1.
    ///
    /// # Errors
    /// If there are no rows, more than two classes, C is not positive, or the steps do not come to
    /// rest.
    pub fn fit(set: &FeatureSet, rows: &[usize], c: f32) -> Result<Self, CryptoTlError> {
        let fail = |reason: String| shape_error("fit a logistic regression", reason);
        if rows.is_empty() || rows.iter().any(|&r| r >= set.len()) || set.classes() > 2 {
            return fail("rows of two classes are needed".into());
        }
        if !(c > 0.0 && c.is_finite()) {
            return fail(format!("C must be positive, not {c}"));
        }
        let values = rows.iter().flat_map(|&row| set.row(row)).copied();
        let labels = rows.iter().map(|&row| set.labels()[row]);
        let few = FeatureSet::new(set.width(), values.collect(), labels.collect(), 2)?;
        let examples = Examples::new(&few);
        // ½‖w‖² is scale²·½‖ŵ‖² for ŵ on scaled features.
        let strength = f64::from(c) / (examples.scale * examples.scale);
        let all: Vec<usize> = (0..few.len()).collect();
        let fit = examples.fit(&all, strength);
        let missed = fit.missed(&few, c);
        if missed <= STATIONARY {
            return Ok(fit);
        }
        fail(format!(
            "the steps did not come to rest: {missed:e} of the gradient is left"
        ))
    }

    /// The logit w·f + b.
    pub fn logit(&self, f: &[f32]) -> f32 {
        (dot(&self.weight, f) + f64::from(self.bias)) as f32
    }

    /// The class (0 or 1) of one row.
    pub fn classify(&self, f: &[f32]) -> u32 {
        u32::from(self.logit(f) > 0.0)
    }

    /// The largest part of the gradient, over C times the sum of its terms' sizes.
    fn missed(&self, set: &FeatureSet, c: f32) -> f64 {
        let mut gradient: Vec<f64> = self.weight.iter().map(|&w| f64::from(w)).collect();
        let mut sizes: Vec<f64> = gradient.iter().map(|w| w.abs()).collect();
        let (mut bias, mut total) = (0.0, 0.0);
        for (row, &label) in set.labels().iter().enumerate() {
            let f = set.row(row);
            let slope = f64::from(c * logistic_gradient(self.logit(f), label));
            for ((g, size), &x) in gradient.iter_mut().zip(&mut sizes).zip(f) {
                *g += slope * f64::from(x);
                *size += (slope * f64::from(x)).abs();
            }
            bias += slope;
            total += slope.abs();
        }
        let largest = |values: &[f64]| values.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let size = largest(&sizes).max(total);
        if size > 0.0 {
            largest(&gradient).max(f64::abs(bias)) / size
        } else {
            0.0
        }
    }
}

/// Examples with the products of all pairs.
pub(crate) struct Examples<'a> {
    set: &'a FeatureSet,
    /// 1/√(mean ‖f‖²).
    scale: f64,
    /// n × n products of scaled features, row-major.
    products: Vec<f64>,
}

/// A fit in the span: a and b.
struct Span {
    alpha: Vec<f64>,
    bias: f64,
}

impl<'a> Examples<'a> {
    pub(crate) fn new(set: &'a FeatureSet) -> Self {
        let n = set.len();
        let mut products = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let dot = dot(set.row(i), set.row(j));
                products[i * n + j] = dot;
                products[j * n + i] = dot;
            }
        }
        let mean = (0..n).map(|i| products[i * n + i]).sum::<f64>() / n as f64;
        let scale = 1.0 / mean.max(1e-24).sqrt();
        products.iter_mut().for_each(|p| *p *= scale * scale);
        Self {
            set,
            scale,
            products,
        }
    }

    /// C by cross-validation over `folds` (disjoint rows that are held out in turn).
    pub(crate) fn choose(&self, folds: &[Vec<usize>]) -> f64 {
        let held: Vec<Vec<[f64; STRENGTHS.len()]>> =
            folds.par_iter().map(|held| self.losses(held)).collect();
        let losses: Vec<[f64; STRENGTHS.len()]> = held.into_iter().flatten().collect();
        let n = losses.len() as f64;
        if n < 2.0 {
            return STRENGTH;
        }
        let mean = |at: usize| losses.iter().map(|loss| loss[at]).sum::<f64>() / n;
        let means: [f64; STRENGTHS.len()] = std::array::from_fn(mean);
        let best = (0..means.len())
            .min_by(|&a, &b| means[a].total_cmp(&means[b]))
            .unwrap_or(0);
        let squares: f64 = losses
            .iter()
            .map(|loss| (loss[best] - means[best]).powi(2))
            .sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        let chosen = means.iter().position(|&mean| mean <= means[best] + error);
        STRENGTHS[chosen.unwrap_or(best)]
    }

    /// The loss of each held row under the fits without `held`, for every C.
    fn losses(&self, held: &[usize]) -> Vec<[f64; STRENGTHS.len()]> {
        let n = self.set.len();
        let rows: Vec<usize> = (0..n).filter(|row| !held.contains(row)).collect();
        let mut losses = vec![[0.0; STRENGTHS.len()]; held.len()];
        let mut span = None;
        for (at, &strength) in STRENGTHS.iter().enumerate() {
            let fit = self.solve(&rows, strength, span.take());
            for (loss, &row) in losses.iter_mut().zip(held) {
                let products = rows.iter().map(|&other| self.products[row * n + other]);
                let z: f64 = products.zip(&fit.alpha).map(|(p, a)| p * a).sum();
                loss[at] = f64::from(logistic_loss((z + fit.bias) as f32, self.label(row)));
            }
            span = Some(fit);
        }
        losses
    }

    /// The classifier fitted on `rows`.
    pub(crate) fn fit(&self, rows: &[usize], strength: f64) -> LogisticRegression {
        let fit = self.solve(rows, strength, None);
        let mut weight = vec![0.0f64; self.set.width()];
        for (&row, alpha) in rows.iter().zip(&fit.alpha) {
            for (w, &x) in weight.iter_mut().zip(self.set.row(row)) {
                // Two factors of the scale: f̂_i = scale·f_i, and w is for f, not f̂.
                *w += alpha * f64::from(x) * self.scale * self.scale;
            }
        }
        LogisticRegression {
            weight: weight.iter().map(|&w| w as f32).collect(),
            bias: fit.bias as f32,
        }
    }

    fn label(&self, row: usize) -> u32 {
        self.set.labels()[row]
    }

    /// Newton's method with halved steps, from `start` (a fit of the same rows) or from 0.
    fn solve(&self, rows: &[usize], strength: f64, start: Option<Span>) -> Span {
        let n = rows.len();
        let products = Mat::from_fn(n, n, |i, j| {
            self.products[rows[i] * self.set.len() + rows[j]]
        });
        let image = |alpha: &[f64]| -> Vec<f64> {
            let row = |i: usize| (0..n).map(|j| products[(j, i)] * alpha[j]).sum();
            (0..n).map(row).collect()
        };
        let objective = |alpha: &[f64], image: &[f64], bias: f64| -> f64 {
            let penalty: f64 = alpha.iter().zip(image).map(|(a, k)| a * k).sum();
            let losses = rows.iter().zip(image).map(|(&row, k)| {
                let (z, label) = (k + bias, f64::from(self.label(row)));
                z.max(0.0) - z * label + (-z.abs()).exp().ln_1p()
            });
            0.5 * penalty + strength * losses.sum::<f64>()
        };
        let mut span = start.unwrap_or_else(|| Span {
            alpha: vec![0.0; n],
            bias: 0.0,
        });
        let mut values = image(&span.alpha);
        let mut current = objective(&span.alpha, &values, span.bias);
        for _ in 0..STEPS {
            // With p = σ(z) and s = p(1−p): (K + diag(1/(C s))) a + b = z − (p−y)/s, Σ a = 0.
            let mut system = products.clone();
            let mut right = Mat::zeros(n, 2);
            for (i, &row) in rows.iter().enumerate() {
                let z = values[i] + span.bias;
                let p = 1.0 / (1.0 + (-z).exp());
                let s = (p * (1.0 - p)).max(1e-6);
                system[(i, i)] += 1.0 / (strength * s);
                right[(i, 0)] = z - (p - f64::from(self.label(row))) / s;
                right[(i, 1)] = 1.0;
            }
            let Ok(factor) = system.llt(Side::Lower) else {
                break;
            };
            let solution = factor.solve(&right);
            let sum = |column: usize| (0..n).map(|i| solution[(i, column)]).sum::<f64>();
            let bias = sum(0) / sum(1);
            let target: Vec<f64> = (0..n)
                .map(|i| solution[(i, 0)] - bias * solution[(i, 1)])
                .collect();
            let mut share = 1.0;
            let (before, mut moved) = (current, false);
            while share > 1e-4 {
                let alpha: Vec<f64> = span
                    .alpha
                    .iter()
                    .zip(&target)
                    .map(|(a, t)| a + share * (t - a))
                    .collect();
                let trial = Span {
                    bias: span.bias + share * (bias - span.bias),
                    alpha,
                };
                let image = image(&trial.alpha);
                let value = objective(&trial.alpha, &image, trial.bias);
                if value < current {
                    (span, values, current, moved) = (trial, image, value, true);
                    break;
                }
                share *= 0.5;
            }
            if !moved || before - current < 1e-12 * before.abs() {
                break;
            }
        }
        span
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use datasets::StreamKey;
    use rand_distr::{Distribution, StandardNormal};

    /// Two clouds of deviation 2, this far apart in each of 9 directions.
    pub fn set(n: usize, apart: f32) -> FeatureSet {
        let mut rng = StreamKey::from_seed(12).rng(0);
        let labels: Vec<u32> = (0..n as u32).map(|i| u32::from(i % 3 == 0)).collect();
        let values = labels
            .iter()
            .flat_map(|&label| {
                let noise: [f32; 9] = std::array::from_fn(|_| StandardNormal.sample(&mut rng));
                noise.map(|x| 2.0 * x + apart * label as f32 + 0.5)
            })
            .collect();
        FeatureSet::new(9, values, labels, 2).unwrap()
    }

    #[test]
    fn the_fit_is_stationary() {
        let set = set(60, 1.0);
        let rows: Vec<usize> = (0..40).collect();
        for c in [0.01, 1.0, 100.0] {
            let fit = LogisticRegression::fit(&set, &rows, c).unwrap();
            let mut gradient: Vec<f64> = fit.weight.iter().map(|&w| w.into()).collect();
            gradient.push(0.0);
            for &row in &rows {
                let z = dot(&fit.weight, set.row(row)) + f64::from(fit.bias);
                let p = 1.0 / (1.0 + (-z).exp());
                let slope = f64::from(c) * (p - f64::from(set.labels()[row]));
                for (g, &x) in gradient.iter_mut().zip(set.row(row).iter().chain([&1.0])) {
                    *g += slope * f64::from(x);
                }
            }
            let most = gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
            assert!(most < 1e-3 * f64::from(c).max(1.0), "C {c}: {gradient:?}");
        }
        assert!(LogisticRegression::fit(&set, &[], 1.0).is_err());
        assert!(LogisticRegression::fit(&set, &rows, 0.0).is_err());
    }

    #[test]
    fn stronger_penalties_are_chosen_where_labels_are_noise() {
        let clear = set(300, 3.0);
        let mut rng = StreamKey::from_seed(9).rng(1);
        let values = (0..60 * 40).map(|_| StandardNormal.sample(&mut rng));
        let noise: Vec<f32> = values.collect();
        let noise = FeatureSet::new(40, noise, (0..60).map(|i| i / 3 % 2).collect(), 2).unwrap();
        let folds =
            |n: usize| -> Vec<Vec<usize>> { (0..5).map(|f| (f..n).step_by(5).collect()).collect() };
        let strong = Examples::new(&noise).choose(&folds(60));
        let weak = Examples::new(&clear).choose(&folds(300));
        assert!(strong < weak, "{strong} {weak}");
    }
}
