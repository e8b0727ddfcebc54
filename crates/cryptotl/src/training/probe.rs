//! A linear classifier of the features as they are: where tuning starts.
//!
//! Tuning a whole network from random weights on few examples distorts features that were good;
//! fitting a linear classifier first and tuning from there keeps them (Kumar et al. 2022,
//! arXiv:2202.10054). Scaled to f̂ = f/√(mean ‖f‖²), the classifier minimises
//!
//! ½‖w‖² + C·Σ_i loss(w·f̂_i + b, y_i), with w = Σ_i a_i f̂_i,
//!
//! by Newton's method in the span of the examples (iteratively reweighted least squares): a step
//! costs n³ for n examples, whatever the width. C is the smallest whose cross-validated loss is within
//! one standard error of the best (Breiman et al. 1984, section 3.4.3).

use crate::optimiser::logistic_loss;
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

/// w·f + b on the features as they come.
pub(super) struct Probe {
    pub(super) weight: Vec<f32>,
    pub(super) bias: f32,
}

impl Probe {
    /// The logit of one feature vector.
    #[cfg(test)]
    pub(super) fn logit(&self, features: &[f32]) -> f64 {
        dot(&self.weight, features) + f64::from(self.bias)
    }
}

/// Examples with the products of all pairs.
pub(super) struct Examples<'a> {
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
    pub(super) fn new(set: &'a FeatureSet) -> Self {
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
    pub(super) fn choose(&self, folds: &[Vec<usize>]) -> f64 {
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
    pub(super) fn fit(&self, rows: &[usize], strength: f64) -> Probe {
        let fit = self.solve(rows, strength, None);
        let mut weight = vec![0.0f64; self.set.width()];
        for (&row, alpha) in rows.iter().zip(&fit.alpha) {
            for (w, &x) in weight.iter_mut().zip(self.set.row(row)) {
                // Two factors of the scale: f̂_i = scale·f_i, and w is for f, not f̂.
                *w += alpha * f64::from(x) * self.scale * self.scale;
            }
        }
        Probe {
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
            if !moved || before - current < 1e-9 * before.abs() {
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
pub(super) mod tests {
    use super::*;
    use crate::LogisticRegression;
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
    fn newton_and_accelerated_descent_find_the_same_classifier() {
        let set = set(60, 1.0);
        let examples = Examples::new(&set);
        let rows: Vec<usize> = (0..40).collect();
        let scaled = set.values().iter().map(|v| v * examples.scale as f32);
        let scaled = FeatureSet::new(9, scaled.collect(), set.labels().to_vec(), 2).unwrap();
        for strength in [0.3, 3.0, 100.0] {
            let probe = examples.fit(&rows, strength);
            let other = LogisticRegression::fit(&scaled, &rows, strength as f32).unwrap();
            for row in 0..60 {
                let ours = probe.logit(set.row(row));
                let theirs = f64::from(other.logit(scaled.row(row)));
                // Descent stops at a gradient of 1e-4 C.
                let tolerance = 2e-3 * (1.0 + theirs.abs());
                assert!(
                    (ours - theirs).abs() < tolerance,
                    "{strength}: {ours} {theirs}"
                );
            }
        }
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
