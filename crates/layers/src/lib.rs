//! What networks that are trained by hand share: a dense layer and a step of Adam, on plain slices.
//!
//! Heads, the networks of learned attacks and those of CryptoTL are small, trained by the thousand
//! or on one thread from end to end, and their bits must not depend on the number of threads: so
//! they are matrix products and passes over memory, not graphs of tensor operations.

mod adam;
mod dense;

pub use adam::{AdamStep, Moments};
pub use dense::Dense;
