//! How heads are trained, as far as an experiment says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::head::HeadKind;
use crate::word::words;

/// How a head is trained, as far as it differs from the paper; none is the paper's value for
/// the preset, the head and the shots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    /// Whose recipe to start from.
    pub preset: Preset,
    /// Law of the initial weights.
    pub initial: Initial,
    /// Standard deviation of normal initial weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_std: Option<f64>,
    /// Step size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// L2 penalty's factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Passes over the training set; a full-batch step is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Examples a step, every pass in a new random order; all of them where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Momentum of gradient descent, as in `torch.optim.SGD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The step size over the passes.
    pub schedule: Schedule,
    /// Share of a label that is spread evenly over all classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// Rule of the steps.
    pub optimiser: Optimiser,
    /// Strength C of logistic regression: the larger, the weaker its penalty (scikit-learn's `C`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
    /// Weight of positive examples in a binary head's loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_weight: Option<f64>,
}

impl Recipe {
    /// Bounds of `init_std`.
    pub const INIT_STD: Real = Real::NOT_NEGATIVE;
    /// Bounds of `learning_rate`.
    pub const LEARNING_RATE: Real = Real::POSITIVE;
    /// Bounds of `weight_decay`.
    pub const WEIGHT_DECAY: Real = Real::NOT_NEGATIVE;
    /// Bounds of `epochs`.
    pub const EPOCHS: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `batch`.
    pub const BATCH: Whole = Whole::new(1, 1_000_000);
    /// Bounds of `momentum`.
    pub const MOMENTUM: Real = Real::new(0.0, 0.9999);
    /// Bounds of `label_smoothing`.
    pub const LABEL_SMOOTHING: Real = Real::new(0.0, 0.9999);
    /// Bounds of `strength`, and its value where none is given.
    pub const STRENGTH: Real = Real::new(1e-9, 1e9);
    /// Strength of logistic regression where none is given: scikit-learn's.
    pub const DEFAULT_STRENGTH: f64 = 1.0;
    /// Bounds of a schedule's `factor`.
    pub const FACTOR: Real = Real::new(1e-9, 1.0);
    /// Bounds of `positive_weight`.
    pub const POSITIVE_WEIGHT: Real = Real::POSITIVE;
}

impl Options for Recipe {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        for (option, value, bounds) in [
            ("init_std", self.init_std, Self::INIT_STD),
            ("learning_rate", self.learning_rate, Self::LEARNING_RATE),
            ("weight_decay", self.weight_decay, Self::WEIGHT_DECAY),
            ("momentum", self.momentum, Self::MOMENTUM),
            (
                "label_smoothing",
                self.label_smoothing,
                Self::LABEL_SMOOTHING,
            ),
            ("strength", self.strength, Self::STRENGTH),
            (
                "positive_weight",
                self.positive_weight,
                Self::POSITIVE_WEIGHT,
            ),
        ] {
            if let Some(value) = value {
                bounds.one(option, value, wrong);
            }
        }
        if let Some(epochs) = self.epochs {
            Self::EPOCHS.one("epochs", epochs, wrong);
        }
        if let Some(batch) = self.batch {
            Self::BATCH.one("batch", batch, wrong);
        }
        if let Schedule::Step { every, factor } = self.schedule {
            Self::EPOCHS.one("schedule", every, wrong);
            Self::FACTOR.one("schedule", factor, wrong);
        }
    }
}

words! {
    /// The paper's recipes.
    #[derive(Default)]
    pub enum Preset of "preset" {
        /// By target and head: CelebA's for faces, CIFAR-10's for natural images, else MNIST's;
        /// the binary ones for heads with a hidden layer.
        #[default]
        Auto = "auto",
        /// MNIST's ten-class heads.
        Mnist = "mnist",
        /// CIFAR-10's ten-class heads.
        Cifar = "cifar",
        /// Binary heads on MNIST (odd, even).
        BinaryMnist = "binary_mnist",
        /// Binary heads on CIFAR-10 (vehicles).
        BinaryCifar = "binary_cifar",
        /// Binary heads on CelebA (one identity).
        Celeba = "celeba",
    }
}

words! {
    /// The rule that turns gradients into steps.
    #[derive(Default)]
    pub enum Optimiser of "optimiser" {
        /// Gradient descent.
        #[default]
        Sgd = "sgd",
        /// Adam with β = (0.9, 0.999), ε = 1e-8 and weight decay as a part of the gradient, as
        /// `torch.optim.Adam`.
        Adam = "adam",
        /// Adam with weight decay beside the gradient (Loshchilov and Hutter 2019), as
        /// `torch.optim.AdamW`.
        Adamw = "adamw",
        /// Not steps but their end: the minimum of C Σ CE + ½‖W‖² over weights and free biases, as
        /// scikit-learn's `LogisticRegression` and CLIP's linear probe have it. Initial weights,
        /// rate, decay and epochs have no part in it.
        LogisticRegression = "logistic_regression",
    }
}

words! {
    /// The law of initial weights.
    #[derive(Default)]
    pub enum Initial of "initial" {
        /// N(0, `init_std`²), biases 0: the paper's.
        #[default]
        Normal = "normal",
        /// U(−1/√d, 1/√d) for a layer of d inputs, biases included: the default of PyTorch's
        /// `nn.Linear`.
        Pytorch = "pytorch",
    }
}

/// The learning rate over the passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// The same in all of them.
    #[default]
    Constant,
    /// From the learning rate down to 0 along half a cosine, as
    /// `torch.optim.lr_scheduler.CosineAnnealingLR` with `T_max` the number of passes.
    Cosine,
    /// Multiplied by a factor after every so many passes, as `torch.optim.lr_scheduler.StepLR`.
    Step {
        /// Passes between two changes.
        every: usize,
        /// The factor.
        factor: f64,
    },
}

impl Schedule {
    /// Share of the learning rate in pass number `pass` of `passes`.
    pub fn share(self, pass: usize, passes: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Cosine => 0.5 + 0.5 * (std::f64::consts::PI * pass as f64 / passes as f64).cos(),
            Self::Step { every, factor } => factor.powf((pass / every) as f64),
        }
    }

    /// What is said of it.
    pub fn described(self) -> String {
        match self {
            Self::Constant => "constant".into(),
            Self::Cosine => "cosine".into(),
            Self::Step { every, factor } => format!("× {factor} every {every}"),
        }
    }
}

impl Recipe {
    /// Whether every step is the same function of the weights: gradient descent on all examples at
    /// one learning rate, with plain labels.
    pub fn is_plain_descent(&self) -> bool {
        self.optimiser == Optimiser::Sgd
            && self.batch.is_none()
            && self.momentum.is_none_or(|it| it == 0.0)
            && self.schedule == Schedule::Constant
            && self.label_smoothing.is_none_or(|it| it == 0.0)
    }

    /// The settings of training by steps, and whether each is given.
    pub fn given(&self) -> [(&'static str, bool); 9] {
        [
            ("learning_rate", self.learning_rate.is_some()),
            ("weight_decay", self.weight_decay.is_some()),
            ("epochs", self.epochs.is_some()),
            ("batch", self.batch.is_some()),
            ("momentum", self.momentum.is_some()),
            ("schedule", self.schedule != Schedule::Constant),
            ("label_smoothing", self.label_smoothing.is_some()),
            ("init_std", self.init_std.is_some()),
            ("initial", self.initial != Initial::Normal),
        ]
    }

    /// The settings that have no part in what the optimiser does with such a head, with why.
    pub fn unused(&self, head: HeadKind) -> Option<(&'static str, &'static str)> {
        if self.optimiser == Optimiser::LogisticRegression {
            let used = self.given().into_iter().find(|(_, given)| *given);
            return match (used, head) {
                (_, HeadKind::Mlp { .. } | HeadKind::Adapter { .. }) => {
                    Some(("optimiser", "logistic regression trains linear heads"))
                }
                (Some((option, _)), _) => Some((
                    option,
                    "logistic regression goes to its minimum, however it gets there",
                )),
                (None, _) => None,
            };
        }
        if self.strength.is_some() {
            return Some(("strength", "the optimiser is not logistic_regression"));
        }
        if self.momentum.is_some_and(|it| it != 0.0) && self.optimiser != Optimiser::Sgd {
            return Some(("momentum", "the optimiser is not sgd"));
        }
        if self.initial == Initial::Pytorch && self.init_std.is_some() {
            return Some(("init_std", "PyTorch's initial weights are uniform"));
        }
        None
    }
}
