//! Options of differentially private SGD.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One, OneOrMany};
use crate::bounds::{Bounds, Options, OutOfBounds, Real};
use crate::directions::Directions;
use crate::recipe::Recipe;
use crate::sampling::Sampling;
use crate::tuning::{self, ReleaseTuning, Tuning};
use crate::word::words;

/// Differentially private SGD: give `epsilon` or `noise_multiplier`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "DpSgd", bound = "")]
pub struct DpSgd<A: Arity = One> {
    /// ε; the noise is calibrated to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<A::Of<f64>>,
    /// Standard deviation of the noise over the clipping norm; ε follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_multiplier: Option<A::Of<f64>>,
    /// δ, or `auto` for N^-1.1.
    #[serde(default)]
    pub delta: Delta,
    /// Clipping norm C of an example's gradient, weight and bias together (default 4.0, on natural
    /// images 1.2); none where `tuned` searches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<A::Of<f64>>,
    /// `full`, or `poisson(q)`: how a step's examples are drawn.
    #[serde(default)]
    pub sampling: Sampling,
    /// Which accountant turns noise into ε.
    #[serde(default)]
    pub accountant: Accountant,
    /// Directions that public data gives, along which heads are trained (default: in all of feature
    /// space, as it is). Noise then has as many dimensions as directions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directions: Option<A::Of<Directions>>,
    /// Leading ones that are kept (default 32, or all there are where they are fewer); none where
    /// `tuned` searches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<A::Of<usize>>,
    /// Whether to search for the best clipping norm, learning rate, epochs and sampling on public
    /// data, and among which.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "tuning::tuned"
    )]
    #[schemars(with = "tuning::Tuned<Tuning>")]
    pub tuned: Option<Tuning>,
    /// Learning rate in place of the recipe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Epochs in place of the recipe's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
}

impl DpSgd {
    /// Clipping norm of the paper on MNIST, for want of another.
    pub const CLIP: f64 = 4.0;
    /// Clipping norm of the paper on natural images.
    pub const CLIP_NATURAL: f64 = 1.2;
    /// Clipping norm of CryptoTL's fine-tuning.
    pub const CLIP_FINE_TUNING: f64 = 1.0;
    /// Most steps of one run.
    pub const STEPS: usize = 1_000_000_000;

    /// How strong it is.
    pub fn privacy(&self) -> Privacy {
        Privacy::of(self.epsilon, self.noise_multiplier)
    }
}

impl<A: Arity> Options for DpSgd<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Privacy::wrong::<A>(&self.epsilon, &self.noise_multiplier, wrong);
        if let Some(clip) = &self.clip {
            Tuning::CLIP.each("clip", A::values(clip), wrong);
        }
        if let Some(rank) = &self.rank {
            ReleaseTuning::RANK.each("rank", A::values(rank), wrong);
        }
        self.delta.wrong(wrong);
        if let Some(out) = self.sampling.impossible() {
            wrong(out);
        }
        if let Some(value) = self.learning_rate {
            Recipe::LEARNING_RATE.one("learning_rate", value, wrong);
        }
        if let Some(value) = self.epochs {
            Recipe::EPOCHS.one("epochs", value, wrong);
        }
    }
}

impl DpSgd<Many> {
    /// One for each strength, kind of directions, rank and clipping norm.
    pub fn expand(&self) -> Vec<DpSgd> {
        let one = |epsilon, noise_multiplier, directions, rank, clip| DpSgd {
            epsilon,
            noise_multiplier,
            delta: self.delta,
            clip,
            sampling: self.sampling,
            accountant: self.accountant,
            directions,
            rank,
            tuned: self.tuned.clone(),
            learning_rate: self.learning_rate,
            epochs: self.epochs,
        };
        let mut expanded = Vec::new();
        for epsilon in OneOrMany::listed(&self.epsilon) {
            for noise_multiplier in OneOrMany::listed(&self.noise_multiplier) {
                for directions in OneOrMany::listed(&self.directions) {
                    for rank in OneOrMany::listed(&self.rank) {
                        for clip in OneOrMany::listed(&self.clip) {
                            expanded.push(one(epsilon, noise_multiplier, directions, rank, clip));
                        }
                    }
                }
            }
        }
        expanded
    }
}

/// How strong the protection is: asked for as ε or as noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Privacy {
    /// ε; the noise is calibrated to it.
    Epsilon(f64),
    /// Standard deviation of the noise over the clipping norm; ε follows.
    NoiseMultiplier(f64),
}

impl Privacy {
    /// Bounds of `epsilon` and `noise_multiplier`.
    pub const STRENGTH: Real = Real::POSITIVE;

    /// As one of `epsilon` and `noise_multiplier` says.
    pub(crate) fn of(epsilon: Option<f64>, noise_multiplier: Option<f64>) -> Self {
        match epsilon {
            Some(epsilon) => Self::Epsilon(epsilon),
            // Without either there is no noise, of which no accountant knows an ε.
            None => Self::NoiseMultiplier(noise_multiplier.unwrap_or(0.0)),
        }
    }

    /// Hands what is out of its bounds to `wrong`.
    pub(crate) fn wrong<A: Arity>(
        epsilon: &Option<A::Of<f64>>,
        noise_multiplier: &Option<A::Of<f64>>,
        wrong: &mut dyn FnMut(OutOfBounds),
    ) {
        for (option, values) in [("epsilon", epsilon), ("noise_multiplier", noise_multiplier)] {
            if let Some(values) = values {
                Self::STRENGTH.each(option, A::values(values), &mut |out| {
                    wrong(out.hint("for no noise use the defence `none`"));
                });
            }
        }
    }
}

/// The δ of (ε, δ).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub enum Delta {
    /// N^-1.1 for a training set of N.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// A given value.
    #[serde(untagged)]
    Value(f64),
}

impl Delta {
    /// Whether δ may have this value.
    pub fn is_possible(delta: f64) -> bool {
        delta > 0.0 && delta < 1.0
    }

    /// Hands it to `wrong` where it is out of its bounds.
    pub(crate) fn wrong(self, wrong: &mut dyn FnMut(OutOfBounds)) {
        if let Self::Value(delta) = self
            && !Self::is_possible(delta)
        {
            let expected = "`auto` (N^-1.1) or a number above 0 and below 1";
            wrong(OutOfBounds::new("delta", delta, expected));
        }
    }

    /// δ for a training set of `n` examples.
    pub fn value(self, n: usize) -> f64 {
        match self {
            Self::Auto => (n as f64).powf(-1.1),
            Self::Value(delta) => delta,
        }
    }
}

words! {
    /// Turns noise into ε.
    #[derive(Default)]
    pub enum Accountant of "accountant" {
        /// By the privacy loss's distribution: tight on both sides. Exact where all batches are full.
        #[default]
        Prv = "prv",
        /// By Rényi divergences: fast; an upper bound only, often 10 to 30 % above the truth and
        /// more where few steps sample little.
        Rdp = "rdp",
    }
}

words! {
    /// What the adversary must not be able to tell apart.
    #[derive(Default)]
    pub enum Neighbour of "neighbour relation" {
        /// A training set with a record and without. The relation of Opacus and of most quoted ε.
        #[default]
        AddRemove = "add_remove",
        /// A training set with a record and with another in its place: sums may move by twice the
        /// clipping norm.
        ReplaceOne = "replace_one",
    }
}
