//! What the statistic of a head says of an example, by the laws that it has over shadow heads.

use transfer::{Head, HeadShape};

use crate::{AttackError, World};

/// The statistic of shadow heads that were trained with an example, and of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Laws {
    pub with: Vec<f64>,
    pub without: Vec<f64>,
}

impl Laws {
    /// Minus the log-likelihood ratio of "trained with it".
    pub fn ratio(&self, seen: f64) -> f64 {
        log_density(seen, &self.without) - log_density(seen, &self.with)
    }
}

/// The class's logit minus the log-sum-exp of the others; for one output its signed logit.
pub(super) fn margin(logits: &[f32], label: usize) -> f64 {
    if let [logit] = logits {
        let sign = if label == 1 { 1.0 } else { -1.0 };
        return sign * f64::from(*logit);
    }
    let others = logits
        .iter()
        .enumerate()
        .filter(|(class, _)| *class != label);
    let largest = others
        .clone()
        .fold(f64::NEG_INFINITY, |max, (_, &z)| max.max(f64::from(z)));
    let sum: f64 = others.map(|(_, &z)| (f64::from(z) - largest).exp()).sum();
    f64::from(logits[label]) - largest - sum.ln()
}

/// Log-density of `x` under the normal law fitted to `sample`, whose deviation is kept above a
/// small share of its size so that a constant sample has a density.
fn log_density(x: f64, sample: &[f64]) -> f64 {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let variance = sample.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let variance = variance.max(1e-6 * (1.0 + mean * mean));
    -0.5 * ((x - mean).powi(2) / variance + variance.ln())
}

/// The tests of several examples, ready for any number of heads.
#[derive(Clone, Debug)]
pub struct Examples {
    shape: HeadShape,
    /// Features, an example a row.
    rows: Vec<f32>,
    labels: Vec<u32>,
    laws: Vec<Laws>,
}

impl Examples {
    pub(super) fn new(world: &World<'_>, indices: &[u32], laws: Vec<Laws>) -> Self {
        let rows = indices.iter().map(|&it| world.features.row(it as usize));
        let labels = indices
            .iter()
            .map(|&it| world.features.labels()[it as usize]);
        Self {
            shape: world.shape,
            rows: rows.flatten().copied().collect(),
            labels: labels.collect(),
            laws,
        }
    }

    /// Minus the log-likelihood ratio of every example under a head: smaller says that it was trained
    /// on it.
    ///
    /// # Errors
    /// If the head is of another shape.
    pub fn ratios(&self, head: &[f32]) -> Result<Vec<f64>, AttackError> {
        let logits = Head::new(self.shape, head.to_vec())?.logits(&self.rows)?;
        let of_examples = logits.chunks(self.shape.outputs()).zip(&self.labels);
        let each = of_examples.zip(&self.laws);
        let ratio = |((logits, &label), laws): ((&[f32], &u32), &Laws)| {
            laws.ratio(margin(logits, label as usize))
        };
        Ok(each.map(ratio).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_the_log_odds_of_the_class() {
        let logits = [1.0, -0.5, 0.25];
        let sum: f64 = logits.iter().map(|z| f64::from(*z).exp()).sum();
        for (class, z) in logits.iter().enumerate() {
            let p = f64::from(*z).exp() / sum;
            let expected = (p / (1.0 - p)).ln();
            assert!((margin(&logits, class) - expected).abs() < 1e-6);
        }
        assert_eq!([margin(&[2.0], 1), margin(&[2.0], 0)], [2.0, -2.0]);
    }

    #[test]
    fn a_density_is_that_of_the_fitted_normal_even_of_a_constant() {
        let sample = [1.0, 2.0, 3.0];
        let difference = log_density(2.0, &sample) - log_density(4.0, &sample);
        assert!((difference - 2.0).abs() < 1e-9, "{difference}");
        assert!(log_density(0.3, &[0.3; 8]).is_finite());
        assert!(log_density(0.3, &[0.3; 8]) > log_density(0.4, &[0.3; 8]));
    }
}
