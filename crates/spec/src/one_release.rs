//! Options of private heads that are made from one Gaussian release.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One, OneOrMany};
use crate::bounds::{Bounds, Options, OutOfBounds, Real};
use crate::directions::Directions;
use crate::dp_sgd::{Delta, Privacy};
use crate::tuning::{self, ReleaseTuning};
use crate::word::words;

/// A private head made from one Gaussian release: give `epsilon` or `noise_multiplier`. Features are
/// first brought into few directions that public data gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "")]
#[schemars(rename = "OneRelease", bound = "")]
pub struct OneRelease<A: Arity = One> {
    /// What is released.
    #[serde(default = "defaults::method::<A>")]
    pub method: A::Of<ReleaseMethod>,
    /// ε under adding or removing an example; the noise is calibrated to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<A::Of<f64>>,
    /// Standard deviation of the noise, in units of how far an example that is added or removed
    /// moves what is released; ε follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_multiplier: Option<A::Of<f64>>,
    /// δ, or `auto` for N^-1.1.
    #[serde(default)]
    pub delta: Delta,
    /// Which directions, and so whose labels of public images take part.
    #[serde(default = "defaults::directions::<A>")]
    pub directions: A::Of<Directions>,
    /// Leading directions that are kept: noise grows with their root (default 32, or all there are
    /// where they are fewer); none where `tuned` searches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<A::Of<usize>>,
    /// Whether to search for the best rank, and for the method's own options, on public data, and
    /// among which.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "tuning::tuned"
    )]
    #[schemars(with = "tuning::Tuned<ReleaseTuning>")]
    pub tuned: Option<ReleaseTuning>,
    /// Clipping norm of least squares, in units of the public features' root mean square norm
    /// (default 1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// What least squares adds to the second moments, in units of their mean (default 0.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ridge: Option<f64>,
    /// λ of output perturbation's logistic regression (default 0.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regularisation: Option<f64>,
}

words! {
    /// What a private head of one release is made from.
    #[derive(Default)]
    pub enum ReleaseMethod of "method" {
        /// Class sums of unit vectors; a class is told by the cosine with its sum.
        #[default]
        Prototypes = "prototypes",
        /// The same after division by the public standard deviation of each coordinate.
        WhitenedPrototypes = "whitened_prototypes",
        /// Class sums of clipped vectors, by the inverse of the public second moments (Mehta et al.
        /// 2023).
        LeastSquares = "least_squares",
        /// The weights of the converged regularised logistic regression (Chaudhuri et al. 2011).
        OutputPerturbation = "output_perturbation",
    }
}

mod defaults {
    use super::{Arity, Directions, ReleaseMethod};

    pub fn method<A: Arity>() -> A::Of<ReleaseMethod> {
        A::one(ReleaseMethod::default())
    }
    pub fn directions<A: Arity>() -> A::Of<Directions> {
        A::one(Directions::default())
    }
}

impl OneRelease {
    /// The most that `rank` is where it is left out.
    pub const DEFAULT_RANK: usize = 32;
    /// `clip` where it is left out.
    pub const CLIP: f64 = 1.0;
    /// `ridge` where it is left out.
    pub const DEFAULT_RIDGE: f64 = 0.1;
    /// `regularisation` where it is left out.
    pub const REGULARISATION: f64 = 0.1;
    /// Bounds of `ridge`.
    pub const RIDGE: Real = Real::NOT_NEGATIVE;

    /// How strong it is.
    pub fn privacy(&self) -> Privacy {
        Privacy::of(self.epsilon, self.noise_multiplier)
    }
}

impl<A: Arity> Options for OneRelease<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        Privacy::wrong::<A>(&self.epsilon, &self.noise_multiplier, wrong);
        self.delta.wrong(wrong);
        if let Some(rank) = &self.rank {
            ReleaseTuning::RANK.each("rank", A::values(rank), wrong);
        }
        for (option, value, bounds) in [
            ("clip", self.clip, ReleaseTuning::POSITIVE),
            ("ridge", self.ridge, OneRelease::RIDGE),
            (
                "regularisation",
                self.regularisation,
                ReleaseTuning::POSITIVE,
            ),
        ] {
            if let Some(value) = value {
                bounds.one(option, value, wrong);
            }
        }
    }
}

impl OneRelease<Many> {
    /// Options that are given and that no listed method uses, each with the method that does.
    pub fn unused(&self) -> impl Iterator<Item = (&'static str, ReleaseMethod)> {
        self.idle([
            ("clip", self.clip.is_some()),
            ("ridge", self.ridge.is_some()),
            ("regularisation", self.regularisation.is_some()),
        ])
    }

    /// The same of what `tuned` searches.
    pub fn searched_unused(&self) -> impl Iterator<Item = (&'static str, ReleaseMethod)> {
        let given = self.tuned.as_ref().map(ReleaseTuning::given);
        given.into_iter().flat_map(|given| self.idle(given))
    }

    fn idle(
        &self,
        given: [(&'static str, bool); 3],
    ) -> impl Iterator<Item = (&'static str, ReleaseMethod)> {
        let given = given.into_iter().filter(|(_, given)| *given);
        let with_method = given.map(|(option, _)| match option {
            "regularisation" => (option, ReleaseMethod::OutputPerturbation),
            _ => (option, ReleaseMethod::LeastSquares),
        });
        with_method.filter(|(_, of)| !self.method.values.contains(of))
    }

    /// One for each method, strength, kind of directions and rank, each with the options that its method
    /// uses.
    pub fn expand(&self) -> Vec<OneRelease> {
        let mut expanded = Vec::new();
        for &method in &self.method.values {
            let regularises = method == ReleaseMethod::OutputPerturbation;
            let fits = method == ReleaseMethod::LeastSquares;
            let tuned = self.tuned.as_ref().map(|it| searched(it, method));
            for epsilon in OneOrMany::listed(&self.epsilon) {
                for noise_multiplier in OneOrMany::listed(&self.noise_multiplier) {
                    for &directions in &self.directions.values {
                        for rank in OneOrMany::listed(&self.rank) {
                            expanded.push(OneRelease {
                                method,
                                epsilon,
                                noise_multiplier,
                                delta: self.delta,
                                directions,
                                rank,
                                tuned: tuned.clone(),
                                clip: self.clip.filter(|_| fits),
                                ridge: self.ridge.filter(|_| fits),
                                regularisation: self.regularisation.filter(|_| regularises),
                            });
                        }
                    }
                }
            }
        }
        expanded
    }
}

/// What is searched for heads by `method`: of options that it has not nothing is said.
fn searched(said: &ReleaseTuning, method: ReleaseMethod) -> ReleaseTuning {
    let (said, own) = (said.clone(), ReleaseTuning::default());
    match method {
        ReleaseMethod::LeastSquares => ReleaseTuning {
            regularisation: own.regularisation,
            ..said
        },
        ReleaseMethod::OutputPerturbation => ReleaseTuning {
            rank: said.rank,
            regularisation: said.regularisation,
            ..own
        },
        ReleaseMethod::Prototypes | ReleaseMethod::WhitenedPrototypes => ReleaseTuning {
            rank: said.rank,
            ..own
        },
    }
}
