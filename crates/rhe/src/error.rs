//! The error type of this crate.

use std::path::{Path, PathBuf};

/// What can go wrong while protecting a head, classifying with it or revealing a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RheError {
    /// Weights do not fill the stated shape, or hold a value that is not finite.
    #[error("cannot protect the head: {reason}")]
    Head {
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is outside of what the scheme can carry.
    #[error("cannot use {setting}: {reason}")]
    Setting {
        /// The setting and its value.
        setting: String,
        /// Why not, and what would do.
        reason: String,
    },
    /// A feature vector is not what the head was made for.
    #[error("cannot classify image {image}: {reason}")]
    Features {
        /// Position in the batch.
        image: usize,
        /// What is wrong with its features.
        reason: String,
    },
    /// There is nothing to classify, or rows are not as wide as the head.
    #[error("cannot classify the features: {reason}")]
    Rows {
        /// What was given.
        reason: String,
    },
    /// Rounding to the steps of the scheme changes what the head says.
    #[error(
        "rounding changes the class of {changed} of {images} calibration features: {reason}\n\
         hint: more weight and feature bits, or columns that are brought to one scale before training"
    )]
    Rounding {
        /// Images whose class changes.
        changed: usize,
        /// Calibration images.
        images: usize,
        /// Where it is lost.
        reason: String,
    },
    /// The message and the noise of a product do not fit the plaintext space together.
    #[error(
        "decryption could fail with probability 2^{log2_failure:.1}, above the limit of 2^-64: \
         {reason}\nhint: use fewer weight or feature bits"
    )]
    Precision {
        /// Base-2 logarithm of the bound on the failure probability.
        log2_failure: f64,
        /// What was being computed.
        reason: String,
    },
    /// Two things were made with different secret keys.
    #[error(
        "the {what} was made with key {found}, this is key {expected}\nhint: use the secret key \
         file that `keygen` wrote when the head was protected"
    )]
    OtherKey {
        /// What was opened.
        what: &'static str,
        /// Identity of the key in hand.
        expected: String,
        /// Identity stated by the object.
        found: String,
    },
    /// Results of a linear head are not what an honest classifier makes with a head of this key. It
    /// does not say why: whatever the reason, it is the same message, and says nothing of the key.
    #[error(
        "the results are refused: they are damaged or altered, or no head of this key made them\n\
         hint: classify again with the protected head, and reveal with the key that protected it"
    )]
    Refused,
    /// Results that cannot be authenticated, from who is not said to be trusted.
    #[error(
        "cannot reveal {what}: nothing shows that it was made honestly, and who makes one up and \
         sees its class reads the secret key\nhint: only where you trust who classified, \
         `--trusted-classifier` reveals it; a linear head's logits need no trust"
    )]
    Unauthenticated {
        /// The kind of results.
        what: &'static str,
    },
    /// The key has been used as often as it may.
    #[error("cannot reveal with key {key}: {reason}")]
    Spent {
        /// The key's name.
        key: String,
        /// What there was of and is left.
        reason: String,
    },
    /// The count of a key's uses is not there, or not this key's.
    #[error("cannot count uses of key {key} in {}: {reason}", path.display())]
    Count {
        /// The key's name.
        key: String,
        /// Where its count is kept.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file would be larger than what is read back.
    #[error("cannot write {what}: it takes {bytes} bytes, at most {limit} are read{hint}")]
    TooLarge {
        /// What was to be written.
        what: &'static str,
        /// Bytes of its content.
        bytes: u64,
        /// The limit.
        limit: u64,
        /// A line that begins with `hint:`, or nothing.
        hint: String,
    },
    /// Something is in the place of an output that must not be lost or written through.
    #[error("cannot write {}: {reason}", path.display())]
    Output {
        /// The output.
        path: PathBuf,
        /// What is there.
        reason: String,
    },
    /// A result was made by another head, or its numbers do not decrypt to a logit.
    #[error("cannot reveal the result: {reason}")]
    Result {
        /// What gives it away.
        reason: String,
    },
    /// Logits are asked of a result that holds only the class.
    #[error(
        "cannot reveal logits: the result is an encrypted decision and holds the class alone\n\
         hint: reveal it without logits, or classify without deciding"
    )]
    NoLogits,
    /// No class of an image beats every other: at least three are too close to be ordered.
    #[error(
        "cannot reveal image {image}: three or more classes are too close to be ordered\n\
         hint: reveal decisions one by one, where such an image has no class"
    )]
    Undecided {
        /// Position in the batch.
        image: usize,
    },
    /// A file is cut, altered, of another version, of other parameters or not ours.
    #[error("cannot read {what}: {reason}")]
    Format {
        /// What was being read: a path or the kind of object.
        what: String,
        /// What was expected and found.
        reason: String,
    },
    /// The operating system refuses to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The approximate arithmetic of a square head refused.
    #[error("cannot compute on the square head: {0}")]
    Ckks(#[from] ckks::CkksError),
    /// The operating system has no randomness to give; nothing secret can be made without.
    #[error("the operating system's random generator failed: {0}")]
    Randomness(getrandom::Error),
}

impl RheError {
    pub(crate) fn head(reason: impl Into<String>) -> Self {
        Self::Head {
            reason: reason.into(),
        }
    }

    pub(crate) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting {
            setting: setting.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn features(image: usize, reason: impl Into<String>) -> Self {
        Self::Features {
            image,
            reason: reason.into(),
        }
    }

    /// The same error of a part of a batch that begins with image `first`.
    pub(crate) fn beginning_with(self, first: usize) -> Self {
        match self {
            Self::Features { image, reason } => Self::Features {
                image: first + image,
                reason,
            },
            other => other,
        }
    }

    pub(crate) fn result(reason: impl Into<String>) -> Self {
        Self::Result {
            reason: reason.into(),
        }
    }

    pub(crate) fn format(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Format {
            what: what.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}
