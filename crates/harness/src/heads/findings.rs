//! What attacks find: each kind of attack has a result of its own.

use attacks::Cost;
use evaluation::Subject;
use serde::{Deserialize, Serialize};

/// Scores under both hypotheses, a list a victim or a draw of the null; smaller is more success.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Of each victim's targets.
    pub victims: Vec<Vec<f64>>,
    /// Of each draw of the null hypothesis.
    pub null: Vec<Vec<f64>>,
}

/// Mean squared errors of reconstructions, in the order of the scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Of each victim's targets.
    pub victims: Vec<Vec<f64>>,
    /// Of each draw of the null hypothesis.
    pub null: Vec<Vec<f64>>,
}

/// The image that each score is about, in the order of the scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Of each victim's targets.
    pub victims: Vec<Vec<Subject>>,
    /// Of each draw of the null hypothesis.
    pub null: Vec<Vec<Subject>>,
}

/// The victims' own reconstructions against other victims' images: a null that every attack on the same
/// victims has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Others {
    /// Scores of each victim's reconstructions.
    pub scores: Vec<Vec<f64>>,
    /// The image that each is about.
    pub about: Vec<Vec<Subject>>,
    /// Which victim each list is of.
    pub of: Vec<u32>,
}

/// Errors made into scores, with what they are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Errors relative to their class.
    pub scores: Scored,
    /// The errors themselves.
    pub errors: Errors,
    /// The image that each is about.
    pub about: About,
    /// The null that other attacks have too; none where targets are single examples.
    pub others: Option<Others>,
}

/// One reconstruction beside the training image it is nearest to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels of the original, in [-1, 1].
    pub original: Vec<f32>,
    /// Pixels of the reconstruction.
    pub reconstruction: Vec<f32>,
    /// Mean squared error.
    pub mse: f64,
}

/// Images read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconstructed {
    /// How near they came, under both hypotheses.
    pub compared: Compared,
    /// What preparing the attack took.
    pub cost: Cost,
    /// A few originals and what was read back of them.
    pub gallery: Vec<Picture>,
    /// Mean structural similarity of those.
    pub ssim: Option<f64>,
}

/// Heads copied by queries, and what was read back from the copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// From the copies.
    pub reconstructed: Reconstructed,
    /// Mean cosine between copies and victims.
    pub cosine: f64,
    /// Share of test images on which they agree, mean over victims.
    pub label_agreement: f64,
    /// Most queries that a copy took.
    pub queries: u64,
}

/// An answer about a training set, yes or no.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// How much more a yes than a no.
    pub scores: Scored,
    /// Shadow heads.
    pub samples: u64,
    /// Queries a victim.
    pub queries: u64,
}

/// What an attack found in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Findings {
    /// Images, from heads.
    Images(Reconstructed),
    /// Images from single gradients, each of a step on so many examples.
    OfSteps(Reconstructed, usize),
    /// Images, from copies of heads.
    Copies(Copied),
    /// Membership or a property.
    Answers(Inferred),
}
