//! The size of the features, fixed over the source inputs.

use crate::{CryptoTlError, LowerNetwork, UpperNetwork};
use datasets::FeatureSet;

/// f' = (f − μ)/σ: one mean a feature, one deviation for all, so that distances keep their ratios.
pub(super) struct Standard {
    mean: Vec<f32>,
    deviation: f32,
}

impl LowerNetwork {
    /// Gives the features mean 0, and variance 1 on average, over `inputs`.
    pub(super) fn standardise(&mut self, inputs: &FeatureSet) -> Result<Standard, CryptoTlError> {
        let features = self.features(inputs)?;
        let (width, n) = (features.width(), features.len() as f64);
        let mut mean = vec![0.0f64; width];
        let mut square = 0.0;
        for row in 0..features.len() {
            for (mean, &f) in mean.iter_mut().zip(features.row(row)) {
                *mean += f64::from(f) / n;
                square += f64::from(f) * f64::from(f);
            }
        }
        let squared_means: f64 = mean.iter().map(|m| m * m).sum();
        let variance = (square / n - squared_means) / width as f64;
        let standard = Standard {
            mean: mean.iter().map(|&m| m as f32).collect(),
            deviation: variance.max(1e-12).sqrt() as f32,
        };
        for w in &mut self.second.weight {
            *w /= standard.deviation;
        }
        for (bias, mean) in self.second.bias.iter_mut().zip(&standard.mean) {
            *bias = (*bias - mean) / standard.deviation;
        }
        Ok(standard)
    }
}

impl UpperNetwork {
    /// Takes a standardisation of the features back in the first layer: W' = W σ, b' = b + W μ.
    pub(super) fn absorb(&mut self, standard: &Standard) {
        let width = standard.mean.len();
        for (row, bias) in self
            .first
            .weight
            .chunks_exact_mut(width)
            .zip(&mut self.first.bias)
        {
            for (w, mean) in row.iter_mut().zip(&standard.mean) {
                *bias += *w * mean;
                *w *= standard.deviation;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, LowerShape, UpperShape};
    use datasets::StreamKey;

    #[test]
    fn standardising_keeps_the_function() {
        let key = StreamKey::from_seed(2);
        let shape = LowerShape {
            inputs: 8,
            kernel: 3,
            hidden: 12,
            pool: 3,
            features: 7,
        };
        let values: Vec<f32> = (0..400).map(|i| (i as f32 * 1.7).sin() * 0.05).collect();
        let set = FeatureSet::new(8, values, vec![0; 50], 2).unwrap();
        let mut lower = LowerNetwork::random(shape, Activation::cubic(), &key).unwrap();
        let mut upper = UpperNetwork::random(UpperShape::paper(7), &key).unwrap();
        let before = upper.logits(&lower.features(&set).unwrap()).unwrap();
        let standard = lower.standardise(&set).unwrap();
        upper.absorb(&standard);
        let features = lower.features(&set).unwrap();
        for (a, b) in before.iter().zip(upper.logits(&features).unwrap()) {
            assert!((a - b).abs() < 1e-4);
        }
        let mean_of = |f: fn(f32) -> f32| {
            features.values().iter().map(|&v| f(v)).sum::<f32>() / features.values().len() as f32
        };
        assert!(mean_of(|f| f).abs() < 1e-3 && (mean_of(|f| f * f) - 1.0).abs() < 1e-2);
    }
}
