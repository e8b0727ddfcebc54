//! The methods, by name.

use datasets::FeatureSet;
use privacy::GaussianRelease;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::logistic::Logistic;
use super::space::PublicSpace;
use super::sums::noisy;
use super::vectors::{clipped, unit};
use crate::shape::setting;
use crate::{Head, TransferError};

/// How a head is made from one release.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Nearest class sum by cosine.
    Prototypes {
        /// Whether coordinates are divided by their public standard deviation first.
        whitened: bool,
    },
    /// Least squares with public second moments.
    LeastSquares {
        /// The clipping norm, in units of the public features' root mean square norm.
        clip: f64,
        /// What is added to the second moments, in units of their mean.
        ridge: f64,
    },
    /// Converged logistic regression on unit vectors with a constant, with noise on its weights.
    OutputPerturbation {
        /// λ of (1/n)·Σ cross-entropy + (λ/2)·‖W‖².
        regularisation: f64,
    },
}

/// A method with its noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OneRelease {
    /// How the head is made.
    pub method: Method,
    /// The noise, and what it spends.
    pub release: GaussianRelease,
}

impl OneRelease {
    /// The head made of the examples `members` of `features`, in the coordinates of `space`.
    ///
    /// The number of examples is taken to be public, as it is for sets balanced by class.
    ///
    /// # Errors
    /// [`TransferError::Setting`] for settings out of range, [`TransferError::Width`] for features
    /// of another width, [`TransferError::Members`] for examples that do not exist or none,
    /// [`TransferError::NotConverged`] where the regression does not converge.
    pub fn train(
        &self,
        space: &PublicSpace,
        features: &FeatureSet,
        members: &[usize],
        rng: &mut ChaCha8Rng,
    ) -> Result<Head, TransferError> {
        space.check(features)?;
        check_members(features, members)?;
        match self.method {
            Method::Prototypes { whitened } => {
                self.prototypes(space, features, members, whitened, rng)
            }
            Method::LeastSquares { clip, ridge } => {
                self.least_squares(space, features, members, clip, ridge, rng)
            }
            Method::OutputPerturbation { regularisation } => {
                let rows = members.iter().map(|&member| features.row(member));
                let coordinates = space.coordinates_of(rows);
                let examples = coordinates.chunks_exact(space.rank());
                let examples: Vec<Vec<f64>> = examples
                    .map(|vector| with_constant(unit(vector.to_vec())))
                    .collect();
                let labels: Vec<usize> = members
                    .iter()
                    .map(|&member| features.labels()[member] as usize)
                    .collect();
                let logistic =
                    Logistic::fit(&examples, &labels, features.classes(), regularisation)?;
                let mut weights = logistic.weights;
                self.release.add_noise(&mut weights, logistic.unit, rng);
                Self::affine(space, &weights)
            }
        }
    }

    fn prototypes(
        &self,
        space: &PublicSpace,
        features: &FeatureSet,
        members: &[usize],
        whitened: bool,
        rng: &mut ChaCha8Rng,
    ) -> Result<Head, TransferError> {
        let scale = space.scale(whitened);
        let scaled = |mut vector: Vec<f64>| {
            for (value, scale) in vector.iter_mut().zip(&scale) {
                *value *= scale;
            }
            vector
        };
        let sums = noisy(
            space,
            features,
            members,
            1.0,
            |vector| unit(scaled(vector)),
            self.release,
            rng,
        );
        // The cosine with x is u·Sx/|Sx|, and its denominator is the same for every class.
        let weights: Vec<f64> = sums
            .chunks_exact(space.rank())
            .flat_map(|sum| scaled(unit(sum.to_vec())))
            .collect();
        space.head(&weights, &vec![0.0; features.classes()])
    }

    fn least_squares(
        &self,
        space: &PublicSpace,
        features: &FeatureSet,
        members: &[usize],
        clip: f64,
        ridge: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Head, TransferError> {
        for (name, value) in [("clip", clip), ("ridge", ridge)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(setting(name, value, "a finite number above 0"));
            }
        }
        let clip = clip * space.usual_norm();
        let sums = noisy(
            space,
            features,
            members,
            clip,
            |vector| clipped(vector, clip),
            self.release,
            rng,
        );
        let moments = space.moments(members.len(), ridge);
        let weights: Vec<f64> = sums
            .chunks_exact(space.rank())
            .flat_map(|sum| sum.iter().zip(&moments).map(|(s, m)| s / m))
            .collect();
        space.head(&weights, &vec![0.0; features.classes()])
    }

    /// The head of weights (K × (r+1)) on unit vectors with a constant.
    ///
    /// Its logits on x/‖x‖ are those on x up to a factor but for the constant, which is therefore
    /// left to decide only as it does for features of the public data's usual norm.
    fn affine(space: &PublicSpace, weights: &[f64]) -> Result<Head, TransferError> {
        let r = space.rank();
        let usual = space.usual_norm();
        let (mut slopes, mut biases) = (Vec::new(), Vec::new());
        for row in weights.chunks_exact(r + 1) {
            slopes.extend(row[..r].iter().map(|w| w / usual));
            biases.push(row[r]);
        }
        space.head(&slopes, &biases)
    }
}

/// (x, 1)/√2, whose norm is at most 1 where that of x is.
pub(super) fn with_constant(mut vector: Vec<f64>) -> Vec<f64> {
    vector.push(1.0);
    for value in &mut vector {
        *value *= std::f64::consts::FRAC_1_SQRT_2;
    }
    vector
}

fn check_members(features: &FeatureSet, members: &[usize]) -> Result<(), TransferError> {
    let reason = if members.is_empty() {
        "it is empty"
    } else if members.iter().any(|&member| member >= features.len()) {
        "an example does not exist"
    } else {
        return Ok(());
    };
    Err(TransferError::Members {
        count: members.len(),
        reason: reason.into(),
    })
}
