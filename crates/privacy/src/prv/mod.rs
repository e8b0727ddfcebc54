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
//! δ: rounding errors are then relative to δ, not to 1, and small δ cost little.
//!
//! What the arithmetic may have done is bounded, not hoped for: `cell` bounds the error of every
//! mass, `doubt` that of the transforms, of the powers and of what lies outside the window, and
//! `losses` turns their sum into a term of δ that the bounds give away. Where a tilt does not suit,
//! that term is large and another is tried; where none suits, the bounds are wide, or the answer is
//! an error. Outcomes left out as too rare stay below a millionth of δ, which is given away too.

mod cell;
mod compose;
mod doubt;
mod lattice;
mod losses;
mod parts;
mod plan;
mod window;

use crate::law::sides;
use crate::one_step::one_step_epsilons;
use crate::{Composition, Delta, Neighbour, NoiseMultiplier, Phase, PrivacyError};

pub(crate) use compose::compose;
pub(crate) use lattice::Lattice;
pub(crate) use losses::ComposedLoss;
pub(crate) use plan::{Effort, SidePlan};

/// Noise below this makes one step's loss too wide for a lattice.
pub(crate) const LEAST_NOISE: f64 = 0.02;

/// Noise above this is accounted for as this much: more noise never spends more.
const MOST_NOISE: f64 = 1e7;

/// Smaller δ would need steeper tilts than are tried.
const LEAST_DELTA: f64 = 1e-18;

/// More steps than this leave few digits to a step.
const MOST_STEPS: u64 = 100_000_000;

/// ε at δ from below and from above.
pub(crate) fn bounds(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
) -> Result<(f64, f64), PrivacyError> {
    found(composition, delta, neighbour, Effort::Full, true)
}

/// The upper bound alone, on this effort's lattice.
pub(crate) fn upper_bound(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
    effort: Effort,
) -> Result<f64, PrivacyError> {
    Ok(found(composition, delta, neighbour, effort, false)?.1)
}

fn found(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
    effort: Effort,
    both: bool,
) -> Result<(f64, f64), PrivacyError> {
    check(composition)?;
    if rarely_sampled(composition, delta) {
        return Ok((0.0, 0.0));
    }
    let (capped, noisy) = quieter(composition)?;
    let (lower, upper) = match capped.phases() {
        [phase] if phase.steps.get() == 1 => {
            one_step_epsilons(phase.mechanism, delta.get(), neighbour)
        }
        _ => {
            check_delta(delta)?;
            worst_side(&capped, delta, neighbour, effort, both)
        }
    };
    // The noise that was not counted may bring ε down to 0.
    let lower = if noisy { 0.0 } else { lower };
    Ok((f64::min(lower, upper), upper))
}

/// The worst of the relation's ordered pairs. A pair whose largest loss or whose coarse lattice
/// shows that it is not the worst needs no fine one.
fn worst_side(
    composition: &Composition,
    delta: Delta,
    neighbour: Neighbour,
    effort: Effort,
    both: bool,
) -> (f64, f64) {
    let (mut lower, mut upper) = (0.0, 0.0);
    for (number, &side) in sides(neighbour).iter().enumerate() {
        let bounds = |effort, both| SidePlan::epsilons(composition, side, delta, effort, both);
        let known = if both { lower } else { upper };
        let not_worse = SidePlan::most_loss(composition, side) <= known
            || number > 0 && bounds(Effort::Coarse, false).1 <= known;
        if not_worse {
            continue;
        }
        let (below, above) = bounds(effort, both);
        (lower, upper) = (worst(lower, below), worst(upper, above));
    }
    (lower, upper)
}

/// The larger of two, or the one that is no number.
fn worst(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// The same steps with no noise above [`MOST_NOISE`], and whether any was.
pub(crate) fn quieter(composition: &Composition) -> Result<(Composition, bool), PrivacyError> {
    let above = |p: &Phase| p.mechanism.noise_multiplier.get() > MOST_NOISE;
    if !composition.phases().iter().any(above) {
        return Ok((composition.clone(), false));
    }
    let most = NoiseMultiplier::new(MOST_NOISE)?;
    let phases = composition.phases().iter().map(|p| {
        let mut phase = *p;
        if above(p) {
            phase.mechanism.noise_multiplier = most;
        }
        phase
    });
    Ok((Composition::new(phases)?, true))
}

/// Whether the record is in any batch at all with probability δ at most: then ε is 0, whatever the
/// noise.
fn rarely_sampled(composition: &Composition, delta: Delta) -> bool {
    let ln_never: f64 = composition
        .phases()
        .iter()
        .map(|p| p.steps.get() as f64 * (-p.mechanism.sample_rate.get()).ln_1p())
        .sum();
    // With room for rounding: the first ε above 0 may be a large one.
    -ln_never.exp_m1() * (1.0 + 1e-13) <= delta.get()
}

fn check_delta(delta: Delta) -> Result<(), PrivacyError> {
    if delta.get() >= LEAST_DELTA {
        return Ok(());
    }
    Err(PrivacyError::Unsupported {
        accountant: "prv",
        reason: format!("delta {:e} is below {LEAST_DELTA:e}", delta.get()),
        hint: "use the rdp accountant, or a larger delta",
    })
}

/// An error where a lattice would not do.
pub(crate) fn check(composition: &Composition) -> Result<(), PrivacyError> {
    composition.check_noise()?;
    let steps: u64 = composition.phases().iter().map(|p| p.steps.get()).sum();
    if steps > MOST_STEPS {
        return Err(PrivacyError::Unsupported {
            accountant: "prv",
            reason: format!("{steps} steps are more than {MOST_STEPS}, where rounding adds up"),
            hint: "use the rdp accountant",
        });
    }
    let sampled = composition
        .phases()
        .iter()
        .filter(|p| p.mechanism.sample_rate.get() < 1.0)
        .map(|p| p.mechanism.noise_multiplier.get());
    // Checked values are numbers, so none is lost here.
    let least = sampled.fold(f64::INFINITY, f64::min);
    if least < LEAST_NOISE {
        return Err(PrivacyError::Unsupported {
            accountant: "prv",
            reason: format!(
                "noise multiplier {least} with sampling is below {LEAST_NOISE}, where a single step gives its records away"
            ),
            hint: "use the rdp accountant, or more noise",
        });
    }
    Ok(())
}
