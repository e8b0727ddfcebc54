//! Fine-tuning with differential privacy.

use super::gather;
use crate::UpperNetwork;
use crate::optimiser::logistic_gradient;
use datasets::{FeatureSet, StreamKey};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// DP-SGD (Abadi et al. 2016): Poisson batches, per-example clipping, Gaussian noise.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DpFineTune {
    /// Largest norm of an example's gradient over all weights.
    pub clip: f32,
    /// Noise's standard deviation over the clip norm.
    pub noise_multiplier: f32,
    /// Probability that an example is in a step's batch.
    pub sample_rate: f64,
    /// Steps.
    pub steps: usize,
    /// Plain gradient descent's step.
    pub learning_rate: f32,
}

impl DpFineTune {
    /// w ← w − η (Σ clipped gradients + σC·noise) / (qN): the divisor is public, not the batch's size.
    pub(super) fn run(
        &self,
        start: &UpperNetwork,
        features: &FeatureSet,
        key: &StreamKey,
    ) -> UpperNetwork {
        let mut network = start.clone();
        let deviation = self.noise_multiplier * self.clip;
        let rate = self.learning_rate / (self.sample_rate * features.len() as f64) as f32;
        for step in 0..self.steps as u64 {
            let mut rng = key.rng(step);
            let batch: Vec<usize> = (0..features.len())
                .filter(|_| rng.random::<f64>() < self.sample_rate)
                .collect();
            let (x, labels) = gather(features, &batch);
            let (logits, tape) = network.forward_taped(&x);
            let dy: Vec<f32> = logits
                .iter()
                .zip(labels)
                .map(|(&z, label)| logistic_gradient(z, label))
                .collect();
            // An empty batch still takes a noise step.
            let gradient = network.clipped_sum(&x, &tape, &dy, self.clip);
            for (weights, gradients) in network.slices_mut().into_iter().zip(gradient.slices()) {
                for (w, g) in weights.iter_mut().zip(gradients) {
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    *w -= rate * (g + deviation * noise);
                }
            }
        }
        network
    }
}

#[cfg(test)]
mod tests {
    use super::super::tune::tests::{accuracy, task};
    use super::*;
    use crate::{FineTune, UpperShape};

    #[test]
    fn dp_noise_has_its_variance() {
        let (set, key) = (task(40), StreamKey::from_seed(7));
        let start = UpperNetwork::random(UpperShape::paper(12), &key).unwrap();
        let dp = DpFineTune {
            clip: 1e-3,
            noise_multiplier: 100.0,
            sample_rate: 0.5,
            steps: 25,
            learning_rate: 1.0,
        };
        let tuned = dp.run(&start, &set, &key);
        // Gradients (norm up to 40·1e-3 a step) vanish beside the noise: each weight moves by
        // η σC √steps / (qN) = 0.1·5/20.
        let moves: Vec<f32> = tuned
            .slices()
            .into_iter()
            .flatten()
            .zip(start.slices().into_iter().flatten())
            .map(|(a, b)| a - b)
            .collect();
        let deviation = (moves.iter().map(|m| m * m).sum::<f32>() / moves.len() as f32).sqrt();
        // 161 weights: a standard error of 5.6 %.
        assert!((deviation / 0.025 - 1.0).abs() < 0.25, "{deviation}");
        let gentle = DpFineTune {
            clip: 1.0,
            noise_multiplier: 0.1,
            steps: 100,
            ..dp
        };
        let recipe = FineTune {
            dp: Some(gentle),
            ..FineTune::default()
        };
        assert!(accuracy(&recipe.run(None, &set, &key).unwrap().upper, &set) > 0.9);
    }
}
