//! Linear heads: encrypted weights times features in the clear, exactly.

mod classify;
mod protect;
mod results;
mod reveal;

pub use classify::LinearClassifier;
pub use protect::ProtectedLinear;
pub use results::LinearResults;
pub use reveal::Logits;

pub(crate) use protect::LinearShape;

#[cfg(test)]
pub(crate) mod tests;
