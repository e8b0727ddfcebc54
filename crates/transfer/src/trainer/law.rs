//! DP-SGD in the span has the law of the plain implementation: mean, variance and covariance of
//! final weights and of the logits of the examples, over many runs of each.

use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};

use super::tests::features;
use super::*;
use crate::{Activation, DpSgd, Head, Sampling, train_plainly};

/// Runs of each implementation.
const RUNS: usize = 6000;

/// Means and covariances of a random vector.
struct Moments {
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

impl Moments {
    fn measure(mut sample: impl FnMut(u64) -> Vec<f64>) -> Self {
        let samples: Vec<Vec<f64>> = (0..RUNS as u64).map(&mut sample).collect();
        let n = samples[0].len();
        let mut mean = vec![0.0; n];
        for sample in &samples {
            mean.iter_mut()
                .zip(sample)
                .for_each(|(m, x)| *m += x / RUNS as f64);
        }
        let mut covariance = vec![0.0; n * n];
        for sample in &samples {
            for i in 0..n {
                let left = (sample[i] - mean[i]) / (RUNS - 1) as f64;
                for j in 0..n {
                    covariance[i * n + j] += left * (sample[j] - mean[j]);
                }
            }
        }
        Self { mean, covariance }
    }

    /// The largest difference of two means or covariances, in standard errors (of normal samples).
    fn largest_difference(&self, other: &Self) -> f64 {
        let n = self.mean.len();
        let average =
            |i: usize, j: usize| (self.covariance[i * n + j] + other.covariance[i * n + j]) / 2.0;
        let mut largest: f64 = 0.0;
        for i in 0..n {
            let error = (2.0 * average(i, i) / RUNS as f64).sqrt();
            largest = largest.max((self.mean[i] - other.mean[i]).abs() / error);
            for j in 0..=i {
                let square = average(i, i) * average(j, j) + average(i, j).powi(2);
                let error = (2.0 * square / RUNS as f64).sqrt();
                let difference = self.covariance[i * n + j] - other.covariance[i * n + j];
                largest = largest.max(difference.abs() / error);
            }
        }
        largest
    }
}

struct Case {
    shape: HeadShape,
    members: Vec<u32>,
    sampling: Sampling,
}

impl Case {
    fn recipe(&self, noise_multiplier: f32) -> Recipe {
        let dp = DpSgd {
            clip: 0.8,
            noise_multiplier,
            sampling: self.sampling,
        };
        Recipe {
            init_std: 0.02,
            learning_rate: 0.1,
            weight_decay: 0.3,
            steps: 6,
            ..Recipe::mnist(1).with_dp(dp)
        }
    }

    fn data(&self) -> FeatureSet {
        features(self.shape.features, self.shape.classes, 8, 21)
    }

    /// Weights and the examples' logits.
    fn observe(&self, data: &FeatureSet, weights: Vec<f32>) -> Vec<f64> {
        let head = Head::new(self.shape, weights).unwrap();
        let rows = self.members.iter().flat_map(|&m| data.row(m as usize));
        let logits = head.logits(&rows.copied().collect::<Vec<_>>()).unwrap();
        let all = head.weights.iter().chain(&logits);
        all.map(|&x| x.into()).collect()
    }

    fn plain(&self, noise_multiplier: f32) -> Moments {
        let (data, recipe) = (self.data(), self.recipe(noise_multiplier));
        Moments::measure(|run| {
            let mut rng = ChaCha8Rng::seed_from_u64(run);
            let mut initial = Vec::new();
            let inputs = [self.shape.features, self.shape.first_rows()];
            let lengths = [self.shape.first_len(), self.shape.second_len()];
            for (inputs, len) in inputs.into_iter().zip(lengths) {
                for i in 0..len {
                    let x: f32 = StandardNormal.sample(&mut rng);
                    let bias = i % (inputs + 1) == inputs;
                    initial.push(if bias { 0.0 } else { recipe.init_std * x });
                }
            }
            let members = &self.members;
            let trained = train_plainly(self.shape, recipe, &data, members, &initial, &mut rng);
            self.observe(&data, trained.unwrap())
        })
    }

    fn fast(&self, noise_multiplier: f32) -> Moments {
        let data = self.data();
        let mut trainer = Trainer::new(self.shape, self.recipe(noise_multiplier)).unwrap();
        Moments::measure(|run| {
            let mut rng = ChaCha8Rng::seed_from_u64(1 << 40 | run);
            let mut out = vec![0.0; self.shape.weight_len()];
            trainer
                .train(&data, &self.members, &mut rng, &mut out)
                .unwrap();
            self.observe(&data, out)
        })
    }
}

fn cases() -> [Case; 4] {
    let poisson = Sampling::Poisson(0.5);
    let case = |shape, members: &[u32], sampling| Case {
        shape,
        members: members.to_vec(),
        sampling,
    };
    [
        case(HeadShape::linear(12, 3), &[0, 1, 2, 3, 4, 5], poisson),
        // More examples than dimensions, some of them repeated.
        case(
            HeadShape::linear(4, 3),
            &[0, 1, 2, 2, 4, 5, 5, 5, 8],
            Sampling::Full,
        ),
        case(
            HeadShape::mlp(9, 3, Activation::Relu, 2),
            &[0, 1, 2, 3, 5],
            poisson,
        ),
        case(
            HeadShape::mlp(7, 3, Activation::Square, 3),
            &[0, 1, 2, 4, 4],
            poisson,
        ),
    ]
}

#[test]
fn dp_sgd_in_the_span_has_the_law_of_the_plain_one() {
    for case in cases() {
        let largest = case.plain(0.6).largest_difference(&case.fast(0.6));
        // Of some 1000 comparisons the largest is below 5.5 with probability .9999; heavier tails
        // than the normal's in the mlps' products take a little more.
        let bound = if case.shape.second_len() == 0 {
            5.5
        } else {
            7.0
        };
        assert!(
            largest < bound,
            "{:?}: {largest} standard errors",
            case.shape
        );
    }
}

#[test]
fn a_tenth_more_noise_would_be_noticed() {
    let [case, ..] = cases();
    let largest = case.plain(0.6).largest_difference(&case.fast(0.66));
    assert!(largest > 7.0, "only {largest} standard errors");
}
