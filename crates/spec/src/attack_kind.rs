//! The kinds of attacks.

use crate::release::Release;
use crate::word::words;

words! {
    /// The kinds of attacks.
    pub enum AttackKind of "attack" {
        /// [`crate::Attack::Unmixing`].
        Unmixing = "unmixing",
        /// [`crate::Attack::Reconstructor`].
        Reconstructor = "reconstructor",
        /// [`crate::Attack::GradientInversion`].
        GradientInversion = "gradient_inversion",
        /// [`crate::Attack::Labels`].
        Labels = "labels",
        /// [`crate::Attack::Scores`].
        Scores = "scores",
        /// [`crate::Attack::Membership`].
        Membership = "membership",
        /// [`crate::Attack::Property`].
        Property = "property",
    }
}

impl AttackKind {
    /// As [`crate::Attack::releases`].
    pub fn releases(self) -> &'static [Release] {
        match self {
            Self::Unmixing | Self::Reconstructor | Self::GradientInversion | Self::Property => {
                &[Release::Weights]
            }
            Self::Labels => &[Release::Labels],
            Self::Scores => &[Release::Scores],
            Self::Membership => &[Release::Weights, Release::Scores, Release::Labels],
        }
    }
}
