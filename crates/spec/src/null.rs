//! What an attack is compared with.

use crate::word::words;

words! {
    /// What an attack is compared with.
    #[derive(Default)]
    pub enum Null of "null" {
        /// A head trained on another set.
        #[default]
        Independent = "independent",
        /// Weights drawn from the shadow heads' mean and covariance: the paper's.
        Gaussian = "gaussian",
        /// The same set with the target replaced: the neighbour of DP. Scored against the target
        /// alone.
        ReplaceOne = "replace_one",
    }
}
