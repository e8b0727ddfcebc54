//! What a cell measured, before any statistics: kept in the cache.

use datasets::ImageShape;
use serde::{Deserialize, Serialize};

use super::private::Spending;
use crate::store::Artefact;

/// Scores and accuracies of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Size of a training set, N.
    pub n: u64,
    /// Accuracy of each victim on the test part.
    pub accuracy: Vec<f64>,
    /// For each victim, the scores of its targets; smaller is more success.
    pub victims: Vec<Vec<f64>>,
    /// The same for each draw of the null hypothesis.
    pub null: Vec<Vec<f64>>,
    /// Mean squared errors behind the scores, where the attack reconstructs.
    pub errors: Option<Errors>,
    /// Mean structural similarity with the nearest training image.
    pub ssim: Option<f64>,
    /// Share of test images on which the attacked head (extracted, or decrypted) agrees with the
    /// victim's.
    pub label_agreement: Option<f64>,
    /// Mean cosine between the extracted heads and the victims'.
    pub cosine: Option<f64>,
    /// Shadow heads or rows seen by the attack.
    pub samples: u64,
    /// Optimisation steps of the attack.
    pub steps: u64,
    /// Queries a victim.
    pub queries: Option<u64>,
    /// What DP-SGD spends, where it is the defence.
    pub spending: Option<Spending>,
    /// Error at or under which a reconstruction counts as a success.
    pub tau: f64,
    /// Shape of the pictures.
    pub shape: Option<ImageShape>,
    /// A few originals and what was read back of them.
    pub gallery: Vec<Picture>,
}

/// Mean squared errors of reconstructions, in the order of the scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Of each victim's targets.
    pub victims: Vec<Vec<f64>>,
    /// Of each draw of the null hypothesis.
    pub null: Vec<Vec<f64>>,
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

impl Artefact for Outcome {
    const FORMAT: u32 = 2;
}
