//! What protects the heads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, One};
use crate::dp_sgd::DpSgd;
use crate::head::{HeadKind, Unsuited};
use crate::one_release::OneRelease;
use crate::recipe::Optimiser;
use crate::release::Release;
use crate::rhe::Rhe;
use crate::word::words;

/// A defence; in a config a bare word takes the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "")]
#[schemars(rename = "Defence", bound = "")]
pub enum Defence<A: Arity = One> {
    /// The head as trained.
    None,
    /// Differentially private training.
    DpSgd(DpSgd<A>),
    /// A head made from one Gaussian release, with no steps.
    OneRelease(OneRelease<A>),
    /// The head's weights encrypted.
    Rhe(Rhe),
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

impl<A: Arity> Defence<A> {
    /// Its kind.
    pub fn kind(&self) -> DefenceKind {
        match self {
            Self::None => DefenceKind::None,
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

impl DefenceKind {
    /// Whether a head under this defence is released in this way: an encrypted head gives
    /// ciphertexts, the others everything else.
    pub fn gives(self, release: Release) -> bool {
        self.encrypts() == (release == Release::Ciphertexts)
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

    /// Errors where experiments cannot show such heads under this defence: they have no view of the
    /// accumulators and CKKS ciphertexts of encrypted heads with a hidden layer.
    pub fn suits(self, head: HeadKind) -> Result<(), Unsuited> {
        match (self, head) {
            (Self::Rhe, HeadKind::Mlp { .. }) => Err(Unsuited {
                what: "an attack on `rhe`",
                head: head.described(),
                hint: "use `head: linear`; `harness rhe` protects heads with a hidden layer too",
            }),
            (Self::OneRelease, HeadKind::Mlp { .. }) => Err(Unsuited {
                what: "`one_release`",
                head: head.described(),
                hint: "use `head: linear`, or the defence `dp_sgd`",
            }),
            _ => Ok(()),
        }
    }
}
