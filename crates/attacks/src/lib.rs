//! Attacks on released heads: reconstruction, extraction, membership and property inference.

mod alone;
pub mod bench;
mod black_box;
mod cost;
mod error;
mod membership;
mod neighbours;
mod network;
mod nulls;
mod property;
mod scoring;
#[cfg(test)]
mod testing;
mod view;
mod white_box;
mod world;

pub use black_box::{
    Boundaries, BoundaryOptions, Extracted, FittedExtraction, HeadPrior, HiddenLaw,
    LabelExtraction, LabelOptions, Point, ScoreExtraction, ScoreKind, ScoreOptions, centre_rows,
    centred_cosine,
};
pub use cost::Cost;
pub use error::AttackError;
pub use membership::{Candidate, Membership, MembershipOptions, View as MembershipView};
pub use neighbours::neighbour_heads;
pub use network::{LayerShape, Network, NetworkShape, UpShape};
pub use nulls::{Null, gaussian_heads, neighbour_scores, null_scores, victim_scores};
pub use property::{Property, PropertyOptions};
pub use scoring::score;
pub use view::View;
pub use white_box::{
    Aim, Architecture, AttackProgress, Distance, GradientInversion, InversionOptions,
    NetworkInversion, NetworkRelease, Reconstructor, ReconstructorOptions, Unmixing,
    UnmixingOptions, WhiteBox, single_gradients,
};
pub use world::{CALIBRATION, Shadows, World};
