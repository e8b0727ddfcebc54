//! How heads are trained: the victims' recipe, which the adversary's shadow heads follow too.

use serde::{Deserialize, Serialize};
use spec::{Optimiser, Sampling};

use crate::shape::setting;
use crate::{HeadShape, TransferError};

/// DP-SGD (Abadi et al. 2016) with Opacus's conventions: each example's gradient over all weights
/// and biases together is scaled by min(1, C / (norm + 1e-6)), noise of standard deviation σC is
/// added to the sum, and that is divided by [`Sampling::divisor`]. Weight decay is neither clipped
/// nor noised. A step whose Poisson batch is empty still adds its noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DpSgd {
    /// Clipping norm C.
    pub clip: f32,
    /// Noise multiplier σ.
    pub noise_multiplier: f32,
    /// Which examples a step looks at.
    pub sampling: Sampling,
}

/// A binary task of the paper, with its own recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryTask {
    /// Odd or even MNIST digits.
    MnistParity,
    /// Vehicles among the CIFAR-10 classes.
    CifarVehicles,
    /// One person among the CelebA identities.
    CelebaIdentity,
}

/// How a head is trained: weights from N(0, `init_std`²), biases 0, then `steps` steps on the
/// cross-entropy of the whole training set (or of DP-SGD's batches).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Standard deviation of the initial weights.
    pub init_std: f32,
    /// Learning rate η.
    pub learning_rate: f32,
    /// Weight decay λ: adds λW to the gradient, biases included, as in PyTorch.
    pub weight_decay: f32,
    /// Steps. Epochs where batches are full; for Poisson batches, the number of batches.
    pub steps: usize,
    /// The rule that turns gradients into steps.
    pub optimiser: Optimiser,
    /// Weight of class 1's examples in a binary head's loss; 1 for every other head.
    pub positive_weight: f32,
    /// Differential privacy, if any.
    pub dp: Option<DpSgd>,
}

impl Recipe {
    /// The paper's MNIST heads: N(0, .002²), learning rate .01, weight decay 1e-5, 26+6c epochs.
    pub fn mnist(shots: usize) -> Self {
        Self::sgd(0.002, 0.01, 1e-5, 26 + 6 * shots)
    }

    /// The paper's CIFAR-10 heads: N(0, .0002²), learning rate .01, weight decay 1e-4, 38+10c
    /// epochs.
    pub fn cifar(shots: usize) -> Self {
        Self::sgd(0.0002, 0.01, 1e-4, 38 + 10 * shots)
    }

    /// The paper's binary heads: as the data set's ten-class heads with learning rate .1 (MNIST) or
    /// .05 (CIFAR); CelebA: learning rate .02, weight decay .01, 100 epochs, positive weight 10.
    pub fn binary(task: BinaryTask, shots: usize) -> Self {
        match task {
            BinaryTask::MnistParity => Self {
                learning_rate: 0.1,
                ..Self::mnist(shots)
            },
            BinaryTask::CifarVehicles => Self {
                learning_rate: 0.05,
                ..Self::cifar(shots)
            },
            BinaryTask::CelebaIdentity => Self {
                positive_weight: 10.0,
                ..Self::sgd(0.002, 0.02, 0.01, 100)
            },
        }
    }

    fn sgd(init_std: f32, learning_rate: f32, weight_decay: f32, steps: usize) -> Self {
        Self {
            init_std,
            learning_rate,
            weight_decay,
            steps,
            optimiser: Optimiser::Sgd,
            positive_weight: 1.0,
            dp: None,
        }
    }

    /// The same recipe with DP-SGD.
    pub fn with_dp(self, dp: DpSgd) -> Self {
        Self {
            dp: Some(dp),
            ..self
        }
    }

    /// Errors unless every setting is possible and fits `shape`.
    pub fn check(&self, shape: &HeadShape) -> Result<(), TransferError> {
        let positive = |value: f32| value.is_finite() && value > 0.0;
        let not_negative = |value: f32| value.is_finite() && value >= 0.0;
        if !not_negative(self.init_std) {
            return Err(setting(
                "init_std",
                self.init_std,
                "finite and not negative",
            ));
        }
        if !positive(self.learning_rate) {
            return Err(setting(
                "learning_rate",
                self.learning_rate,
                "finite and positive",
            ));
        }
        if !not_negative(self.weight_decay) || self.learning_rate * self.weight_decay >= 1.0 {
            return Err(setting(
                "weight_decay",
                self.weight_decay,
                "finite, not negative and below 1 / learning_rate",
            ));
        }
        if self.steps == 0 {
            return Err(setting("steps", self.steps, "at least 1"));
        }
        if !positive(self.positive_weight) {
            return Err(setting(
                "positive_weight",
                self.positive_weight,
                "finite and positive",
            ));
        }
        if self.positive_weight != 1.0 && !shape.is_binary() {
            return Err(setting(
                "positive_weight",
                self.positive_weight,
                "1 unless the head is an mlp with two classes",
            ));
        }
        self.dp.map_or(Ok(()), |dp| dp.check())
    }
}

impl DpSgd {
    /// Errors unless every setting is possible.
    pub fn check(&self) -> Result<(), TransferError> {
        if !(self.clip.is_finite() && self.clip > 0.0) {
            return Err(setting("clip", self.clip, "finite and positive"));
        }
        if !(self.noise_multiplier.is_finite() && self.noise_multiplier >= 0.0) {
            return Err(setting(
                "noise_multiplier",
                self.noise_multiplier,
                "finite and not negative",
            ));
        }
        if let Sampling::Poisson(rate) = self.sampling
            && !(rate > 0.0 && rate <= 1.0)
        {
            return Err(setting("sampling rate", rate, "above 0 and at most 1"));
        }
        Ok(())
    }

    /// Errors if a training set of `n` examples is too small for the sampling.
    pub fn check_examples(&self, n: usize) -> Result<(), TransferError> {
        if self.sampling.divisor(n) == 0 {
            return Err(TransferError::Members {
                count: n,
                reason: format!(
                    "at sampling rate {} the expected batch is below one example\nhint: raise the rate to at least 1/{n}",
                    self.sampling.rate()
                ),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    #[test]
    fn the_papers_recipes_pass_their_checks() {
        let linear = HeadShape::linear(1024, 10);
        let binary = HeadShape::mlp(2048, 4, Activation::Relu, 2);
        assert_eq!(Recipe::mnist(1).steps, 32);
        assert_eq!(Recipe::cifar(4).steps, 78);
        Recipe::mnist(1).check(&linear).unwrap();
        Recipe::cifar(1).check(&linear).unwrap();
        for task in [
            BinaryTask::MnistParity,
            BinaryTask::CifarVehicles,
            BinaryTask::CelebaIdentity,
        ] {
            Recipe::binary(task, 1).check(&binary).unwrap();
        }
    }

    #[test]
    fn impossible_settings_are_named() {
        let linear = HeadShape::linear(10, 3);
        let recipe = Recipe::mnist(1);
        let dp = DpSgd {
            clip: 1.0,
            noise_multiplier: 1.0,
            sampling: Sampling::Full,
        };
        let rate = |rate| {
            recipe.with_dp(DpSgd {
                sampling: Sampling::Poisson(rate),
                ..dp
            })
        };
        for (recipe, name) in [
            (Recipe { steps: 0, ..recipe }, "steps"),
            (
                Recipe {
                    init_std: -1.0,
                    ..recipe
                },
                "init_std",
            ),
            (
                Recipe {
                    learning_rate: f32::INFINITY,
                    ..recipe
                },
                "learning_rate",
            ),
            (
                Recipe {
                    learning_rate: 0.0,
                    ..recipe
                },
                "learning_rate",
            ),
            (
                Recipe {
                    weight_decay: 100.0,
                    ..recipe
                },
                "weight_decay",
            ),
            (
                Recipe {
                    weight_decay: f32::NAN,
                    ..recipe
                },
                "weight_decay",
            ),
            (
                Recipe {
                    positive_weight: 2.0,
                    ..recipe
                },
                "positive_weight",
            ),
            (recipe.with_dp(DpSgd { clip: 0.0, ..dp }), "clip"),
            (
                recipe.with_dp(DpSgd {
                    noise_multiplier: -1.0,
                    ..dp
                }),
                "noise_multiplier",
            ),
            (rate(0.0), "sampling rate"),
            (rate(1.5), "sampling rate"),
            (rate(f64::NAN), "sampling rate"),
        ] {
            let error = recipe.check(&linear).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
        for (shape, name) in [
            (HeadShape::linear(0, 3), "features"),
            (HeadShape::linear(5, 1), "classes"),
            (HeadShape::mlp(5, 0, Activation::Relu, 2), "hidden"),
        ] {
            let error = shape.check().unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn the_divisor_is_the_expected_batch_rounded_down() {
        let poisson = |rate, n| Sampling::Poisson(rate).divisor(n);
        assert_eq!(Sampling::Full.divisor(7), 7);
        assert_eq!(poisson(0.5, 11), 5);
        assert_eq!(poisson(0.1, 30), 3);
        assert_eq!(poisson(1.0, 10), 10);
        assert_eq!(poisson(0.05, 10), 0);
    }
}
