//! Where images or features come from.

use datasets::DatasetSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spec::Whole;

/// The data of an experiment on heads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Pre-trains the backbone; none where the backbone is imported or the data are features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<DatasetSpec>,
    /// Split into a public part (the adversary's), a private part (the victims') and a test part.
    pub target: DatasetSpec,
    /// Replaces the public part: an adversary with data of another distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<DatasetSpec>,
    /// What the head tells apart.
    #[serde(default)]
    pub task: Task,
    /// How the target is shared out.
    #[serde(default)]
    pub shares: Shares,
}

/// What the head tells apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Task {
    /// The classes of the target.
    #[default]
    Classes,
    /// Two classes: these classes of the target against all others.
    Binary {
        /// Classes of the target that count as positive.
        positive: Vec<u32>,
    },
    /// One person against others, the classes of the target being people: a training set holds one image
    /// of one of them and one each of so many others, and each head is about another person
    /// (arXiv:2505.14323, CelebA). Nobody is both the adversary's and a victim's.
    Person {
        /// Images of others in a training set.
        #[serde(default = "others")]
        others: usize,
    },
}

/// The paper's sets of ten images.
fn others() -> usize {
    9
}

impl Task {
    /// Share of the people whom heads are about: the more of them, the more faces an attack learns
    /// from; the others are only told from them.
    pub const TOLD: f64 = 0.75;
    /// Bounds of `others`.
    pub const OTHERS: Whole = Whole::new(2, 100_000);

    /// Number of classes that a head tells apart, where these are not the target's own.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Self::Classes => None,
            Self::Binary { .. } | Self::Person { .. } => Some(2),
        }
    }
}

/// Parts of the target, of its images (or rows) in each class; they sum to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shares {
    /// The adversary's part, for shadow heads.
    pub public: f64,
    /// The victims' part.
    pub private: f64,
    /// The part that measures accuracy.
    pub test: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            public: 0.5,
            private: 0.4,
            test: 0.1,
        }
    }
}
