//! Heads with one hidden layer and ReLU, by programmable bootstrapping.
//!
//! # Definition
//! Output o is L_o = b2_o + Σ_i w2_oi·ReLU(z_i), z = W1·f + b1. Since ReLU(z) = (z + |z|)/2,
//!
//! L_o = [b2_o + ½ Σ_i w2_oi·z_i] + ½ Σ_i w2_oi·|z_i|.
//!
//! The bracket is affine in the features: it is folded when the head is protected and evaluated as
//! one more encrypted row. Each |z_i| is one bootstrap whose *encrypted* accumulator holds
//! T_oi(z) = ½·w2_oi·(|z| − B_i/2): the second layer's weight costs nothing and is never in the
//! clear. Written so, T is anti-periodic, T(z + B_i) = −T(z), which is what the ring X^N = −1
//! gives for nothing; it needs no padding bit and spends the whole torus on z ∈ [−B_i, B_i).
//! The missing constants ½·Σ_i w2_oi·B_i/2 are sealed for the owner, who adds them on revealing.
//!
//! # Precision
//! Features are scaled by an integer β so that ‖(x̂, β)‖ ≤ 2^14 (ReLU is positively homogeneous:
//! logits scale by β and are divided by it at the end). In units of the bootstrap's input, 1/4096
//! of a turn or 2B_i/4096 in z, the input's noise has variance
//!
//! | source | variance |
//! |---|---|
//! | product: 2^14·σ, σ² = (2^35 + 1)/6 | 2^-44 |
//! | keyswitch: 2048·4·σ_lwe²·E[digit²], σ_lwe² = 2^91/3, E = 21.5 | 3.5 |
//! | keyswitch's rounding to 16 bits: 1024·(2^48)²/12 | 0.3 |
//! | switch to 4096 with the mean removed: 918/(12·4) | 19.1 |
//! | the table's own steps | 0.1 |
//!
//! together 23: a standard deviation of **4.8 steps, 0.23 % of B_i**, that is 8.7 bits of z. It
//! moves L_o by ½·|w2_oi|·0.0047·B_i/2 a unit ([`ReluBudget::input_deviation`]). The accumulator's
//! steps are B_i/2048·½·w2_oi·λ wide on the output torus and the bootstrap's own noise is about
//! 2^49 ([`ReluBudget::output_deviation`]); λ, the torus units of one logit unit, is set so that
//! the largest |L_o| takes an eighth of the torus: sums of tables may wrap, only L_o may not.
//! The result is the ReLU head's logit at slightly perturbed pre-activations, so agreement with
//! the head in the clear is statistical (images whose margin is below the noise may flip), while
//! *overflow* of L_o is excluded to 2^-64 by [`ReluBudget::log2_failure`].

mod budget;
mod calibrate;
mod classify;
mod protect;
mod results;

pub use budget::ReluBudget;
pub use calibrate::Ranges;
pub use classify::ReluClassifier;
pub use protect::ProtectedRelu;
pub use results::ReluResults;

pub(crate) use budget::torus_scales;
pub(crate) use calibrate::FEATURE_NORM;
pub(crate) use classify::{evaluate_rows, scaled};
pub(crate) use protect::{residue, row_messages, table_entry};

#[cfg(test)]
mod tests;
