//! What the words in a row's columns stand for: compared here and nowhere else.

/// What protects a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defence {
    /// Nothing.
    None,
    /// Clipped and noised training.
    DpSgd,
    /// Encrypted weights.
    Rhe,
    /// One that this version does not know.
    Other,
}

impl Defence {
    /// From the column `defence`.
    pub fn of(word: &str) -> Self {
        match word {
            "none" => Self::None,
            "dp_sgd" => Self::DpSgd,
            "rhe" => Self::Rhe,
            _ => Self::Other,
        }
    }
}

/// A defence as readers know it.
pub fn defence_name(word: &str) -> &str {
    match Defence::of(word) {
        Defence::None => "undefended",
        Defence::DpSgd => "DP-SGD",
        Defence::Rhe => "RHE",
        Defence::Other => word,
    }
}

/// Which side of a task is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// The inputs.
    CryptoTl,
    /// The head.
    Rhe,
    /// One that this version does not know.
    Other,
}

impl System {
    /// From the column `system`.
    pub fn of(word: &str) -> Self {
        match word {
            "cryptotl" => Self::CryptoTl,
            "rhe" => Self::Rhe,
            _ => Self::Other,
        }
    }
}

/// A system as readers know it.
pub fn system_name(word: &str) -> &str {
    match System::of(word) {
        System::CryptoTl => "CryptoTL: encrypted inputs",
        System::Rhe => "RHE: encrypted head",
        System::Other => word,
    }
}

/// What an attack is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The training examples.
    Reconstruction,
    /// Whether an example was among them.
    Membership,
    /// A property of the training set.
    Property,
}

impl Aim {
    /// From the column `attack`.
    pub fn of(word: &str) -> Self {
        match word {
            "membership" => Self::Membership,
            "property" => Self::Property,
            _ => Self::Reconstruction,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reconstruction => "to see the private training examples",
            Self::Membership => "to know whether an example was among the private ones",
            Self::Property => "to know a property of the private training set",
        }
    }
}

/// What the adversary sees of a release, from the column `release`.
pub fn release_words(word: &str) -> &str {
    match word {
        "weights" => "the head's weights, as whoever downloads it does",
        "scores" => "the scores of all classes for inputs of its choice",
        "labels" => "the predicted label for inputs of its choice",
        "ciphertexts" => "the encrypted head and encrypted results, without the key",
        other => other,
    }
}

/// What an attack is compared with, from the column `null`.
pub fn null_words(word: &str) -> &str {
    match word {
        "independent" => "heads trained on other examples of the same classes",
        "gaussian" => "weights drawn from the shadow heads' mean and covariance",
        "replace_one" => "heads trained on the same set with the target replaced",
        other => other,
    }
}

/// A lower_snake name as words.
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}
