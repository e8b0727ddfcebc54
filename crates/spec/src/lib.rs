//! The vocabulary of experiments.
//!
//! Here, and nowhere else, stand the words that configs, tables and code share ([`Word`]), the
//! options of attacks and defences with their defaults and bounds ([`Options`]), which releases a
//! defence gives ([`DefenceKind::gives`]), and which heads, releases and nulls an attack suits
//! ([`Attack`]). There is nothing in this crate that runs.
//!
//! An option that a config may list several values of is declared once: a struct such as
//! [`Unmixing`] holds one value where it is `Unmixing<One>` (or `Unmixing`, what attacks take), and
//! a value or a list where it is `Unmixing<Many>` (what a config holds). `expand` leads from the
//! second to the first.
//!
//! ```
//! use spec::{Many, One, OneOrMany, Options, Unmixing};
//!
//! let samples = OneOrMany { values: vec![1_000, 4_000] };
//! let swept = Unmixing::<Many> { samples, informed: false };
//! swept.check()?;
//! assert_eq!(swept.expand(), [1_000, 4_000].map(|samples| Unmixing { samples, informed: false }));
//!
//! let refused = Unmixing::<One> { samples: 3, informed: false }.check().unwrap_err();
//! assert_eq!(refused.to_string(), "samples is 3, expected a whole number of 500 or more");
//! # Ok::<(), spec::OutOfBounds>(())
//! ```

mod adversary;
mod arity;
mod attack;
mod attack_kind;
mod backbone;
mod bounds;
mod cryptotl;
mod defence;
mod device;
mod directions;
mod dp_sgd;
mod extraction;
mod head;
mod inference;
mod instructions;
mod inversion;
mod null;
mod one_release;
mod onnx;
mod parse;
mod recipe;
mod reconstruction;
mod release;
mod rhe;
mod sampling;
mod schema;
mod then;
mod tuning;
mod word;

pub use adversary::{Adversary, Assumed};
pub use arity::{Arity, Item, Many, One, OneOrMany};
pub use attack::{Attack, INFORMED};
pub use attack_kind::AttackKind;
pub use backbone::{Backbone, ImportedArchitecture};
pub use bounds::{Bounds, Options, OutOfBounds, Real, Whole, first_wrong, grouped};
pub use cryptotl::{CkksSet, Embedding, FineTuning, Polynomial};
pub use defence::{AsTrained, Defence, DefenceKind};
pub use device::Device;
pub use directions::Directions;
pub use dp_sgd::{Accountant, Delta, DpSgd, Neighbour, Privacy};
pub use extraction::{Labels, ScoreKind, Scores};
pub use head::{Activation, HeadKind, Unsuited};
pub use inference::{Group, Membership, Property};
pub use instructions::Instructions;
pub use inversion::{Distance, GradientForm, GradientInversion, Start};
pub use null::Null;
pub use one_release::{OneRelease, ReleaseMethod};
pub use onnx::{Layout, Onnx, OnnxInput, Resize, Runtime};
pub use parse::Tau;
pub use recipe::{Initial, Optimiser, Preset, Recipe, Schedule};
pub use reconstruction::{Architecture, Reconstructor, Unmixing};
pub use release::Release;
pub use rhe::Rhe;
pub use sampling::Sampling;
pub use then::Then;
pub use tuning::{PlainTuning, ReleaseTuning, Tuning};
pub use word::{UnknownWord, Word};
