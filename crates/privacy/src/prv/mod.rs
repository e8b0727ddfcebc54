//! The privacy-loss accountant: the law of the whole run's loss, composed by FFT.
//!
//! The loss L = ln P(x)/Q(x), x ∼ P, of T steps is a sum of T independent losses (the privacy
//! random variables of Gopi, Lee, Wutschitz 2021), and δ(ε) = E[(1 − e^(ε−L))₊]. Each step's loss
//! is put on a lattice in two ways that are themselves pairs of distributions, so that composing
//! them bounds the truth for every T with no term for the rounding to add up in:
//!
//! - above, every outcome is split between its two lattice neighbours so that P and Q keep their
//!   masses ("connect the dots", Doroshenko et al. 2022): the truth is a post-processing of it;
//! - below, outcomes around each lattice point are merged until their joint loss is that point:
//!   a post-processing of the truth.
//!
//! Both are off by the square of the lattice's step, the first twice as far as the second, which
//! gives the estimate. Before the FFT the law is tilted by e^(θL) towards the losses that decide
//! δ: rounding errors are then relative to δ, not to 1, and small δ cost nothing.
//!
//! Outcomes left out as too rare, the FFT's wrap-around and rounding together stay below a millionth
//! of δ, which the bounds give away on both sides.

mod compose;
mod lattice;
mod plan;

use rayon::prelude::*;

use crate::law::Side;
use crate::{Composition, Delta, Neighbour, PrivacyError};

pub(crate) use compose::{ComposedLoss, compose};
pub(crate) use lattice::{Lattice, Rounding};
pub(crate) use plan::{Effort, SidePlan};

/// The share of δ kept back for tails, wrap-around and rounding.
const SLACK: f64 = 1e-6;

/// Noise below this makes one step's loss too wide for a lattice.
pub(crate) const LEAST_NOISE: f64 = 0.02;

/// More steps than this raise the FFT's rounding above what [`SLACK`] gives away.
const MOST_STEPS: u64 = 100_000_000;

/// Lower bound, estimate and upper bound of ε.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub lower: f64,
    pub estimate: f64,
    pub upper: f64,
}

/// ε at δ from both sides.
pub(crate) fn bounds(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
) -> Result<Bounds, PrivacyError> {
    check(composition, delta)?;
    if rarely_sampled(composition, delta) {
        return Ok(Bounds {
            lower: 0.0,
            estimate: 0.0,
            upper: 0.0,
        });
    }
    let sides = neighbour
        .sides()
        .par_iter()
        .map(|&side| {
            SidePlan::epsilons(
                composition,
                side,
                delta,
                Effort::Full,
                [
                    (Lattice::merged, 1.0 + SLACK),
                    (Lattice::spread, 1.0 - SLACK),
                ],
            )
        })
        .collect::<Vec<_>>();
    let lower = sides.iter().map(|s| s[0]).fold(0.0, f64::max);
    let upper = sides.iter().map(|s| s[1]).fold(lower, f64::max);
    Ok(Bounds {
        lower,
        estimate: (2.0 * lower + upper) / 3.0,
        upper,
    })
}

/// The upper bound alone.
pub(crate) fn upper_bound(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
    effort: Effort,
) -> Result<f64, PrivacyError> {
    check(composition, delta)?;
    if rarely_sampled(composition, delta) {
        return Ok(0.0);
    }
    let worst = neighbour.sides().par_iter().map(|&side: &Side| {
        let rounding = [(Lattice::spread as Rounding, 1.0 - SLACK)];
        SidePlan::epsilons(composition, side, delta, effort, rounding)[0]
    });
    Ok(worst.reduce(|| 0.0, f64::max))
}

/// Whether the record is in any batch at all with probability δ at most: then ε is 0, whatever the
/// noise.
fn rarely_sampled(composition: &Composition, delta: Delta) -> bool {
    let ln_never: f64 = composition
        .phases()
        .iter()
        .map(|p| p.steps.get() as f64 * (-p.mechanism.sample_rate.get()).ln_1p())
        .sum();
    -ln_never.exp_m1() <= delta.get()
}

/// An error where a lattice would not do.
fn check(composition: &Composition, delta: Delta) -> Result<(), PrivacyError> {
    check_noise(composition)?;
    if delta.get() < 1e-18 {
        return Err(PrivacyError::Unsupported {
            accountant: "prv",
            reason: format!("delta {} is below 1e-18", delta.get()),
            hint: "use the rdp accountant, or a larger delta",
        });
    }
    Ok(())
}

/// An error where a step's noise is too small for a lattice.
pub(crate) fn check_noise(composition: &Composition) -> Result<(), PrivacyError> {
    composition.check_noise()?;
    let steps: u64 = composition.phases().iter().map(|p| p.steps.get()).sum();
    if steps > MOST_STEPS {
        return Err(PrivacyError::Unsupported {
            accountant: "prv",
            reason: format!("{steps} steps are more than {MOST_STEPS}, where rounding adds up"),
            hint: "use the rdp accountant",
        });
    }
    let noise = composition
        .phases()
        .iter()
        .filter(|p| p.mechanism.sample_rate.get() < 1.0)
        .map(|p| p.mechanism.noise_multiplier.get())
        .fold(f64::INFINITY, f64::min);
    if noise < LEAST_NOISE {
        return Err(PrivacyError::Unsupported {
            accountant: "prv",
            reason: format!(
                "noise multiplier {noise} with sampling is below {LEAST_NOISE}, where a single step gives its records away"
            ),
            hint: "use the rdp accountant, or more noise",
        });
    }
    Ok(())
}
