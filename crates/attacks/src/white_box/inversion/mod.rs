//! `gradient_inversion`: images whose training gives the head.
//!
//! All N images of a training set are optimised together, through the backbone and through the
//! head's whole training (arXiv:1906.08935 and arXiv:2003.14053 do it for one gradient step). With
//! W⁰ unknown but of mean zero, training from zero predicts the head's mean: in the span of the
//! examples A ← (1−ηλ)A − (η/N)(softmax(Z) − Y), Z = A F̃F̃ᵀ, and finally W = A F̃, all
//! differentiable in the images. What is minimised is minus a log-posterior: the head's squared
//! distance in units of what the unknown W⁰ (and DP-SGD's noise) leaves open, plus a normal law of
//! the images, whose mean is what another attack reconstructs and whose covariance is that
//! attack's error on public shadow heads.
//!
//! A single step's update of the whole network, on one example or a batch, gives more: see
//! [`NetworkInversion`].

mod convolution;
mod directions;
mod head;
pub(crate) mod lbfgs;
mod network;
mod objective;
mod peeling;
mod pooling;
mod prior;
mod regression;
mod release;
mod separation;
mod training;

pub use head::GradientInversion;
pub use network::NetworkInversion;
pub use release::{NetworkRelease, StepReleases, single_gradients};

#[cfg(test)]
mod peeling_tests;
#[cfg(test)]
mod tests;
