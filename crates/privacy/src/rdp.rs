//! The Rényi accountant.
//!
//! One step's RDP at order α is ln(A_α)/(α−1) with A_α = E_{z∼N(0,σ²)}[(1 − q + q·e^((2z−1)/2σ²))^α]
//! (Mironov, Talwar, Zhang 2019, section 3.3); steps add. Conversion to (ε, δ) by Balle et al.
//! 2020, theorem 21 (Canonne, Kamath, Steinke 2020, proposition 12):
//! ε = RDP(α) − (ln δ + ln α)/(α−1) + ln((α−1)/α), least over the orders.

use rayon::prelude::*;

use crate::law::{Law, Side, sensitivity};
use crate::moments::{LogSum, ln_moment};
use crate::normal::{ln_add, ln_sub};
use crate::{Composition, Delta, Neighbour, PrivacyError, SampleRate, SampledGaussian};

/// Rényi orders α > 1 to take the least ε over.
#[derive(Debug, Clone, PartialEq)]
pub struct Orders(Vec<f64>);

impl Orders {
    /// The orders of Opacus: 1.1, 1.2, … 10.9, then 12, 13, … 63.
    pub fn opacus() -> Self {
        let tenths = (1..100).map(|i| 1.0 + f64::from(i) / 10.0);
        Self(tenths.chain((12..64).map(f64::from)).collect())
    }

    /// Opacus' orders, orders down to 1 + 1e-6 for little privacy, and whole orders up to 65 536
    /// for much of it: never a larger ε than Opacus' own.
    pub fn wide() -> Self {
        let mut orders: Vec<f64> = (-36..-6)
            .map(|i| 1.0 + 10f64.powf(f64::from(i) / 6.0))
            .collect();
        orders.extend(Self::opacus().0);
        orders.push(11.0);
        orders.extend((25..=64).map(|i| 2f64.powf(f64::from(i) / 4.0).round()));
        orders.sort_by(f64::total_cmp);
        Self(orders)
    }

    /// Orders of one's own.
    ///
    /// # Errors
    /// An order that is not finite and above 1, or no order at all.
    pub fn new(orders: Vec<f64>) -> Result<Self, PrivacyError> {
        if orders.is_empty() {
            return Err(PrivacyError::Empty {
                what: "list of Rényi orders",
                hint: "use Orders::opacus() or Orders::wide()",
            });
        }
        if let Some(&value) = orders.iter().find(|a| !(a.is_finite() && **a > 1.0)) {
            return Err(PrivacyError::OutOfRange {
                what: "Rényi order",
                value,
                expected: "a finite number above 1",
                hint: "order 1 is a limit that the conversion cannot use",
            });
        }
        Ok(Self(orders))
    }

    /// The orders.
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

/// Rényi divergences of a composition, by order.
#[derive(Debug, Clone, PartialEq)]
pub struct RdpCurve {
    /// (α, RDP at α).
    points: Vec<(f64, f64)>,
}

impl RdpCurve {
    /// The curve of `composition`.
    ///
    /// # Errors
    /// [`PrivacyError::NoNoise`] where a step adds none.
    pub fn new(
        composition: &Composition,
        neighbour: Neighbour,
        orders: &Orders,
    ) -> Result<Self, PrivacyError> {
        composition.check_noise()?;
        let at = |alpha: f64| -> f64 {
            composition
                .phases()
                .iter()
                .map(|p| p.steps.get() as f64 * one_step(p.mechanism, alpha, neighbour))
                .sum()
        };
        Ok(Self {
            points: orders.0.par_iter().map(|&a| (a, at(a))).collect(),
        })
    }

    /// The points (α, RDP at α), in the order given.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The least ε at δ, and the order that gives it. Never below 0.
    pub fn epsilon(&self, delta: Delta) -> (f64, f64) {
        let ln_delta = delta.get().ln();
        self.points
            .iter()
            .map(|&(a, rdp)| {
                let epsilon = rdp - (ln_delta + a.ln()) / (a - 1.0) + ((a - 1.0) / a).ln();
                // An order of which nothing is known claims nothing.
                let epsilon = if epsilon.is_nan() {
                    f64::INFINITY
                } else {
                    epsilon.max(0.0)
                };
                (epsilon, a)
            })
            .min_by(|x, y| x.0.total_cmp(&y.0))
            .unwrap_or((f64::INFINITY, f64::NAN))
    }
}

/// One step's RDP at order α > 1.
///
/// # Errors
/// [`PrivacyError::NoNoise`] at σ = 0; [`PrivacyError::OutOfRange`] for an order not above 1.
pub fn rdp_one_step(
    mechanism: SampledGaussian,
    order: f64,
    neighbour: Neighbour,
) -> Result<f64, PrivacyError> {
    let orders = Orders::new(vec![order])?;
    if mechanism.noise_multiplier.get() == 0.0 {
        return Err(PrivacyError::NoNoise);
    }
    Ok(one_step(mechanism, orders.0[0], neighbour))
}

/// Less noise than this is accounted for as if every batch were full, which spends more.
const LEAST_SIGMA: f64 = 1e-100;

/// More noise than this is accounted for as this much: it never spends more, and a hundred times
/// it would be no number.
const MOST_SIGMA: f64 = 1e100;

/// Past this many quadrature nodes an order is not worth its time; it is left out (+∞).
const MOST_NODES: f64 = 2e5;

fn one_step(mechanism: SampledGaussian, alpha: f64, neighbour: Neighbour) -> f64 {
    let sigma = mechanism.noise_multiplier.get().min(MOST_SIGMA);
    let rate = mechanism.sample_rate.get();
    if rate == 1.0 {
        return alpha * (sensitivity(neighbour) / sigma).powi(2) / 2.0;
    }
    if sigma < LEAST_SIGMA {
        // σ² is about to vanish: without sampling the moments are larger, and known.
        return one_step(
            SampledGaussian {
                sample_rate: SampleRate::FULL,
                ..mechanism
            },
            alpha,
            neighbour,
        );
    }
    let (side, reach) = match neighbour {
        // The order that removes is the worse one at every α (Mironov et al., theorem 5).
        Neighbour::AddRemove => (Side::Remove, alpha),
        Neighbour::ReplaceOne => (Side::Replace, 2.0 * alpha),
    };
    let ln_a = if side == Side::Remove && alpha.fract() == 0.0 {
        ln_moment_whole(rate, sigma, alpha)
    } else if reach + 24.0 * sigma > MOST_NODES * 0.25 * sigma.min(sigma * sigma) {
        return f64::INFINITY;
    } else {
        ln_moment(&Law { sigma, rate, side }, alpha - 1.0)
    };
    let rdp = ln_a / (alpha - 1.0);
    if rdp.is_nan() { f64::INFINITY } else { rdp }
}

/// ln A_α for whole α: A_α − 1 = Σ_{i≥2} C(α,i) (1−q)^(α−i) qⁱ (e^((i²−i)/2σ²) − 1), a sum of
/// positive terms, so that it is accurate relative to itself however small it is.
fn ln_moment_whole(rate: f64, sigma: f64, alpha: f64) -> f64 {
    let (ln_rate, ln_rest) = (rate.ln(), (-rate).ln_1p());
    let mut ln_choose = alpha.ln();
    let mut sum = LogSum::default();
    for i in 2..=alpha as u64 {
        let i = i as f64;
        ln_choose += ((alpha - i + 1.0) / i).ln();
        let exponent = (i * i - i) / (2.0 * sigma * sigma);
        let ln_expm1 = if exponent > 1.0 {
            ln_sub(exponent, 0.0)
        } else {
            exponent.exp_m1().ln()
        };
        sum.add(ln_choose + i * ln_rate + (alpha - i) * ln_rest + ln_expm1);
    }
    ln_add(0.0, sum.ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoiseMultiplier, SampleRate};

    #[test]
    fn quadrature_equals_the_sum_at_whole_orders() {
        for (sigma, rate) in [
            (0.2, 0.01),
            (0.5, 0.9),
            (1.0, 1e-4),
            (3.0, 0.3),
            (100.0, 1e-4),
        ] {
            for alpha in [2.0, 3.0, 7.0, 30.0] {
                let law = Law {
                    sigma,
                    rate,
                    side: Side::Remove,
                };
                let (sum, integral) = (
                    ln_moment_whole(rate, sigma, alpha),
                    ln_moment(&law, alpha - 1.0),
                );
                assert!(
                    (sum - integral).abs() < 1e-8 * sum,
                    "σ {sigma}, q {rate}, α {alpha}: {sum} against {integral}"
                );
            }
        }
    }

    #[test]
    fn replacing_full_batches_doubles_the_sensitivity() -> Result<(), PrivacyError> {
        let step = SampledGaussian::new(NoiseMultiplier::new(2.0)?, SampleRate::FULL);
        let single = rdp_one_step(step, 3.0, Neighbour::AddRemove)?;
        let double = rdp_one_step(step, 3.0, Neighbour::ReplaceOne)?;
        assert_eq!(double, 4.0 * single);
        // The mixture approaches it as q approaches 1.
        let nearly = SampledGaussian::new(step.noise_multiplier, SampleRate::new(1.0 - 1e-9)?);
        let limit = rdp_one_step(nearly, 3.0, Neighbour::ReplaceOne)?;
        assert!((limit - double).abs() < 1e-6 * double);
        Ok(())
    }
}
