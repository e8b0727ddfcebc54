//! The one error of this crate.

use thiserror::Error;

/// Why an evaluation could not be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum EvaluationError {
    /// One of the two hypotheses has no scores.
    #[error("cannot compare scores: the {side} have none\nhint: evaluate at least one {side} head")]
    NoScores {
        /// `victims` or `null`.
        side: &'static str,
    },
    /// One unit has no scores, so that it has no rate of its own.
    #[error("cannot compare scores: unit {unit} of the {side} has no scores")]
    EmptyUnit {
        /// `victims` or `null`.
        side: &'static str,
        /// Position of the unit.
        unit: usize,
    },
    /// Scores do not say one by one which image they are about.
    #[error(
        "cannot compare scores: unit {unit} of the {side} has {scores} scores and names {images} images, expected one a score"
    )]
    Unnamed {
        /// `victims` or `null`.
        side: &'static str,
        /// Position of the unit.
        unit: usize,
        /// Its scores.
        scores: usize,
        /// The images that it names.
        images: usize,
    },
    /// Attacks that are compared do not have the same victims.
    #[error("cannot pair attacks: {why}")]
    Unpaired {
        /// What differs.
        why: String,
    },
    /// A score is NaN or infinite.
    #[error(
        "cannot compare scores: unit {unit} of the {side}, entry {entry}, is {value}, not a finite number\nhint: an attack that diverged must be reported as failed, not scored"
    )]
    NotFinite {
        /// `victims` or `null`.
        side: &'static str,
        /// Position of the unit.
        unit: usize,
        /// Position of the score within its unit.
        entry: usize,
        /// The offending score.
        value: f64,
    },
    /// A parameter lies outside its range.
    #[error("{name} is {value}, expected {expected}")]
    OutOfRange {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The range it must lie in.
        expected: &'static str,
    },
    /// Normal distributions cannot be fitted to these scores.
    #[error("cannot fit normal distributions: {why}")]
    NoFit {
        /// What is wrong with the scores.
        why: String,
    },
    /// Two images or an image and a shape do not fit together.
    #[error("cannot compare images: {why}")]
    Shape {
        /// The shapes that disagree.
        why: String,
    },
}
