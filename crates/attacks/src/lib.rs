//! Attacks on released heads: reconstruction, extraction, membership and property inference.

mod alone;
pub mod bench;
mod black_box;
mod blind;
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
    LabelExtraction, Point, ScoreExtraction, centre_rows, centred_cosine,
};
pub use blind::BlindGuess;
pub use cost::Cost;
pub use error::AttackError;
pub use membership::{Candidate, Examples, Membership, OfVictims};
pub use neighbours::neighbour_heads;
pub use network::{LayerShape, Network, NetworkShape, UpShape};
pub use nulls::{Units, gaussian_heads, neighbour_scores, null_scores, victim_scores};
pub use property::Property;
pub use scoring::{Nearest, errors, others_scores, score};
pub use view::View;
pub use white_box::{
    Aim, AttackProgress, GradientInversion, NetworkInversion, NetworkRelease, Reconstructor,
    StepReleases, Unmixing, WhiteBox, single_gradients,
};
pub use world::{CALIBRATION, Shadows, World};
