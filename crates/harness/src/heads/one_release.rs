//! Private heads of one release in a cell: noise from ε or ε from noise, and what it spends.

use privacy::{Delta, Epsilon, GaussianRelease, Neighbour, NoiseMultiplier};
use spec::{OneRelease, Privacy, ReleaseMethod};
use transfer::one_release::{self, Method};
use transfer::{Recipe, Subspace};

use super::private::Spending;
use crate::error::HarnessError;

/// The noise of a release on `n` examples, and its δ.
///
/// # Errors
/// If its privacy has no answer.
pub fn noise(options: &OneRelease, n: usize) -> Result<(GaussianRelease, Delta), HarnessError> {
    let delta = Delta::new(options.delta.value(n))?;
    let release = match options.privacy() {
        Privacy::NoiseMultiplier(noise) => GaussianRelease::new(NoiseMultiplier::new(noise)?),
        Privacy::Epsilon(epsilon) => {
            GaussianRelease::calibrated(Epsilon::new(epsilon)?, delta, Neighbour::AddRemove)?
        }
    };
    Ok((release, delta))
}

/// The recipe of heads on `n` examples by `method` in `rank` directions, and what one spends.
///
/// # Errors
/// If its privacy has no answer.
pub fn defend(
    options: &OneRelease,
    n: usize,
    method: Method,
    rank: usize,
) -> Result<(Recipe, Spending), HarnessError> {
    let (release, delta) = noise(options, n)?;
    let spending = Spending {
        epsilon: release.epsilon(delta, Neighbour::AddRemove),
        epsilon_replace_one: release.epsilon(delta, Neighbour::ReplaceOne),
        delta: delta.get(),
        noise_multiplier: release.noise_multiplier.get(),
        clip: match method {
            Method::LeastSquares { clip, .. } => clip,
            // Unit vectors, or the bound on how far a minimum moves.
            Method::Prototypes { .. } | Method::OutputPerturbation { .. } => 1.0,
        },
        sample_rate: 1.0,
        steps: 1,
        learning_rate: None,
    };
    Ok((recipe(method, release, rank), spending))
}

/// The recipe of heads by `method` in `rank` directions.
pub fn recipe(method: Method, release: GaussianRelease, rank: usize) -> Recipe {
    let of = one_release::OneRelease { method, release };
    Recipe::one_release(Subspace { rank, of })
}

/// The method with its options as they are given.
pub fn method(options: &OneRelease) -> Method {
    match options.method {
        ReleaseMethod::Prototypes => Method::Prototypes { whitened: false },
        ReleaseMethod::WhitenedPrototypes => Method::Prototypes { whitened: true },
        ReleaseMethod::LeastSquares => Method::LeastSquares {
            clip: options.clip.unwrap_or(OneRelease::CLIP),
            ridge: options.ridge.unwrap_or(OneRelease::DEFAULT_RIDGE),
        },
        ReleaseMethod::OutputPerturbation => Method::OutputPerturbation {
            regularisation: options.regularisation.unwrap_or(OneRelease::REGULARISATION),
        },
    }
}
