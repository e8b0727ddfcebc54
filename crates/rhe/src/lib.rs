//! Reverse homomorphic encryption (RHE): the head's weights are encrypted, its inputs are not.
//!
//! The owner [`SecretKey::generate`]s a key and protects a trained [`PlainHead`]. Anyone with the
//! protected head can classify features into encrypted results; only the owner can reveal them,
//! and only if an honest classification made them. A [`ProtectedDecision`] lets who classifies go
//! further: the class is found under encryption, and there is nothing else to reveal. `SECURITY.md`
//! in this crate says what that does and does not hide, and from whom.
//!
//! ```
//! use rhe::*;
//! let head = PlainHead::linear(2, 2, &[1.0, -1.0, 0.0, -1.0, 1.0, 0.5])?;
//! let key = SecretKey::generate()?;
//! let protected = ProtectedLinear::protect(&head, &key, Precision::default())?;
//! let classifier = LinearClassifier::new(&protected, Backend::Detected);
//! let results = EncryptedResults::Linear(classifier.classify(&[0.0, 3.0])?);
//! assert_eq!(key.reveal(&results)?, [1]);
//! # Ok::<(), rhe::RheError>(())
//! ```

pub mod bench;
mod bootstrap;
mod classification;
mod decision;
mod error;
mod files;
mod head;
mod keys;
mod linear;
mod modular;
pub mod noise;
mod packing;
pub mod parameters;
mod private;
mod protected;
mod protection;
mod quantise;
mod randomness;
mod relu;
mod reveal;
mod rows;
mod square;
mod transform;
mod vectorised;
mod view;

pub use bootstrap::EvaluationKeys;
pub use decision::{
    DecisionBudget, DecisionRange, DecisionResults, LinearDecider, MAX_CLASSES, ProtectedDecision,
};
pub use error::RheError;
pub use files::{RevealCount, check_outputs, must_be_new};
pub use head::{Activation, Dense, PlainHead, class_of};
pub use keys::{Identity, SealedNumbers, SecretKey};
pub use linear::{LinearClassifier, LinearResults, Logits, ProtectedLinear, Scheme};
pub use private::{PrivateClassifier, PrivateResults, ProtectedPrivate};
pub use protected::{EncryptedResults, ProtectedHead};
pub use protection::Protection;
pub use quantise::{
    FeatureScale, PlaintextSpace, Precision, QuantisedFeatures, QuantisedLinear, Rounding,
};
pub use relu::{ProtectedRelu, Ranges, ReluBudget, ReluClassifier, ReluResults};
pub use reveal::{Ask, Doubts, Revealed};
pub use rows::Form;
pub use square::{DEFAULT_MAX_NORM, ProtectedSquare, SquareClassifier, SquareResults};
pub use transform::Backend;
pub use view::{
    CiphertextView, HiddenView, Noise, Sight, SimulatedHead, SimulatedRelease, SquareView,
};
