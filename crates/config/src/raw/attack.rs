//! The attacks as written. Defaults are set here, so that the schema shows them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::OneOrMany;
use crate::experiment::{Architecture, Distance, GradientForm, Group, ScoreKind, Start};

/// An attack; a bare word takes the defaults.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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

/// A white-box attack on an extracted head.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Linear estimate of features and pixels.
    Unmixing(Unmixing),
    /// Network trained on shadow heads.
    Reconstructor(Reconstructor),
}

impl Default for Then {
    fn default() -> Self {
        Self::Unmixing(Unmixing::default())
    }
}

/// Ridge regression on second moments of streamed shadow heads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Unmixing {
    /// Shadow heads seen.
    pub samples: OneOrMany<usize>,
}

impl Default for Unmixing {
    fn default() -> Self {
        Self {
            samples: OneOrMany::one(100_000),
        }
    }
}

/// The learned reconstructor.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reconstructor {
    /// Shadow-head rows seen (one for each class of a head).
    pub samples: OneOrMany<usize>,
    /// Kind of network.
    pub architecture: Architecture,
    /// Width of its hidden layers.
    pub hidden: usize,
    /// Rows a step.
    pub batch: usize,
    /// Adam's step size at the start; it decays to nothing.
    pub learning_rate: f64,
    /// Whether the adversary knows all training examples but one.
    pub informed: bool,
    /// Whether one network serves all cells of this attack on heads of one shape, whatever their
    /// shots, recipe and privacy; `samples` are then all rows that it sees.
    pub shared: bool,
}

impl Default for Reconstructor {
    fn default() -> Self {
        Self {
            samples: OneOrMany::one(1_000_000),
            architecture: Architecture::Mlp,
            hidden: 1024,
            batch: 256,
            learning_rate: 1.6e-3,
            informed: false,
            shared: false,
        }
    }
}

/// Joint optimisation of all training images through the backbone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GradientInversion {
    /// Evaluations of the objective, one a step of L-BFGS.
    pub steps: OneOrMany<usize>,
    /// Root mean square of the first step, in standard deviations of the images' law.
    pub learning_rate: f64,
    /// What is minimised.
    pub distance: Distance,
    /// Weight of the images' law against the likelihood of the head.
    pub prior: f64,
    /// Weight of the total variation.
    pub total_variation: f64,
    /// Where the images start.
    pub start: Start,
    /// Shadow heads seen by `unmixing`, the start.
    pub samples: usize,
    /// Which release is inverted.
    pub form: GradientForm,
}

impl Default for GradientInversion {
    fn default() -> Self {
        Self {
            steps: OneOrMany::one(60),
            learning_rate: 0.05,
            distance: Distance::Squared,
            prior: 0.5,
            total_variation: 0.0,
            start: Start::Unmixing,
            samples: 20_000,
            form: GradientForm::Head,
        }
    }
}

/// Extraction by hard labels.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Label queries a victim.
    pub queries: OneOrMany<usize>,
    /// What attacks the extracted head.
    #[serde(default)]
    pub then: Then,
}

/// Extraction by scores.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scores {
    /// Score queries a victim.
    pub queries: OneOrMany<usize>,
    /// Decimals the scores are rounded to; `null` does not round.
    pub decimals: Option<OneOrMany<Option<u32>>>,
    /// What a score is.
    #[serde(default)]
    pub kind: ScoreKind,
    /// What attacks the extracted head.
    #[serde(default)]
    pub then: Then,
}

/// Per-example membership test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Membership {
    /// Shadow heads seen, half of them trained on the example.
    pub samples: OneOrMany<usize>,
}

impl Default for Membership {
    fn default() -> Self {
        Self {
            samples: OneOrMany::one(20_000),
        }
    }
}

/// Property inference.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// The group.
    pub group: Group,
    /// Shadow heads seen, half of them with the group.
    #[serde(default = "property_samples")]
    pub samples: OneOrMany<usize>,
}

fn property_samples() -> OneOrMany<usize> {
    OneOrMany::one(20_000)
}
