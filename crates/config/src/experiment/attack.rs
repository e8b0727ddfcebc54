//! The attacks and their budgets. Budgets count samples, steps or queries, never seconds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One attack, all of its lists expanded.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attack {
    /// Linear estimate of features and pixels.
    Unmixing(Unmixing),
    /// Network trained on shadow heads.
    Reconstructor(Reconstructor),
    /// Images optimised until training on them gives the head.
    GradientInversion(GradientInversion),
    /// Head extracted by hard labels, then attacked.
    Labels(Labels),
    /// Head extracted by scores, then attacked.
    Scores(Scores),
    /// Was this example in the training set?
    Membership(Membership),
    /// Does the training set contain this group?
    Property(Property),
}

impl Attack {
    /// The attack's word in the config and in `results.csv`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unmixing(_) => "unmixing",
            Self::Reconstructor(_) => "reconstructor",
            Self::GradientInversion(_) => "gradient_inversion",
            Self::Labels(_) => "labels",
            Self::Scores(_) => "scores",
            Self::Membership(_) => "membership",
            Self::Property(_) => "property",
        }
    }
}

/// Ridge regression on second moments of streamed shadow heads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unmixing {
    /// Shadow heads seen.
    pub samples: usize,
}

/// The learned reconstructor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reconstructor {
    /// Shadow-head rows seen (one for each class of a head).
    pub samples: usize,
    /// Kind of network.
    pub architecture: Architecture,
    /// Width of its hidden layers.
    pub hidden: usize,
    /// Rows a step.
    pub batch: usize,
    /// Adam's step size at the start; it decays to nothing.
    pub learning_rate: f64,
    /// Whether the adversary knows all training examples but one (Balle et al. 2022).
    pub informed: bool,
    /// Whether one network serves all cells of this attack on heads of one shape, whatever their
    /// shots, recipe and privacy; `samples` are then all rows that it sees.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// Kind of network of a reconstructor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Two dense hidden layers.
    #[default]
    Mlp,
    /// Dense, then transposed convolutions.
    Conv,
}

/// Joint optimisation of all training images through the backbone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GradientInversion {
    /// Evaluations of the objective, one a step of L-BFGS.
    pub steps: usize,
    /// Root mean square of the first step, in standard deviations of the images' law.
    pub learning_rate: f64,
    /// What is minimised.
    pub distance: Distance,
    /// Weight of the images' law against the likelihood of the head.
    pub prior: f64,
    /// Weight of the total variation.
    pub total_variation: f64,
    /// Where the images start, and what their law is centred on.
    pub start: Start,
    /// Shadow heads seen by `unmixing`, which starts the images and calibrates the scores.
    pub samples: usize,
    /// Which release is inverted.
    pub form: GradientForm,
}

/// What gradient inversion minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Squared distance.
    #[default]
    Squared,
    /// One minus the cosine.
    Cosine,
}

/// Where gradient inversion starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The reconstruction by `unmixing`, with its errors as the law.
    #[default]
    Unmixing,
    /// Noise around each class's mean public image, with the public images' spread as the law.
    Noise,
}

/// Which release gradient inversion inverts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradientForm {
    /// The head after its whole training on all N examples. With one epoch and initial weights of
    /// 0 (`recipe: { epochs: 1, init_std: 0 }`) this is the head's part of a single gradient.
    #[default]
    Head,
    /// The update that one SGD step on one example makes to the whole network, backbone and head:
    /// each victim gives up one example of its set, so n is 1 in the results.
    SingleGradient,
}

/// Extraction by hard labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Labels {
    /// Label queries a victim.
    pub queries: usize,
    /// What attacks the extracted head.
    pub then: Then,
}

/// Extraction by scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Score queries a victim.
    pub queries: usize,
    /// Decimals the scores are rounded to; none: not rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
    /// What a score is.
    pub kind: ScoreKind,
    /// What attacks the extracted head.
    pub then: Then,
}

/// What a score is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// After the softmax.
    #[default]
    Probabilities,
    /// Before it.
    Logits,
}

/// A white-box attack on an extracted head.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Linear estimate.
    Unmixing(Unmixing),
    /// Learned reconstructor.
    Reconstructor(Reconstructor),
}

/// Per-example membership test: likelihood ratios from shadow heads, or label-only where the
/// release is `labels`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Membership {
    /// Shadow heads seen, half of them trained on the example.
    pub samples: usize,
}

/// Property inference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Property {
    /// The group.
    pub group: Group,
    /// Shadow heads seen, half of them with the group.
    pub samples: usize,
}

/// A group of examples that the head does not tell apart by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Original classes of the target (for a binary task over them).
    Classes(Vec<u32>),
    /// CelebA's men.
    Male,
    /// Part of a mixed target, counted from 0.
    Part(usize),
}
