//! Classification with a protected head of any kind.

use crate::bootstrap::EvaluationKeys;
use crate::decision::LinearDecider;
use crate::error::RheError;
use crate::linear::LinearClassifier;
use crate::private::PrivateClassifier;
use crate::protected::{EncryptedResults, ProtectedHead};
use crate::relu::ReluClassifier;
use crate::square::SquareClassifier;
use crate::transform::Backend;

impl ProtectedHead {
    /// Whether it takes evaluation keys to classify, or to decide.
    pub fn takes_keys(&self, decision: bool) -> bool {
        match self {
            Self::Relu(_) => true,
            Self::Decision(_) => decision,
            Self::Linear(_) | Self::Square(_) | Self::Private(_) => false,
        }
    }

    /// Encrypted results of `images × d` features, row-major. `keys` are for a hidden layer of ReLU
    /// and for decisions; with `decision` the class is found under encryption.
    ///
    /// # Errors
    /// [`RheError::Setting`] where keys are missing or the head cannot decide; features that are not
    /// rows of d finite numbers.
    pub fn classify(
        &self,
        features: &[f32],
        keys: Option<&EvaluationKeys>,
        decision: bool,
    ) -> Result<EncryptedResults, RheError> {
        let keys = |why: &str| {
            keys.ok_or_else(|| {
                RheError::setting(
                    "the head without evaluation keys",
                    format!(
                        "{why}\nhint: name the file that `rhe keygen --evaluation-key` wrote with \
                         --evaluation-key"
                    ),
                )
            })
        };
        let undecided = |why: &str| {
            Err(RheError::setting(
                "a decision under encryption",
                format!("{why}, or leave --decision out"),
            ))
        };
        match self {
            Self::Linear(_) if decision => undecided(
                "the head was not made for it\nhint: ask its owner for one made by `rhe protect \
                 --decision`",
            ),
            Self::Private(_) if decision => {
                undecided("the head hides the features\nhint: ask its owner for one that decides")
            }
            Self::Square(_) if decision => {
                undecided("a head with squares has none\nhint: ask its owner for one with ReLU")
            }
            Self::Linear(head) => {
                let classifier = LinearClassifier::new(head, Backend::Detected);
                Ok(EncryptedResults::Linear(classifier.classify(features)?))
            }
            Self::Decision(head) if decision => {
                let keys = keys("to decide takes them")?;
                let decider = LinearDecider::new(head, keys, Backend::Detected)?;
                Ok(EncryptedResults::Decision(decider.decide(features)?))
            }
            Self::Decision(head) => {
                let classifier = LinearClassifier::new(head.linear(), Backend::Detected);
                Ok(EncryptedResults::Linear(classifier.classify(features)?))
            }
            Self::Relu(head) => {
                let keys = keys("a hidden layer with ReLU takes them")?;
                let classifier = ReluClassifier::new(head, keys, Backend::Detected)?;
                if decision {
                    Ok(EncryptedResults::Decision(classifier.decide(features)?))
                } else {
                    Ok(EncryptedResults::Relu(classifier.classify(features)?))
                }
            }
            Self::Private(head) => {
                let classifier = PrivateClassifier::new(head);
                Ok(EncryptedResults::Private(classifier.classify(features)?))
            }
            Self::Square(head) => {
                let classifier = SquareClassifier::new(head)?;
                Ok(EncryptedResults::Square(classifier.classify(features)?))
            }
        }
    }

    /// As [`ProtectedHead::classify`], into a file: a linear head's logits are never in memory as a
    /// whole. Returns the number of images.
    ///
    /// # Errors
    /// Those of [`ProtectedHead::classify`], and a file that cannot be written.
    pub fn classify_to_file(
        &self,
        features: &[f32],
        keys: Option<&EvaluationKeys>,
        decision: bool,
        path: &std::path::Path,
    ) -> Result<usize, RheError> {
        let linear = match self {
            Self::Linear(head) => Some(head),
            Self::Decision(head) => Some(head.linear()),
            _ => None,
        };
        if let Some(head) = linear.filter(|_| !decision) {
            let classifier = LinearClassifier::new(head, Backend::Detected);
            return classifier.classify_to_file(features, path);
        }
        let results = self.classify(features, keys, decision)?;
        results.save(path)?;
        Ok(results.images())
    }
}
