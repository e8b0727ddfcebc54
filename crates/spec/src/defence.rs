//! What protects the heads.

use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use crate::arity::{Arity, One};
use crate::bounds::{Options, OutOfBounds};
use crate::directions::Directions;
use crate::dp_sgd::DpSgd;
use crate::head::{HeadKind, Unsuited};
use crate::one_release::OneRelease;
use crate::recipe::Optimiser;
use crate::release::Release;
use crate::rhe::Rhe;
use crate::tuning::{self, PlainTuning};
use crate::word::words;

/// A defence; in a config a bare word takes the defaults.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "")]
#[schemars(rename = "Defence", bound = "", transform = bare_words)]
pub enum Defence<A: Arity = One> {
    /// The head as trained.
    None(AsTrained),
    /// Differentially private training.
    DpSgd(DpSgd<A>),
    /// A head made from one Gaussian release, with no steps.
    OneRelease(OneRelease<A>),
    /// The head's weights encrypted.
    Rhe(Rhe),
}

/// Adds the words that may stand alone: those of defences that need no options.
fn bare_words(schema: &mut Schema) {
    let forms = schema.get_mut("oneOf");
    if let Some(forms) = forms.and_then(|forms| forms.as_array_mut()) {
        for kind in [DefenceKind::None, DefenceKind::Rhe] {
            let form = json_schema!({
                "type": "string",
                "const": kind.word(),
                "description": "The same with its defaults."
            });
            forms.push(form.to_value());
        }
    }
}

/// The head as trained, with no defence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AsTrained {
    /// Whether to search for the best learning rate and epochs on public data, and among which: what
    /// tuned DP-SGD is to be compared with.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "tuning::tuned"
    )]
    #[schemars(with = "tuning::Tuned<PlainTuning>")]
    pub tuned: Option<PlainTuning>,
}

impl Options for AsTrained {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        if let Some(tuning) = &self.tuned {
            tuning.each_wrong(wrong);
        }
    }
}

/// No defence without options is written as the bare word, the others as their word with their
/// options.
impl<A: Arity> Serialize for Defence<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NAME: &str = "Defence";
        let word = self.word();
        match self {
            Self::None(as_trained) if *as_trained == AsTrained::default() => {
                serializer.serialize_unit_variant(NAME, 0, word)
            }
            Self::None(as_trained) => {
                serializer.serialize_newtype_variant(NAME, 0, word, as_trained)
            }
            Self::DpSgd(dp) => serializer.serialize_newtype_variant(NAME, 1, word, dp),
            Self::OneRelease(it) => serializer.serialize_newtype_variant(NAME, 2, word, it),
            Self::Rhe(rhe) => serializer.serialize_newtype_variant(NAME, 3, word, rhe),
        }
    }
}

words! {
    /// The kinds of defences.
    pub enum DefenceKind of "defence" {
        /// [`Defence::None`].
        None = "none",
        /// [`Defence::DpSgd`].
        DpSgd = "dp_sgd",
        /// [`Defence::OneRelease`].
        OneRelease = "one_release",
        /// [`Defence::Rhe`].
        Rhe = "rhe",
    }
}

impl<A: Arity> Default for Defence<A> {
    /// None, untuned.
    fn default() -> Self {
        Self::None(AsTrained::default())
    }
}

impl<A: Arity> Defence<A> {
    /// Whether the settings of training are searched for.
    pub fn is_tuned(&self) -> bool {
        match self {
            Self::None(as_trained) => as_trained.tuned.is_some(),
            Self::DpSgd(dp) => dp.tuned.is_some(),
            Self::OneRelease(release) => release.tuned.is_some(),
            Self::Rhe(_) => false,
        }
    }

    /// The momenta that are searched.
    pub fn momenta(&self) -> &[f64] {
        match self {
            Self::None(as_trained) => as_trained
                .tuned
                .as_ref()
                .map_or(&[], |it| it.momentum.as_slice()),
            Self::DpSgd(dp) => dp.tuned.as_ref().map_or(&[], |it| it.momentum.as_slice()),
            Self::OneRelease(_) | Self::Rhe(_) => &[],
        }
    }

    /// Its kind.
    pub fn kind(&self) -> DefenceKind {
        match self {
            Self::None(_) => DefenceKind::None,
            Self::DpSgd(_) => DefenceKind::DpSgd,
            Self::OneRelease(_) => DefenceKind::OneRelease,
            Self::Rhe(_) => DefenceKind::Rhe,
        }
    }

    /// The defence's word in configs and in `results.csv`.
    pub fn word(&self) -> &'static str {
        self.kind().word()
    }

    /// Whether a head under this defence is released in this way.
    pub fn gives(&self, release: Release) -> bool {
        self.kind().gives(release)
    }

    /// Whether a head can be trained by this optimiser under this defence.
    pub fn trains_with(&self, optimiser: Optimiser) -> bool {
        self.kind().trains_with(optimiser)
    }
}

impl Defence {
    /// The public directions that heads are made in, where not in all of feature space.
    pub fn directions(&self) -> Option<Directions> {
        match self {
            Self::DpSgd(dp) => dp.directions,
            Self::OneRelease(release) => Some(release.directions),
            Self::None(_) | Self::Rhe(_) => None,
        }
    }
}

impl DefenceKind {
    /// Whether a head under this defence is released in this way. An encrypted head gives
    /// ciphertexts, with or without their key; and labels, where its owner reveals classes to whoever
    /// asks, as many as the quota allows. The others give everything but ciphertexts.
    pub fn gives(self, release: Release) -> bool {
        match release {
            Release::Weights | Release::Scores => !self.encrypts(),
            Release::Labels => true,
            Release::Ciphertexts | Release::KnownSecret => self.encrypts(),
        }
    }

    /// What is seen where `release` is asked for: of an encrypted head ciphertexts, in the place of
    /// weights and scores.
    pub fn instead_of(self, release: Release) -> Release {
        match release {
            Release::Weights | Release::Scores if self.encrypts() => Release::Ciphertexts,
            _ => release,
        }
    }

    /// Whether the adversary sees ciphertexts.
    pub fn encrypts(self) -> bool {
        self == Self::Rhe
    }

    /// Whether it is differentially private, with an ε.
    pub fn is_private(self) -> bool {
        matches!(self, Self::DpSgd | Self::OneRelease)
    }

    /// Whether a head can be trained by this optimiser under this defence: DP-SGD is SGD, and one
    /// release takes the place of all training.
    pub fn trains_with(self, optimiser: Optimiser) -> bool {
        !self.is_private() || optimiser == Optimiser::Sgd
    }

    /// Errors where there are no such heads under this defence: one release makes linear ones, and DP-SGD clips
    /// gradients of all that is trained, which is done here for heads alone.
    pub fn suits(self, head: HeadKind) -> Result<(), Unsuited> {
        if self == Self::DpSgd && head.is_adapter() {
            return Err(Unsuited {
                what: "`dp_sgd`",
                head: head.described(),
                hint: "use `head: linear` or `mlp`, or the defence `rhe`",
            });
        }
        if self == Self::OneRelease && head != HeadKind::Linear {
            return Err(Unsuited {
                what: "`one_release`",
                head: head.described(),
                hint: "use `head: linear`, or the defence `dp_sgd`",
            });
        }
        Ok(())
    }

    /// Errors where experiments do not answer queries by such heads under this defence: a bootstrap
    /// takes milliseconds, an extraction thousands of them a victim.
    pub fn answers(self, head: HeadKind) -> Result<(), Unsuited> {
        if !self.encrypts() || head == HeadKind::Linear {
            return Ok(());
        }
        Err(Unsuited {
            what: "an attack by queries on `rhe`",
            head: head.described(),
            hint: "use `head: linear`, or an attack that reads weights",
        })
    }
}
