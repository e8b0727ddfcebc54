//! Options of membership and property inference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::bounds::{Bounds, Options, OutOfBounds, Whole};

/// Per-example membership test: likelihood ratios from shadow heads, or label-only where the
/// release is `labels`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, bound = "")]
#[schemars(rename = "Membership", bound = "")]
pub struct Membership<A: Arity = One> {
    /// Shadow heads that examples are compared with, over all victims: from 32 to 256 an example, whatever
    /// is asked for, half of them trained on it. A head serves many examples, so that fewer are trained.
    pub samples: A::Of<usize>,
}

impl<A: Arity> Default for Membership<A> {
    fn default() -> Self {
        Self {
            samples: A::one(20_000),
        }
    }
}

impl Membership {
    /// Shadow heads that the normal laws of one example need.
    pub const LEAST_HEADS: usize = 32;
    /// Shadow heads beyond which they gain nothing.
    pub const MOST_HEADS: usize = 256;
    /// Bounds of `samples`.
    pub const SAMPLES: Whole = Whole::new(Self::LEAST_HEADS, 1_000_000_000_000);

    /// Shadow heads an example, where there are so many victims.
    pub fn heads(&self, victims: usize) -> usize {
        (self.samples / victims.max(1)).clamp(Self::LEAST_HEADS, Self::MOST_HEADS)
    }
}

impl<A: Arity> Options for Membership<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Membership::SAMPLES.each("samples", A::values(&self.samples), wrong);
    }
}

impl Membership<Many> {
    /// One for each budget.
    pub fn expand(&self) -> Vec<Membership> {
        let each = self.samples.values.iter();
        each.map(|&samples| Membership { samples }).collect()
    }
}

/// Property inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "Property", bound = "")]
pub struct Property<A: Arity = One> {
    /// The group.
    pub group: Group,
    /// Shadow heads seen, half of them with the group.
    #[serde(default = "property_samples::<A>")]
    pub samples: A::Of<usize>,
}

fn property_samples<A: Arity>() -> A::Of<usize> {
    A::one(20_000)
}

impl Property {
    /// Heads made at once.
    pub const CHUNK: usize = 512;
    /// Public images whose logits are looked at.
    pub const PROBES: usize = 200;
    /// Bounds of `samples`: two chunks hold what the ridge classifier is fitted to.
    pub const SAMPLES: Whole = Whole::new(2 * Self::CHUNK, 1_000_000_000_000);
}

impl<A: Arity> Options for Property<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Property::SAMPLES.each("samples", A::values(&self.samples), wrong);
    }
}

impl Property<Many> {
    /// One for each budget.
    pub fn expand(&self) -> Vec<Property> {
        let each = self.samples.values.iter();
        each.map(|&samples| Property {
            group: self.group.clone(),
            samples,
        })
        .collect()
    }
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
