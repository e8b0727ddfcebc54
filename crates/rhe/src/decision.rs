//! Encrypted decisions: the largest class found under encryption, so that who decrypts learns the
//! class and no logit.
//!
//! # Definition
//! K logits come as LWE ciphertexts on one scale on which no two differ by half a turn or more.
//! 1. For each pair i < j one sign bootstrap of L_i − L_j gives s_ij = ±a, a = 1/(4(K − 1)).
//! 2. Class i's wins u_i = Σ_{j>i} s_ij − Σ_{j<i} s_ji are (K − 1)·a if it beats all others, and
//!    at most (K − 3)·a if not. One more sign bootstrap, of u_i − (K − 2)·a, tells the two apart.
//! 3. The result is one ciphertext, Σ_i (i + 1)·[class i beats all others] in steps of 1/64 of a
//!    turn. Its owner reads 1 … K for the class, 0 for "undecided".
//!
//! That is K(K − 1)/2 + K bootstraps: 55 for ten classes. Every pair is compared directly: a
//! knock-out takes half as many bootstraps but carries the winner's value through them, and so adds
//! the noise of one bootstrap a round to it. A single logit takes one bootstrap, its sign.
//!
//! # Scale
//! Logits must fill the half turn, but what fills it depends on the weights and must not show. So
//! a head for decisions holds its rows a second time, scaled before encryption by 1/(2·B·2^14),
//! where B bounds every |L_i − L_j| for features [f; 1] of norm one ([`DecisionRange`]); features
//! are scaled to a norm of 2^14 as for ReLU heads. Beyond a *calibrated* B a difference wraps, and
//! the comparison is wrong; a *guaranteed* B excludes that and costs resolution.
//!
//! # Precision
//! A comparison errs where its margin is within the noise of its bootstrap's input: 4.8 steps of
//! 1/4096 of a turn (products, keyswitch, switch of modulus: the table in the documentation of ReLU
//! heads), that is **σ = 0.0023·B** for features of norm one. Hence the *resolution*
//! ([`DecisionBudget::resolution`]), 9.6σ: two logits further apart are compared rightly but for a
//! probability of 2^-64. The class returned is therefore one whose logit is within the resolution
//! of the largest. Nearer than σ to each other, two classes win about equally often: the label may
//! differ from the largest logit's, and no harm is done to others. Three that near can beat each
//! other in a circle; then no class wins all, and the result says "undecided" and not a wrong class.
//!
//! Measured on a softmax regression of 784 pixels (MNIST, `tests/real_images.rs`): the label is the
//! float head's for 99.6 % of 10 000 test images by these numbers (99.3 % with a guaranteed range),
//! and for 80 of 80 decided under encryption.
//!
//! Step 2 has margins of a = 1024/(K − 1) steps against 4.8 (and 0.4 for the K − 1 added
//! bootstraps): its failure probability is below 2^-64 up to 22 classes, more are refused. Step 3's
//! steps are 2^58 against a noise of 2^49·√K.

mod budget;
mod circuit;
mod classify;
mod protect;
mod results;

pub use budget::{DecisionBudget, DecisionRange, MAX_CLASSES};
pub use classify::LinearDecider;
pub use protect::ProtectedDecision;
pub use results::DecisionResults;

pub(crate) use budget::too_many_classes;
pub(crate) use circuit::decide;

#[cfg(test)]
mod tests;
