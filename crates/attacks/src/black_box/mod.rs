//! Extraction of a head from answers to queries; the white-box attacks then take the copy.
//!
//! The adversary can compute the public features of any image, so each answer is an equation in
//! the head's weights (Tramèr et al. 2016 for scores).

mod boundary;
mod fitting;
mod labels;
mod posterior;
mod principal;
mod prior;
mod queries;
mod scores;
mod search;
mod walk;

pub use boundary::{Boundaries, BoundaryOptions, Point};
pub use fitting::{FittedExtraction, HiddenLaw};
pub use labels::LabelExtraction;
pub use prior::{HeadPrior, centre_rows, centred_cosine};
pub use scores::ScoreExtraction;

/// A copy of a victim's head and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Extracted {
    /// Weights laid out as the victim's; the rows of a linear head sum to zero, and a head with a
    /// hidden layer is in its law's form.
    pub weights: Vec<f32>,
    /// Queries asked.
    pub queries: u64,
}

#[cfg(test)]
mod tests;
