//! Linear heads: encrypted weights times features in the clear, exactly, with answers that only an
//! honest classification can give.
//!
//! # Definition
//! W ∈ Z^(K×(d+1)) holds the quantised weights with the bias as its last column. Row after row it
//! fills the coefficients of ring ciphertexts: **body** word B_kj = A_kj + e_kj + Δ·W_kj modulo q,
//! where A_kj is a coefficient of a·s, a public mask times the head's own secret. A head is its
//! bodies, the seed of its masks, and a **tag row** T_j = Σ_k α_k·B_kj + r_j with α and r drawn from
//! the key and from H, which is everything else that is said of the head ([`Binding`]).
//!
//! * *Classify*: features become x̂ ∈ Z^d and a scale β; the answer is x̂, β, the K bodies
//!   b_k = Σ_j x̂_j·B_kj + β·B_kd, and the tag t = Σ_j x̂_j·T_j + β·T_d.
//! * *Reveal*: every image of a file must have x̂ and β in range and t = Σ_k α_k·b_k + Σ_j x̂_j·r_j
//!   + β·r_d, before any is decrypted. Then Δ·logit_k + noise = b_k − Σ_j x̂_j·A_kj − β·A_kd.
//!
//! r hides α. Another b or t for the same x̂ passes for one α in q; so what passes is, but for a
//! probability of 2^-64 an attempt, what an honest classifier answers to an x̂ in range. There the
//! noise is at most 2^17·(‖x̂‖₁ + β) < Δ/2, always: decryption cannot fail, and neither acceptance
//! nor refusal depends on the secret, the noise or the weights.

mod authenticate;
mod binding;
mod classify;
mod digits;
mod hide;
mod protect;
mod results;
mod reveal;
mod scheme;
mod shape;
mod words;

pub use classify::LinearClassifier;
pub use protect::ProtectedLinear;
pub use results::LinearResults;
pub use reveal::Logits;
pub use scheme::Scheme;

pub(crate) use authenticate::{TagCheck, TagKey};
pub(crate) use binding::Binding;
pub(crate) use digits::{DigitRows, SmallRows};
pub(crate) use reveal::Decryptor;
pub(crate) use shape::LinearShape;
pub(crate) use words::{encrypt_words, mask_products};

#[cfg(test)]
pub(crate) mod tests;
