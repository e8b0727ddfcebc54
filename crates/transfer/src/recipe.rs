//! How heads are trained: the victims' recipe, which the adversary's shadow heads follow too.

use serde::{Deserialize, Serialize};
use spec::{Initial, Optimiser, Preset, Sampling, Schedule};

use crate::one_release::OneRelease;
use crate::shape::setting;
use crate::{HeadKind, HeadShape, TransferError};

/// DP-SGD (Abadi et al. 2016) with Opacus's conventions: each example's gradient over all weights
/// and biases together is scaled by min(1, C / (norm + 1e-6)), noise of standard deviation σC is
/// added to the sum, and that is divided by [`Sampling::divisor`]. Weight decay is neither clipped
/// nor noised. Momentum is of what is noised, and costs no privacy. A step whose Poisson batch is empty still adds its noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DpSgd {
    /// Clipping norm C.
    pub clip: f32,
    /// Noise multiplier σ.
    pub noise_multiplier: f32,
    /// Which examples a step looks at.
    pub sampling: Sampling,
}

/// One release in a subspace that public features give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subspace {
    /// Its dimension r.
    pub rank: usize,
    /// What is released in it.
    pub of: OneRelease,
}

/// How a head is trained: initial weights, then `steps` passes over the training set that lower its
/// cross-entropy (or steps on DP-SGD's batches).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// The law of the initial weights.
    pub initial: Initial,
    /// Standard deviation of the initial weights where they are normal.
    pub init_std: f32,
    /// Learning rate η.
    pub learning_rate: f32,
    /// Weight decay λ: adds λW to the gradient, biases included, as in PyTorch.
    pub weight_decay: f32,
    /// Passes over the training set: steps, where every step looks at all of it. For Poisson
    /// batches, the number of batches.
    pub steps: usize,
    /// Examples a step; every pass takes them in a new random order, and its last step those that
    /// are left. None: all of them in every step.
    pub batch: Option<usize>,
    /// Momentum μ of gradient descent: V ← μV + gradient, W ← W − ηV, as `torch.optim.SGD`.
    pub momentum: f32,
    /// The learning rate over the passes.
    pub schedule: Schedule,
    /// Share ε of a label that is spread evenly over all classes (Szegedy et al. 2016), as
    /// `torch.nn.CrossEntropyLoss` has it.
    pub label_smoothing: f32,
    /// The rule that turns gradients into steps.
    pub optimiser: Optimiser,
    /// Strength C of the data against the penalty in [`Optimiser::LogisticRegression`].
    pub strength: f32,
    /// Weight of class 1's examples in a binary head's loss; 1 for every other head.
    pub positive_weight: f32,
    /// Differential privacy, if any.
    pub dp: Option<DpSgd>,
    /// One private release in place of all training, if any; then the rest has no part in it.
    pub release: Option<Subspace>,
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

    /// One of the paper's recipes. Binary heads are trained as the data set's ten-class heads with
    /// learning rate .1 (MNIST) or .05 (CIFAR); CelebA's with learning rate .02, weight decay .01,
    /// 100 epochs and positive weight 10.
    pub fn preset(preset: Preset, shots: usize) -> Self {
        match preset {
            Preset::Auto | Preset::Mnist => Self::mnist(shots),
            Preset::Cifar => Self::cifar(shots),
            Preset::BinaryMnist => Self {
                learning_rate: 0.1,
                ..Self::mnist(shots)
            },
            Preset::BinaryCifar => Self {
                learning_rate: 0.05,
                ..Self::cifar(shots)
            },
            Preset::Celeba => Self {
                positive_weight: 10.0,
                ..Self::sgd(0.002, 0.02, 0.01, 100)
            },
        }
    }

    fn sgd(init_std: f32, learning_rate: f32, weight_decay: f32, steps: usize) -> Self {
        Self {
            initial: Initial::Normal,
            init_std,
            learning_rate,
            weight_decay,
            steps,
            batch: None,
            momentum: 0.0,
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            optimiser: Optimiser::Sgd,
            strength: 1.0,
            positive_weight: 1.0,
            dp: None,
            release: None,
        }
    }

    /// Converged logistic regression of strength C; scikit-learn's default is 1.
    pub fn logistic_regression(strength: f32) -> Self {
        Self {
            optimiser: Optimiser::LogisticRegression,
            strength,
            ..Self::sgd(0.0, 1.0, 0.0, 1)
        }
    }

    /// The same recipe with DP-SGD.
    pub fn with_dp(self, dp: DpSgd) -> Self {
        Self {
            dp: Some(dp),
            ..self
        }
    }

    /// One release in place of training.
    pub fn one_release(release: Subspace) -> Self {
        Self {
            release: Some(release),
            ..Self::sgd(0.0, 1.0, 0.0, 1)
        }
    }

    /// Steps that training on `n` examples takes.
    pub fn steps_on(&self, n: usize) -> usize {
        self.steps * self.batches_on(n)
    }

    /// Steps of one pass over `n` examples.
    pub(crate) fn batches_on(&self, n: usize) -> usize {
        self.batch.map_or(1, |batch| n.div_ceil(batch))
    }

    /// The learning rate of step number `step` on `n` examples.
    pub(crate) fn rate_of(&self, step: usize, n: usize) -> f32 {
        let share = self.schedule.share(step / self.batches_on(n), self.steps);
        (f64::from(self.learning_rate) * share) as f32
    }

    /// Whether every step is the same function of the weights: gradient descent on all examples at
    /// one learning rate, with plain labels.
    pub fn is_plain_descent(&self) -> bool {
        self.release.is_none()
            && self.optimiser == Optimiser::Sgd
            && self.batch.is_none()
            && self.momentum == 0.0
            && self.schedule == Schedule::Constant
            && self.label_smoothing == 0.0
    }

    /// Errors unless every setting is possible and fits `shape`.
    pub fn check(&self, shape: &HeadShape) -> Result<(), TransferError> {
        let positive = |value: f32| value.is_finite() && value > 0.0;
        let not_negative = |value: f32| value.is_finite() && value >= 0.0;
        if self.release.is_some() && (self.dp.is_some() || shape.kind != HeadKind::Linear) {
            let found = "with DP-SGD or a hidden layer";
            return Err(setting("release", found, "a linear head without DP-SGD"));
        }
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
        if self.optimiser == Optimiser::LogisticRegression && !positive(self.strength) {
            return Err(setting("strength", self.strength, "finite and positive"));
        }
        self.check_steps()?;
        self.check_together(shape)?;
        self.dp.map_or(Ok(()), |dp| dp.check())
    }

    /// Errors unless batches, momentum, schedule and labels are possible.
    fn check_steps(&self) -> Result<(), TransferError> {
        if self.batch == Some(0) {
            return Err(setting("batch", 0, "at least 1"));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(setting("momentum", self.momentum, "0 or more and below 1"));
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return Err(setting(
                "label_smoothing",
                self.label_smoothing,
                "0 or more and below 1",
            ));
        }
        if let Schedule::Step { every, factor } = self.schedule {
            if every == 0 {
                return Err(setting("schedule every", 0, "at least 1"));
            }
            if !(factor > 0.0 && factor <= 1.0) {
                return Err(setting("schedule factor", factor, "above 0 and at most 1"));
            }
        }
        Ok(())
    }

    /// Errors unless the settings go together.
    fn check_together(&self, shape: &HeadShape) -> Result<(), TransferError> {
        let linear = shape.kind == HeadKind::Linear;
        if self.momentum != 0.0 && self.optimiser != Optimiser::Sgd {
            return Err(setting(
                "momentum",
                self.momentum,
                "0 unless the optimiser is sgd",
            ));
        }
        if self.label_smoothing != 0.0 && shape.is_binary() {
            return Err(setting(
                "label_smoothing",
                self.label_smoothing,
                "0 for a head with one logit",
            ));
        }
        if self.optimiser == Optimiser::LogisticRegression {
            if !linear {
                return Err(setting(
                    "optimiser",
                    "logistic_regression",
                    "another one for a head with a hidden layer",
                ));
            }
            if self.dp.is_some() {
                return Err(setting("optimiser", "logistic_regression", "sgd under dp"));
            }
            if self.label_smoothing != 0.0 {
                return Err(setting(
                    "label_smoothing",
                    self.label_smoothing,
                    "0 for logistic_regression",
                ));
            }
        }
        if self.dp.is_some() && shape.kind.is_adapter() {
            return Err(setting("dp", "an adapter's", "heads without an adapter"));
        }
        if self.dp.is_some() {
            if let Some(batch) = self.batch {
                return Err(setting(
                    "batch",
                    batch,
                    "absent under dp, which samples its own batches",
                ));
            }
            if self.schedule != Schedule::Constant {
                return Err(setting("schedule", "not constant", "constant under dp"));
            }
        }
        Ok(())
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
            && !Sampling::is_possible(rate)
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
mod tests;
