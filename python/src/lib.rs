//! Rhea for Python: may a trained head be released, what does DP-SGD spend, and heads whose weights are
//! encrypted, on NumPy arrays.
//!
//! Everything is the work of the crates that the `harness` command is made of. Their answers and messages
//! are the command's; Python runs on while they compute.

mod arrays;
mod audit;
mod error;
mod privacy;
mod rhe;

/// Measures how much of a few-shot training set can be read back out of a classifier, and protects
/// classifiers.
#[pyo3::pymodule]
mod rhea {
    #[pymodule_export]
    use crate::audit::{Audit, audit};
    #[pymodule_export]
    use crate::error::{DataError, RheaError};
    #[pymodule_export]
    use crate::privacy::{PrivacyAnswer, epsilon, noise};
    #[pymodule_export]
    use crate::rhe::{
        EncryptedResults, EvaluationKeys, ProtectedHead, SecretKey, classify, keygen, protect,
        reveal, reveal_logits,
    };
}
