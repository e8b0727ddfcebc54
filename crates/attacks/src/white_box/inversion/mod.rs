//! `gradient_inversion`: images whose training gives the head.
//!
//! All N images are optimised together, through the backbone and through the head's whole training
//! (arXiv:1906.08935 and arXiv:2003.14053 do it for one gradient step). With W⁰ unknown but of mean
//! zero, training from zero predicts the head's mean: in the span of the examples
//! A ← (1−ηλ)A − (η/N)(softmax(Z) − Y), Z = A F̃F̃ᵀ, and finally W = A F̃, all differentiable in the
//! images.

mod adam;
mod head;
mod training;

pub use head::{Distance, GradientInversion, InversionOptions};
