//! What cells measured, before any statistics: kept in the cache.

use serde::{Deserialize, Serialize};

/// What one cell (a training-set size with or without DP) measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextOutcome {
    /// Test accuracy of each repetition.
    pub accuracy: Vec<f64>,
    /// Test accuracy of logistic regression on the same examples' plain embeddings.
    pub baseline: Vec<f64>,
    /// F1 of class 1, mean over repetitions.
    pub f1: f64,
    /// Cohen's κ, mean over repetitions.
    pub kappa: f64,
    /// Share of the encrypted test texts on which the label is that of the plain network.
    pub label_agreement: Option<f64>,
    /// What DP-SGD spends, where it is used.
    pub spending: Option<Spending>,
    /// Membership scores, where there are victims to attack.
    pub membership: Option<MembershipScores>,
}

/// What DP-SGD spends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    /// ε under adding or removing an example.
    pub epsilon: f64,
    /// ε under replacing an example by another.
    pub epsilon_replace_one: f64,
    /// δ of both.
    pub delta: f64,
    /// σ.
    pub noise_multiplier: f64,
    /// C.
    pub clip: f64,
}

/// Scores of texts, a list a victim: the lower, the more like a training example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MembershipScores {
    /// Of training examples.
    pub members: Vec<Vec<f64>>,
    /// Of others.
    pub others: Vec<Vec<f64>>,
}

/// The same task with inputs encrypted (CryptoTL) and with the head encrypted (RHE).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BothWays {
    /// Size of the training set that both have.
    pub size: usize,
    /// Training examples of each class of RHE's heads.
    pub shots: usize,
    /// Accuracy of each of RHE's heads.
    pub accuracy: Vec<f64>,
    /// Share of test texts on which the protected heads agree with those in the clear.
    pub label_agreement: f64,
    /// The membership test on the protected heads.
    pub membership: MembershipScores,
    /// What one prediction costs with inputs encrypted.
    pub inputs_encrypted: Cost,
    /// What one prediction costs with the head encrypted.
    pub head_encrypted: Cost,
}

/// What one prediction costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Milliseconds from the input to the encrypted answer.
    pub latency_ms: f64,
    /// Bytes that are sent once.
    pub bytes_once: u64,
    /// Bytes to the server, each time.
    pub bytes_up: u64,
    /// Bytes back, each time.
    pub bytes_down: u64,
}
