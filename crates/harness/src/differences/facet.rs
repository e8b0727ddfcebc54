//! What a difference is.

use std::borrow::Cow;

/// One thing that cells may differ in.
pub(super) struct Facet {
    pub(super) side: Side,
    /// What it is of.
    pub(super) name: Cow<'static, str>,
    /// Its words; none where it is as the paper or the default has it.
    pub(super) words: String,
}

/// What a facet is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Backbone and head.
    Network,
    /// How heads are trained.
    Training,
    /// What the adversary believes of that.
    Beliefs,
    /// The attack.
    Attack,
    /// What the attack sees, and what it is compared with.
    Comparison,
}
