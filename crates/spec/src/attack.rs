//! The attacks. Budgets count samples, steps or queries, never seconds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One};
use crate::attack_kind::AttackKind;
use crate::bounds::{Options, OutOfBounds};
use crate::defence::DefenceKind;
use crate::extraction::{Labels, Scores};
use crate::head::{HeadKind, Unsuited};
use crate::inference::{Membership, Property};
use crate::inversion::{GradientForm, GradientInversion};
use crate::null::Null;
use crate::recipe::Optimiser;
use crate::reconstruction::{Reconstructor, Unmixing};
use crate::release::Release;
use crate::then::Then;

/// What stands before the name of an attack whose adversary knows all training examples but one.
pub const INFORMED: &str = "informed+";

/// An attack; in a config a bare word takes the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", bound = "")]
#[schemars(rename = "Attack", bound = "")]
pub enum Attack<A: Arity = One> {
    /// Linear estimate of features and pixels.
    Unmixing(Unmixing<A>),
    /// Network trained on shadow heads.
    Reconstructor(Reconstructor<A>),
    /// Images optimised until training on them gives the head.
    GradientInversion(GradientInversion<A>),
    /// Head extracted by hard labels, then attacked.
    Labels(Labels<A>),
    /// Head extracted by scores, then attacked.
    Scores(Scores<A>),
    /// Was this example in the training set?
    Membership(Membership<A>),
    /// Does the training set contain this group?
    Property(Property<A>),
}

impl<A: Arity> Default for Attack<A> {
    fn default() -> Self {
        Self::Unmixing(Unmixing::default())
    }
}

impl<A: Arity> Attack<A> {
    /// Its kind.
    pub fn kind(&self) -> AttackKind {
        match self {
            Self::Unmixing(_) => AttackKind::Unmixing,
            Self::Reconstructor(_) => AttackKind::Reconstructor,
            Self::GradientInversion(_) => AttackKind::GradientInversion,
            Self::Labels(_) => AttackKind::Labels,
            Self::Scores(_) => AttackKind::Scores,
            Self::Membership(_) => AttackKind::Membership,
            Self::Property(_) => AttackKind::Property,
        }
    }

    /// The attack's word in configs and in `results.csv`.
    pub fn word(&self) -> &'static str {
        self.kind().word()
    }

    /// What follows an extraction.
    pub fn then(&self) -> Option<&Then<A>> {
        match self {
            Self::Labels(options) => Some(&options.then),
            Self::Scores(options) => Some(&options.then),
            _ => None,
        }
    }

    /// Errors where the attack does not exist for such heads.
    pub fn suits(&self, head: HeadKind, optimiser: Optimiser) -> Result<(), Unsuited> {
        match self {
            Self::Unmixing(options) => options.suits(head, optimiser),
            Self::Reconstructor(options) => options.suits(head, optimiser),
            Self::GradientInversion(options) => options.suits(head, optimiser),
            Self::Labels(options) => options.suits(head, optimiser),
            Self::Scores(options) => options.suits(head, optimiser),
            Self::Membership(_) | Self::Property(_) => Ok(()),
        }
    }

    /// Whether the adversary knows all training examples but the one that it is after.
    pub fn is_informed(&self) -> bool {
        match self {
            Self::Unmixing(options) => options.informed,
            Self::Reconstructor(options) => options.informed,
            _ => false,
        }
    }

    /// Whether the attack computes the training itself, step by step, and so takes nothing but plain
    /// gradient descent ([`Recipe::is_plain_descent`](crate::Recipe::is_plain_descent)).
    pub fn follows_training(&self) -> bool {
        match self {
            Self::GradientInversion(options) => options.form == GradientForm::Head,
            _ => self.is_informed(),
        }
    }

    /// Whether the attack makes the head anew as the recipe begins it: normal weights and plain labels.
    pub fn begins_training(&self) -> bool {
        matches!(self, Self::GradientInversion(options) if options.form == GradientForm::SingleGradient)
    }

    /// Whether the attack takes gradients through the backbone.
    pub fn needs_gradients(&self) -> bool {
        matches!(self, Self::GradientInversion(_))
    }

    /// Releases in the clear that the attack works from, the most telling first. All attacks
    /// can be pointed at ciphertexts; those that read weights also at ciphertexts with their key.
    pub fn releases(&self) -> &'static [Release] {
        self.kind().releases()
    }

    /// Whether the attack works from this release.
    pub fn works_from(&self, release: Release) -> bool {
        match release {
            Release::Ciphertexts => true,
            Release::KnownSecret => self.releases().contains(&Release::Weights),
            _ => self.releases().contains(&release),
        }
    }

    /// Whether what the attack looks at exists under this defence: a single gradient is released in
    /// the clear by a victim that nothing defends.
    pub fn works_against(&self, defence: DefenceKind) -> bool {
        match self {
            Self::GradientInversion(options) if options.form == GradientForm::SingleGradient => {
                defence == DefenceKind::None
            }
            _ => true,
        }
    }

    /// What the attack can be compared with. Extracted heads and single gradients are compared with
    /// those of other victims, membership and property tests with examples and sets of their own.
    pub fn nulls(&self) -> &'static [Null] {
        match self {
            Self::Unmixing(_) | Self::Reconstructor(_) => Null::ALL,
            Self::GradientInversion(options) if options.form == GradientForm::Head => Null::ALL,
            _ => &[Null::Independent],
        }
    }

    /// The learned reconstructor that takes part in the attack.
    pub fn reconstructor(&self) -> Option<&Reconstructor<A>> {
        match (self, self.then()) {
            (Self::Reconstructor(options), _) | (_, Some(Then::Reconstructor(options))) => {
                Some(options)
            }
            _ => None,
        }
    }

    /// Whether the attack sends images of its own making through the backbone, which features alone
    /// do not allow, when it works from `release`.
    pub fn sends_images(&self, release: Release) -> bool {
        match self {
            Self::Labels(_) | Self::GradientInversion(_) => true,
            Self::Membership(_) => release == Release::Labels,
            _ => false,
        }
    }
}

impl<A: Arity> Options for Attack<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        match self {
            Self::Unmixing(options) => options.each_wrong(wrong),
            Self::Reconstructor(options) => options.each_wrong(wrong),
            Self::GradientInversion(options) => options.each_wrong(wrong),
            Self::Labels(options) => options.each_wrong(wrong),
            Self::Scores(options) => options.each_wrong(wrong),
            Self::Membership(options) => options.each_wrong(wrong),
            Self::Property(options) => options.each_wrong(wrong),
        }
    }
}

impl Attack<Many> {
    /// One for each combination of the values that are listed.
    pub fn expand(&self) -> Vec<Attack> {
        fn each<T>(options: Vec<T>, attack: fn(T) -> Attack) -> Vec<Attack> {
            options.into_iter().map(attack).collect()
        }
        match self {
            Self::Unmixing(options) => each(options.expand(), Attack::Unmixing),
            Self::Reconstructor(options) => each(options.expand(), Attack::Reconstructor),
            Self::GradientInversion(options) => each(options.expand(), Attack::GradientInversion),
            Self::Labels(options) => each(options.expand(), Attack::Labels),
            Self::Scores(options) => each(options.expand(), Attack::Scores),
            Self::Membership(options) => each(options.expand(), Attack::Membership),
            Self::Property(options) => each(options.expand(), Attack::Property),
        }
    }
}
