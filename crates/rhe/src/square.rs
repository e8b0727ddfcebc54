//! Heads with the square activation, two or three layers, in CKKS.
//!
//! # Definition
//! L_o = b2_o + Σ_i w2_oi·(w1_i·f + b1_i)². The last layer's weights are folded into the rows
//! before it by their complex square roots, w2·z² = (√w2·z)², so that both layers are encrypted
//! and the second costs no product: rows r_oi = √(c·w2_oi)·[w1_i; b1_i], c a secret scale. With a
//! third layer the middle product is one of two ciphertexts, and the roots go into its rows.
//!
//! # Packing
//! Widths are padded to powers of two; a *period* is M = H1·H2·K slots, one for each path (i, k, o)
//! from a hidden unit to an output. Slot j·M + m of chunk c holds the weight of feature c·B + j on
//! path m, B = slots/M. One plaintext product a chunk, one sum over chunks, then log2 B rotations by
//! M, 2M, 4M, … add the features up *in every slot*, because the slots are cyclic: no masks. Sums
//! over hidden units are rotations within the period. At the end every slot holds a logit, and
//! nothing else leaves.
//!
//! # Levels and precision
//! Two layers: N = 8192, primes 50 + 40 + 40 bits and 50 for key switching (log QP 180 of 218);
//! weights and features at 2^38, logits end at scale 2^32 with errors of about 2^-20. Three layers:
//! N = 16384, 50 + 4 × 40 and 50 bits (log QP 260 of 438), all at 2^40. Results are approximate.
//! c keeps every logit of features of the stated norm inside the modulus, by Cauchy-Schwarz; what
//! the bound is too wide is lost in precision, so state a norm near the features' own.

mod classify;
mod protect;
mod results;
mod shape;

pub use classify::SquareClassifier;
pub use protect::ProtectedSquare;
pub use results::SquareResults;
pub use shape::DEFAULT_MAX_NORM;

pub(crate) use protect::Encoded;
pub(crate) use shape::SquareShape;

#[cfg(test)]
mod tests;
