//! What an attack spent, so that success can be read against cost.

/// The price of an attack, apart from time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Shadow heads seen while the attack was prepared; 0 where none is needed.
    pub samples: u64,
    /// Optimisation steps, of the attack's model or on each victim.
    pub steps: u64,
    /// Queries to each victim; 0 where the weights are released.
    pub queries: u64,
}
