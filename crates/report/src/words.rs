//! How the words in a row's columns are said to readers. The words themselves are those of `spec`;
//! one that this version does not know is shown as it stands.

use spec::{AttackKind, DefenceKind, Null, Release, Word};

/// A defence as readers know it.
pub fn defence_name(word: &str) -> &str {
    match DefenceKind::read(word) {
        Ok(DefenceKind::None) => "undefended",
        Ok(DefenceKind::DpSgd) => "DP-SGD",
        Ok(DefenceKind::OneRelease) => "one private release",
        Ok(DefenceKind::Rhe) => "RHE",
        Err(_) => word,
    }
}

/// Whether a defence is differentially private, with an ε.
pub fn is_private(word: &str) -> bool {
    DefenceKind::read(word).is_ok_and(DefenceKind::is_private)
}

/// What an adversary gets of an encrypted head beside its ciphertexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Given {
    /// Nothing; also of heads that are not encrypted.
    Nothing,
    /// Classes that the owner reveals.
    Classes,
    /// The key: a control of the attacks, no release.
    Key,
}

impl Given {
    /// From the columns `defence` and `release`.
    pub fn of(defence: &str, release: &str) -> Self {
        let encrypts = DefenceKind::read(defence).is_ok_and(DefenceKind::encrypts);
        match Release::read(release) {
            Ok(Release::Labels) if encrypts => Self::Classes,
            Ok(Release::KnownSecret) => Self::Key,
            _ => Self::Nothing,
        }
    }

    /// What is said of it behind the defence's name.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Classes => ", classes revealed",
            Self::Key => ", key known (control)",
        }
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
        match AttackKind::read(word) {
            Ok(AttackKind::Membership) => Self::Membership,
            Ok(AttackKind::Property) => Self::Property,
            // An extraction has what follows it in its name.
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

/// Whether the attack, from the column `attack`, knows all training examples but the one that it is after.
pub fn is_informed(word: &str) -> bool {
    word.starts_with(spec::INFORMED)
}

/// What the adversary sees of a release, from the column `release`.
pub fn release_words(word: &str) -> &str {
    match Release::read(word) {
        Ok(Release::Weights) => "the head's weights, as whoever downloads it does",
        Ok(Release::Scores) => "the scores of all classes for inputs of its choice",
        Ok(Release::Labels) => "the predicted label for inputs of its choice",
        Ok(Release::Ciphertexts) => {
            "the encrypted head (bodies, masks and tags) and encrypted results, without the key"
        }
        Ok(Release::KnownSecret) => {
            "the same with the key: a control, which shows that the attacks would succeed"
        }
        Err(_) => word,
    }
}

/// What an attack is compared with, from the column `null`.
pub fn null_words(word: &str) -> &str {
    match Null::read(word) {
        Ok(Null::Independent) => "heads trained on other examples of the same classes",
        Ok(Null::Gaussian) => "weights drawn from the shadow heads' mean and covariance",
        Ok(Null::ReplaceOne) => "heads trained on the same set with the target replaced",
        Err(_) => word,
    }
}

/// A lower_snake name as words.
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}
