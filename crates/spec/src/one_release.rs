//! Options of private heads that are made from one Gaussian release.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::arity::{Arity, Many, One, OneOrMany};
use crate::bounds::{Bounds, Options, OutOfBounds, Real, Whole};
use crate::dp_sgd::{Delta, DpSgd, Privacy};
use crate::word::words;

/// A private head made from one Gaussian release: give `epsilon` or `noise_multiplier`. Features are
/// first brought into the leading directions of the public features.
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
    /// Leading directions of the public features that are kept: noise grows with their root.
    #[serde(default = "defaults::rank::<A>")]
    pub rank: A::Of<usize>,
    /// Clipping norm of least squares, in units of the public features' root mean square norm.
    #[serde(default = "defaults::clip")]
    pub clip: f64,
    /// What least squares adds to the second moments, in units of their mean.
    #[serde(default = "defaults::ridge")]
    pub ridge: f64,
    /// λ of output perturbation's logistic regression.
    #[serde(default = "defaults::regularisation")]
    pub regularisation: f64,
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
    use super::{Arity, ReleaseMethod};

    pub fn method<A: Arity>() -> A::Of<ReleaseMethod> {
        A::one(ReleaseMethod::default())
    }
    pub fn rank<A: Arity>() -> A::Of<usize> {
        A::one(32)
    }
    pub fn clip() -> f64 {
        1.0
    }
    pub fn ridge() -> f64 {
        0.1
    }
    pub fn regularisation() -> f64 {
        0.1
    }
}

impl OneRelease {
    /// Bounds of `rank`.
    pub const RANK: Whole = Whole::new(1, 65_536);
    /// Bounds of `clip` and `regularisation`.
    pub const POSITIVE: Real = Real::POSITIVE;
    /// Bounds of `ridge`.
    pub const RIDGE: Real = Real::NOT_NEGATIVE;

    /// How strong it is.
    pub fn privacy(&self) -> Privacy {
        match (self.epsilon, self.noise_multiplier) {
            (Some(epsilon), _) => Privacy::Epsilon(epsilon),
            (None, noise) => Privacy::NoiseMultiplier(noise.unwrap_or(0.0)),
        }
    }
}

impl<A: Arity> Options for OneRelease<A> {
    fn each_wrong(&self, wrong: &mut dyn FnMut(OutOfBounds)) {
        for (option, values) in [
            ("epsilon", &self.epsilon),
            ("noise_multiplier", &self.noise_multiplier),
        ] {
            if let Some(values) = values {
                DpSgd::STRENGTH.each(option, A::values(values), &mut |out| {
                    wrong(out.hint("for no noise use the defence `none`"));
                });
            }
        }
        self.delta.wrong(wrong);
        OneRelease::RANK.each("rank", A::values(&self.rank), wrong);
        OneRelease::POSITIVE.one("clip", self.clip, wrong);
        OneRelease::RIDGE.one("ridge", self.ridge, wrong);
        OneRelease::POSITIVE.one("regularisation", self.regularisation, wrong);
    }
}

impl OneRelease<Many> {
    /// One for each method, strength and rank.
    pub fn expand(&self) -> Vec<OneRelease> {
        let mut expanded = Vec::new();
        for &method in &self.method.values {
            for epsilon in OneOrMany::listed(&self.epsilon) {
                for noise_multiplier in OneOrMany::listed(&self.noise_multiplier) {
                    for &rank in &self.rank.values {
                        expanded.push(OneRelease {
                            method,
                            epsilon,
                            noise_multiplier,
                            delta: self.delta,
                            rank,
                            clip: self.clip,
                            ridge: self.ridge,
                            regularisation: self.regularisation,
                        });
                    }
                }
            }
        }
        expanded
    }
}
