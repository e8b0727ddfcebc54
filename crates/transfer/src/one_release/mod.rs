//! Private heads for few shots: one Gaussian release, no sampling, no steps.
//!
//! DP-SGD pays for every step; these pay once, and exactly
//! ([`GaussianRelease`](privacy::GaussianRelease)). Features are first brought into coordinates that
//! public data gives ([`PublicSpace`]): noise of standard deviation σC in r coordinates has the norm
//! σC√r, so that a small r is what keeps accuracy at one shot. Then
//!
//! - [`Method::Prototypes`]: class sums of unit vectors with noise; a class is told by the cosine
//!   with its sum (nearest mean).
//! - [`Method::LeastSquares`]: class sums of clipped vectors with noise, multiplied by the inverse of
//!   the *public* second moments: least squares on one-hot labels where only the products of
//!   features and labels are private (Mehta, Krichene, Thakurta, Kurakin, Cutkosky 2023).
//! - [`Method::OutputPerturbation`]: the converged L2-regularised logistic regression plus noise in
//!   proportion to how far one record can move its minimum (Chaudhuri, Monteleoni, Sarwate 2011,
//!   algorithm 1, with Gaussian noise).
//!
//! What is released is a linear head on the features themselves. Everything in it but the release is
//! public, so it is post-processing. In units of the clipping norm, or of what stands for it, a
//! record that is added or removed moves each release by at most 1, one that is replaced by at most
//! 2: noise multiplier and [`Neighbour`](privacy::Neighbour) mean what they do for DP-SGD.

mod discriminants;
mod informed;
mod logistic;
mod method;
mod space;
mod sums;
mod vectors;

pub use discriminants::Discriminants;
pub use informed::Informed;
pub use method::{Method, OneRelease};
pub use space::PublicSpace;

#[cfg(test)]
mod tests;
