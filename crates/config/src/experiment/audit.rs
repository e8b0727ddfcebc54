//! The audit of one head.

use datasets::DatasetSpec;
use serde::{Serialize, Serializer};
use spec::{Attack, Backbone, Defence, HeadKind, Recipe};

use super::{Data, Heads};

/// One given head, and heads like it that are trained, attacked and defended beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// The heads beside it: one grid, of the head's shots; its first cell is the attack on heads that
    /// nothing defends.
    pub heads: Heads,
    /// Training examples per class of the head.
    pub shots: usize,
    /// The reconstruction that is tried.
    pub attack: Attack,
    /// The owner's training set, which the adversary does not see.
    pub private: Option<DatasetSpec>,
}

impl Audit {
    /// The strengths of DP-SGD that are compared; none where the recipe has no private form.
    pub fn epsilons(&self) -> Vec<f64> {
        let defences = self.heads.sweep.iter().flat_map(|sweep| &sweep.defence);
        let epsilon = |defence: &Defence| match defence {
            Defence::DpSgd(dp) => dp.epsilon,
            _ => None,
        };
        defences.filter_map(epsilon).collect()
    }
}

/// As it is written in a config.
impl Serialize for Audit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            data: &'a Data,
            backbone: &'a Backbone,
            head: &'a HeadKind,
            recipe: &'a Recipe,
            adversary: &'a spec::Adversary,
            victims: usize,
            nulls: usize,
            #[serde(skip_serializing_if = "Option::is_none")]
            tau: Option<f64>,
            shots: usize,
            attack: &'a Attack,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            epsilon: Vec<f64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            private: Option<&'a DatasetSpec>,
        }
        let heads = &self.heads;
        let written = Written {
            data: &heads.data,
            backbone: &heads.backbone,
            head: &heads.head,
            recipe: &heads.recipe,
            adversary: &heads.adversary,
            victims: heads.victims,
            nulls: heads.nulls,
            tau: heads.tau,
            shots: self.shots,
            attack: &self.attack,
            epsilon: self.epsilons(),
            private: self.private.as_ref(),
        };
        written.serialize(serializer)
    }
}
