//! One Gaussian release: a sum of clipped vectors, published once with noise.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::exact::{gaussian_epsilons, last_where};
use crate::law::sensitivity;
use crate::{
    Composition, Delta, Epsilon, Neighbour, NoiseMultiplier, PrivacyError, SampleRate,
    SampledGaussian, Steps, TradeOff,
};

/// One release of Σ xᵢ + N(0, σ²C²I), where every record's vector xᵢ has norm at most C.
///
/// A record that is added or removed moves the sum by at most C, one that is replaced by at most
/// 2C; where a record's vector is put in one of several blocks by its class, this holds for the
/// blocks together, whatever class it moves to. Along the difference of the two sums the release is
/// N(μ, 1) against N(0, 1) with μ = 1/σ or 2/σ, and across it both are the same noise: so its
/// trade-off function is that pair's (Dong, Roth, Su 2022, theorem 2.7) and ε(δ) is exact (Balle,
/// Wang 2018, theorem 8). There is no sampling, and no step to compose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussianRelease {
    /// σ, in units of the clipping norm C.
    pub noise_multiplier: NoiseMultiplier,
}

impl GaussianRelease {
    /// The release with noise multiplier σ.
    pub fn new(noise_multiplier: NoiseMultiplier) -> Self {
        Self { noise_multiplier }
    }

    /// The release that spends ε at δ under `neighbour`: the least σ, rounded up.
    ///
    /// # Errors
    /// [`PrivacyError::OutOfRange`] where ε is so small that no noise is large enough.
    pub fn calibrated(
        epsilon: Epsilon,
        delta: Delta,
        neighbour: Neighbour,
    ) -> Result<Self, PrivacyError> {
        let mu = gaussian_mu(epsilon, delta);
        let sigma = sensitivity(neighbour) / mu * (1.0 + 4.0 * f64::EPSILON);
        Ok(Self::new(NoiseMultiplier::new(sigma)?))
    }

    /// μ of the Gaussian pair under `neighbour`; ∞ without noise.
    pub fn mu(&self, neighbour: Neighbour) -> f64 {
        sensitivity(neighbour) / self.noise_multiplier.get()
    }

    /// The ε it spends at δ, exact but for rounding upwards; ∞ without noise.
    pub fn epsilon(&self, delta: Delta, neighbour: Neighbour) -> f64 {
        gaussian_epsilons(self.mu(neighbour), delta.get()).1
    }

    /// Its trade-off function.
    ///
    /// # Errors
    /// [`PrivacyError::NoNoise`] at σ = 0.
    pub fn trade_off(&self, neighbour: Neighbour) -> Result<TradeOff, PrivacyError> {
        TradeOff::new(&(*self).into(), neighbour)
    }

    /// Adds N(0, σ²C²) to every coordinate of `sum`, where `clip` is C.
    pub fn add_noise(&self, sum: &mut [f64], clip: f64, rng: &mut impl Rng) {
        SampledGaussian::from(*self).add_noise(sum, clip, rng);
    }
}

impl From<GaussianRelease> for SampledGaussian {
    /// A step on the full batch.
    fn from(release: GaussianRelease) -> Self {
        Self::new(release.noise_multiplier, SampleRate::FULL)
    }
}

impl From<GaussianRelease> for Composition {
    fn from(release: GaussianRelease) -> Self {
        Self::repeated(release.into(), Steps::ONE)
    }
}

/// The largest μ whose Gaussian pair N(μ, 1) against N(0, 1) is (ε, δ)-indistinguishable, rounded
/// down: noise of standard deviation sensitivity/μ is the least that spends ε at δ (the analytic
/// Gaussian mechanism, Balle and Wang 2018).
pub fn gaussian_mu(epsilon: Epsilon, delta: Delta) -> f64 {
    let within = |mu: f64| gaussian_epsilons(mu, delta.get()).1 <= epsilon.get();
    last_where(1.0, within).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Accountant;

    #[test]
    fn calibration_inverts_epsilon_and_is_what_the_accountant_says() -> Result<(), PrivacyError> {
        for (epsilon, delta) in [(0.1, 1e-9), (1.0, 1e-5), (10.0, 0.0794), (300.0, 1e-3)] {
            let delta = Delta::new(delta)?;
            for neighbour in [Neighbour::AddRemove, Neighbour::ReplaceOne] {
                let release =
                    GaussianRelease::calibrated(Epsilon::new(epsilon)?, delta, neighbour)?;
                let spent = release.epsilon(delta, neighbour);
                assert!(
                    spent <= epsilon && spent > epsilon * (1.0 - 1e-9),
                    "{spent}"
                );
                let run = Composition::from(release);
                let accounted = run.epsilon(delta, Accountant::Prv, neighbour)?;
                assert_eq!(accounted.upper, spent);
            }
        }
        Ok(())
    }

    #[test]
    fn the_analytic_mechanism_beats_the_textbook_one() -> Result<(), PrivacyError> {
        // Dwork and Roth 2014, theorem A.1: σ = √(2 ln(1.25/δ))/ε for ε ≤ 1.
        let (epsilon, delta) = (1.0, 1e-5f64);
        let textbook = (2.0 * (1.25 / delta).ln()).sqrt() / epsilon;
        let analytic = GaussianRelease::calibrated(
            Epsilon::new(epsilon)?,
            Delta::new(delta)?,
            Neighbour::AddRemove,
        )?;
        let sigma = analytic.noise_multiplier.get();
        // mpmath, 50 digits: the σ at which δ(1) is 1e-5.
        assert!((sigma - 3.730_631_634_816).abs() < 1e-9, "{sigma}");
        assert!(sigma < textbook);
        Ok(())
    }
}
