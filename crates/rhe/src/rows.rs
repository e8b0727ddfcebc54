//! Affine maps under encryption: the part that every kind of head shares.
//!
//! A *row* is one output's weights and bias, as residues modulo q; what they stand for (quantised
//! logits, or pre-activations on the torus) is their user's affair.

mod body;
mod encrypted;
mod encryptor;
mod evaluate;

pub(crate) use encrypted::EncryptedRows;
pub use encrypted::Form;
pub(crate) use encryptor::Encryptor;
pub(crate) use evaluate::RowEvaluator;
