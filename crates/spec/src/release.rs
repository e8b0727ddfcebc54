//! What the adversary gets to see.

use crate::word::words;

words! {
    /// What the adversary gets to see.
    pub enum Release of "release" {
        /// The head's weights.
        Weights = "weights",
        /// Scores of images of the adversary's choice.
        Scores = "scores",
        /// Labels of images of the adversary's choice.
        Labels = "labels",
        /// The encrypted head and its encrypted outputs.
        Ciphertexts = "ciphertexts",
        /// The encrypted head with its key: the control of what is said of `ciphertexts`.
        KnownSecret = "known_secret",
    }
}
