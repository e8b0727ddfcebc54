//! What follows an extraction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::attack_kind::AttackKind;
use crate::bounds::{Options, OutOfBounds};
use crate::head::{HeadKind, Unsuited};
use crate::recipe::Optimiser;
use crate::reconstruction::{Reconstructor, Unmixing};

/// A white-box attack on an extracted head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "")]
#[schemars(rename = "Then", bound = "")]
pub enum Then<A: Arity = One> {
    /// Linear estimate of features and pixels.
    Unmixing(Unmixing<A>),
    /// Network trained on shadow heads.
    Reconstructor(Reconstructor<A>),
}

impl Copy for Then {}

impl<A: Arity> Default for Then<A> {
    fn default() -> Self {
        Self::Unmixing(Unmixing::default())
    }
}

impl<A: Arity> Then<A> {
    /// Its kind.
    pub fn kind(&self) -> AttackKind {
        match self {
            Self::Unmixing(_) => AttackKind::Unmixing,
            Self::Reconstructor(_) => AttackKind::Reconstructor,
        }
    }

    /// Errors where the attack does not exist for such heads.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        match self {
            Self::Unmixing(options) => options.suits(head, optimiser),
            Self::Reconstructor(options) => options.suits(head, optimiser),
        }
    }
}

impl<A: Arity> Options for Then<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        match self {
            Self::Unmixing(options) => options.each_wrong(wrong),
            Self::Reconstructor(options) => options.each_wrong(wrong),
        }
    }
}

impl Then<Many> {
    /// One for each value that is listed.
    pub fn expand(&self) -> Vec<Then> {
        match self {
            Self::Unmixing(it) => it.expand().into_iter().map(Then::Unmixing).collect(),
            Self::Reconstructor(it) => it.expand().into_iter().map(Then::Reconstructor).collect(),
        }
    }
}
